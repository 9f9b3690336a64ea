"""Norms, activations, convolution and rotary embedding of flash-linear-attention 0.6.0."""

from fla.modules.activations.ops import (
    logsigmoid_fwd_kernel,
    swiglu_fwd_kernel,
    swiglu_fwdbwd_kernel,
)
from fla.modules.causal_conv1d.ops import (
    causal_conv1d_bwd_kernel,
    causal_conv1d_fwd_kernel,
    causal_conv1d_update_kernel,
)
from fla.modules.fused_cross_entropy.ops import cross_entropy_bwd_kernel, cross_entropy_fwd_kernel
from fla.modules.fused_kl_div.ops import kl_div_kernel
from fla.modules.norm.fused_norm_gate import layer_norm_gated_fwd_kernel
from fla.modules.norm.l2norm import l2norm_bwd_kernel, l2norm_fwd_kernel
from fla.modules.norm.layernorm import layer_norm_fwd_kernel
from fla.modules.norm.layernorm_quant import layer_norm_quant_fwd_kernel
from fla.modules.rotary.ops import rotary_embedding_kernel
from fla.modules.token_shift import token_shift_fwd_kernel_short
from triton import cdiv, next_power_of_2

from codegen.export import export

from .declaring import derived, each, typed
from .fla_packing import PACKED, chunks

export(
    "others.fla.layer_norm_gated_fwd",
    types=typed(
        "*fp16 | *bf16: x g y w",
        "*fp16 | *bf16 | None: residual",
        "*fp16 | *bf16 | None with residual: residual_out",
        "*fp32: rstd",
        "fp32: eps",
        "i32: T",
    ),
    constexprs={
        "D": 128,
        "BD": 128,
        "NB": 1,
        "ACTIVATION": "swish",
        "IS_RMS_NORM": True,
        **each(None, "b mean"),
    },
    shapes={"x": ("T", "D"), "g": ("T", "D"), "y": ("T", "D"), "residual": ("T", "D")},
    grid=lambda T, BT: (cdiv(T, BT),),
    configs=[{"BT": 16, "num_warps": 4}],
)(layer_norm_gated_fwd_kernel)

export(
    "others.fla.l2norm_fwd",
    types=typed("*fp16 | *bf16: x y", "*fp32: rstd", "fp32: eps", "i32: T"),
    constexprs={"D": 64, "BD": 64, "NB": 1},
    shapes={"x": ("T", "D"), "y": ("T", "D"), "rstd": ("T",)},
    grid=lambda T, BT: (cdiv(T, BT),),
    configs=[{"BT": 8, "num_warps": 4}, {"BT": 64, "num_warps": 8}],
)(l2norm_fwd_kernel)

export(
    "others.fla.l2norm_bwd",
    types=typed("*fp16 | *bf16: y dy dx", "*fp32: rstd", "fp32: eps", "i32: T"),
    constexprs={"D": 64, "BD": 64, "NB": 1},
    shapes={"y": ("T", "D"), "dy": ("T", "D"), "dx": ("T", "D"), "rstd": ("T",)},
    grid=lambda T, BT: (cdiv(T, BT),),
    configs=[{"BT": 8, "num_warps": 4}],
)(l2norm_bwd_kernel)

export(
    "others.fla.rotary_embedding",
    types=typed("*bf16: x cos sin y", *PACKED, "i32: seq_offsets T"),
    constexprs={
        "B": [1, 2],
        "H": 4,
        "D": 64,
        "R": 32,
        "TR": 128,
        "BT": 128,
        "IS_SEQLEN_OFFSETS_TENSOR": False,
        "INTERLEAVED": False,
        "CONJUGATE": False,
    },
    grid=lambda T, BT, chunk_indices, B, H: (chunks(T, BT, chunk_indices), B, H),
    configs=[{"num_warps": 4, "num_stages": 2}],
)(
    derived(
        rotary_embedding_kernel,
        BD=lambda args: next_power_of_2(2 * args["R"]),
        IS_VARLEN=lambda args: args["cu_seqlens"] is not None,
    )
)

export(
    "others.fla.causal_conv1d_fwd",
    types=typed(
        "*fp16 | *bf16: x y weight",
        *PACKED,
        "i32: B T",
        "i32:16: stride_x_n stride_x_t",
        "i32:1: stride_x_d",
    ),
    constexprs={
        "D": 512,
        "W": 4,
        "BT": 64,
        "BW": 4,
        "ACTIVATION": "swish",
        **each(None, "bias residual initial_state"),
    },
    grid=lambda B, T, D, BT, BD, chunk_indices: (cdiv(D, BD), chunks(T, BT, chunk_indices), B),
    configs=[{"BD": 32, "num_warps": 4}],
)(causal_conv1d_fwd_kernel)

export(
    "others.fla.causal_conv1d_bwd",
    types=typed(
        "*bf16: x y weight dy dx",
        "*fp32: dw",
        *PACKED,
        "i32: B T",
        "i32:16: stride_x_n stride_x_t stride_dx_n stride_dx_t stride_dy_n stride_dy_t",
        "i32:1: stride_x_d stride_dx_d stride_dy_d",
    ),
    constexprs={
        "D": 512,
        "W": 4,
        "BT": 64,
        "BW": 4,
        "ACTIVATION": "swish",
        **each(None, "initial_state dht db"),
    },
    grid=lambda B, T, D, BT, BD, chunk_indices: (cdiv(D, BD), chunks(T, BT, chunk_indices), B),
    configs=[{"BD": 32, "num_warps": 4}],
)(causal_conv1d_bwd_kernel)

export(
    "others.fla.swiglu_fwd",
    types=typed(
        "*fp16 | *bf16: x y z",
        "i32:16: stride_x_row stride_y_row stride_z_row",
        "i32: T",
    ),
    constexprs={"D": 1024},
    grid=lambda T, B: (cdiv(T, B),),
    configs=[{"B": 1024, "num_warps": 4}],
)(swiglu_fwd_kernel)

export(
    "others.fla.swiglu_fwdbwd",
    types=typed(
        "*fp16 | *bf16: x y g dx dy",
        "*fp16 | *bf16 | None: z",
        "i32:16: stride_x_row stride_y_row stride_g_row stride_dx_row stride_dy_row stride_z_row",
        "i32: T",
    ),
    constexprs={"D": 1024},
    grid=lambda T, B: (cdiv(T, B),),
    configs=[{"B": 1024, "num_warps": 4}],
)(swiglu_fwdbwd_kernel)

export(
    "others.fla.logsigmoid_fwd",
    types=typed(
        "*fp16 | *bf16: x y",
        "i32:16: stride_x_row stride_y_row",
        "fp32: temperature",
        "i32: T",
    ),
    constexprs={"D": 1024},
    grid=lambda T, B: (cdiv(T, B),),
    configs=[{"B": 1024, "num_warps": 4}],
)(logsigmoid_fwd_kernel)

export(
    "others.fla.token_shift_fwd_short",
    types=typed(
        "*bf16: x y",
        "*bf16 | None: cache",
        "*bf16 | None with cache: cache_out",
        "i32: T",
    ),
    constexprs={"D": 512, **each(None, "cu_seqlens")},
    grid=lambda x, T: (x.shape[0], T),
    configs=[{"num_warps": 4, "num_stages": 1}],
)(
    derived(
        token_shift_fwd_kernel_short,
        BD=lambda args: next_power_of_2(args["D"]),
        STORE_FINAL_STATE=lambda args: args["cache_out"] is not None,
        IS_DECODE=lambda args: args["T"] == 1,
    )
)

export(
    "others.fla.layer_norm_fwd",
    types=typed(
        "*fp16 | *bf16: x y w",
        "*fp16 | *bf16 | None: b",
        "*fp32: mean rstd",
        "fp32: eps",
        "i32: T",
    ),
    constexprs={
        "G": 8,
        "D": 128,
        "BD": 128,
        "NB": 1,
        "IS_RMS_NORM": False,
        **each(None, "res res_out"),
    },
    shapes={"x": ("T", "D"), "y": ("T", "D"), "w": ("G", "D"), "b": ("G", "D")},
    grid=lambda T, BT: (cdiv(T, BT),),
    configs=[{"BT": 32, "num_warps": 4}],
)(
    derived(
        layer_norm_fwd_kernel,
        HAS_RESIDUAL=lambda args: args["res"] is not None,
        STORE_RESIDUAL_OUT=lambda args: args["res_out"] is not None,
        HAS_WEIGHT=lambda args: args["w"] is not None,
        HAS_BIAS=lambda args: args["b"] is not None,
    )
)

export(
    "others.fla.layer_norm_quant_fwd",
    types=typed(
        "*fp16 | *bf16: x y",
        "*fp16 | *bf16 | None: w",
        "*fp32: mean rstd",
        "fp32: eps",
    ),
    constexprs={"D": 1024, "IS_RMS_NORM": False, **each(None, "b res res_out")},
    grid=lambda x: (x.shape[0],),
    configs=[{"num_warps": 4}],
)(
    derived(
        layer_norm_quant_fwd_kernel,
        BD=lambda args: next_power_of_2(args["D"]),
        HAS_RESIDUAL=lambda args: args["res"] is not None,
        STORE_RESIDUAL_OUT=lambda args: args["res_out"] is not None,
        HAS_WEIGHT=lambda args: args["w"] is not None,
        HAS_BIAS=lambda args: args["b"] is not None,
    )
)

export(
    "others.fla.cross_entropy_fwd",
    types=typed(
        "*fp16 | *bf16: logits",
        "*i64: target",
        "*fp32: loss z_loss lse",
        "i32:16: s_logits",
        "i32: N",
    ),
    constexprs={
        "label_smoothing": 0.0,
        "logit_scale": 1.0,
        "lse_square_scale": 0.0,
        "logit_softcapping": None,
        "ignore_index": -100,
        "V": [32000, 128256],
        "V_START": 0,
    },
    grid=lambda N, V, BV: (N, cdiv(V, BV)),
)(
    derived(
        cross_entropy_fwd_kernel,
        V_TOTAL=lambda args: args["V"],
        BV=lambda args: min(next_power_of_2(args["V"]), 64 * 1024),
        SPLIT=lambda args: cdiv(args["V"], args["BV"]) > 1,
        num_warps=lambda args: 4 if args["BV"] < 2048 else 8 if args["BV"] < 8192 else 16,
    )
)

export(
    "others.fla.cross_entropy_bwd",
    types=typed(
        "*fp16 | *bf16: logits dlogits",
        "*i64: target",
        "*fp32: lse dloss",
        "i32:16: s_logits s_dlogits",
        "i32: s_dloss",
    ),
    constexprs={
        "label_smoothing": 0.0,
        "logit_scale": 1.0,
        "lse_square_scale": 0.0,
        "logit_softcapping": None,
        "ignore_index": -100,
        "V": [1024, 32000],
        "V_START": 0,
    },
    grid=lambda logits, V, BV: (logits.shape[0], cdiv(V, BV)),
)(
    derived(
        cross_entropy_bwd_kernel,
        V_TOTAL=lambda args: args["V"],
        BV=lambda args: min(next_power_of_2(args["V"]), 4 * 1024),
        num_warps=lambda args: 4 if args["BV"] < 2048 else 8,
    )
)

export(
    "others.fla.kl_div",
    types=typed(
        "*fp16 | *bf16: logits target_logits",
        "*fp32: loss",
        "i32:16: s_logits",
        "i32:1: s_loss",
    ),
    constexprs={"reduction": ["batchmean", "sum"], "N": 64, "V": 32000},
    grid=lambda logits: (logits.shape[0],),
    num_warps=32,
)(
    derived(
        kl_div_kernel,
        BV=lambda args: min(32 * 1024, next_power_of_2(args["V"])),
    )
)

export(
    "others.fla.causal_conv1d_update",
    types=typed(
        "*bf16: x y weight",
        "*bf16 | None: cache",
        "i32:16: stride_x_n stride_y_n",
        "i32:1: stride_x_d stride_y_d",
    ),
    constexprs={
        "D": 512,
        "W": 4,
        "BW": 4,
        "ACTIVATION": ["silu", "none"],
        **each(None, "residual bias"),
    },
    grid=lambda x, D, BD: (cdiv(D, BD) * (x.numel() // D),),
    configs=[{"BD": 8, "num_warps": 4}],
)(causal_conv1d_update_kernel)
