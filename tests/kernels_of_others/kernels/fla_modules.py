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
from triton import cdiv

from codegen.export import export

from .declaring import each, jit, typed

export(
    "others.fla.layer_norm_gated_fwd",
    types=typed(
        "*bf16: x g y w",
        "*fp32: rstd",
        "fp32: eps",
        "i32: T",
    ),
    constexprs={
        "D": 128,
        "BT": 16,
        "BD": 128,
        "NB": 1,
        "ACTIVATION": "swish",
        "IS_RMS_NORM": True,
        "STORE_RESIDUAL_OUT": False,
        "HAS_RESIDUAL": False,
        "HAS_WEIGHT": True,
        "HAS_BIAS": False,
        **each(None, "b residual residual_out mean"),
    },
    grid=lambda T, BT: (cdiv(T, BT),),
)(jit(layer_norm_gated_fwd_kernel))

export(
    "others.fla.l2norm_fwd",
    types=typed(
        "*bf16: x y",
        "*fp32: rstd",
        "fp32: eps",
        "i32: T",
    ),
    constexprs={"D": 64, "BD": 64, "NB": 1, "BT": 8},
    grid=lambda T, BT: (cdiv(T, BT),),
)(jit(l2norm_fwd_kernel))

export(
    "others.fla.l2norm_bwd",
    types=typed(
        "*bf16: y dy dx",
        "*fp32: rstd",
        "fp32: eps",
        "i32: T",
    ),
    constexprs={"D": 64, "BD": 64, "NB": 1, "BT": 8},
    grid=lambda T, BT: (cdiv(T, BT),),
)(jit(l2norm_bwd_kernel))

export(
    "others.fla.rotary_embedding",
    types=typed(
        "*bf16: x cos sin y",
        "i32: seq_offsets T",
    ),
    constexprs={
        "B": 2,
        "H": 4,
        "D": 64,
        "R": 32,
        "TR": 128,
        "BT": 128,
        "BD": 64,
        "IS_SEQLEN_OFFSETS_TENSOR": False,
        "IS_VARLEN": False,
        "INTERLEAVED": False,
        "CONJUGATE": False,
        **each(None, "cu_seqlens chunk_indices"),
    },
    grid="explicit",
    num_stages=2,
)(jit(rotary_embedding_kernel))

export(
    "others.fla.causal_conv1d_fwd",
    types=typed(
        "*bf16: x y weight",
        "i32: B T",
        "i32:16: stride_x_n stride_x_t",
    ),
    constexprs={
        "D": 512,
        "W": 4,
        "BT": 64,
        "BW": 4,
        "BD": 16,
        "ACTIVATION": "swish",
        "HAS_WEIGHT": True,
        "HAS_BIAS": False,
        "HAS_RESIDUAL": False,
        "USE_INITIAL_STATE": False,
        "IS_VARLEN": False,
        **each(None, "bias residual cu_seqlens initial_state chunk_indices"),
        **each(1, "stride_x_d"),
    },
    grid="explicit",
)(jit(causal_conv1d_fwd_kernel))

export(
    "others.fla.causal_conv1d_bwd",
    types=typed(
        "*bf16: x y weight dy dx",
        "*fp32: dw",
        "i32: B T stride_dy_n stride_dy_t stride_dy_d",
        "i32:16: stride_x_n stride_x_t stride_dx_n stride_dx_t",
    ),
    constexprs={
        "D": 512,
        "W": 4,
        "BT": 64,
        "BW": 4,
        "BD": 16,
        "ACTIVATION": "swish",
        "HAS_WEIGHT": True,
        "HAS_BIAS": False,
        "USE_INITIAL_STATE": False,
        "USE_FINAL_STATE": False,
        "IS_VARLEN": False,
        **each(None, "initial_state dht db cu_seqlens chunk_indices"),
        **each(1, "stride_x_d stride_dx_d"),
    },
    grid="explicit",
)(jit(causal_conv1d_bwd_kernel))

export(
    "others.fla.swiglu_fwd",
    types=typed(
        "*bf16: x y z",
        "i32:16: stride_x_row stride_y_row stride_z_row",
        "i32: T",
    ),
    constexprs={"D": 1024, "B": 512},
    grid=lambda T, B: (cdiv(T, B),),
)(jit(swiglu_fwd_kernel))

export(
    "others.fla.swiglu_fwdbwd",
    types=typed(
        "*bf16: x y g dx dy",
        "i32:16: stride_x_row stride_y_row stride_g_row stride_dx_row stride_dy_row",
        "i32: stride_z_row T",
    ),
    constexprs={"D": 1024, "B": 512, "HAS_WEIGHT": False, **each(None, "z")},
    grid=lambda T, B: (cdiv(T, B),),
)(jit(swiglu_fwdbwd_kernel))

export(
    "others.fla.logsigmoid_fwd",
    types=typed(
        "*bf16: x y",
        "i32:16: stride_x_row stride_y_row",
        "fp32: temperature",
        "i32: T",
    ),
    constexprs={"D": 1024, "B": 512},
    grid=lambda T, B: (cdiv(T, B),),
)(jit(logsigmoid_fwd_kernel))

export(
    "others.fla.token_shift_fwd_short",
    types=typed(
        "*bf16: x y",
        "i32: T",
    ),
    constexprs={
        "D": 512,
        "BD": 512,
        "IS_VARLEN": False,
        "USE_INITIAL_STATE": False,
        "STORE_FINAL_STATE": False,
        "IS_DECODE": False,
        **each(None, "cu_seqlens cache cache_out"),
    },
    grid="explicit",
    num_stages=1,
)(jit(token_shift_fwd_kernel_short))

export(
    "others.fla.layer_norm_fwd",
    types=typed(
        "*bf16: x y w",
        "*fp32: mean rstd",
        "fp32: eps",
        "i32: T",
    ),
    constexprs={
        "G": 8,
        "D": 128,
        "BT": 32,
        "BD": 128,
        "NB": 1,
        "IS_RMS_NORM": False,
        "HAS_RESIDUAL": False,
        "STORE_RESIDUAL_OUT": False,
        "HAS_WEIGHT": True,
        "HAS_BIAS": False,
        **each(None, "b res res_out"),
    },
    grid=lambda T, BT: (cdiv(T, BT),),
)(jit(layer_norm_fwd_kernel))

export(
    "others.fla.layer_norm_quant_fwd",
    types=typed(
        "*bf16: x y",
        "*fp32: mean rstd",
        "fp32: eps",
    ),
    constexprs={
        "D": 1024,
        "BD": 1024,
        "IS_RMS_NORM": False,
        "HAS_RESIDUAL": False,
        "STORE_RESIDUAL_OUT": False,
        "HAS_WEIGHT": False,
        "HAS_BIAS": False,
        **each(None, "w b res res_out"),
    },
    grid="explicit",
)(jit(layer_norm_quant_fwd_kernel))

export(
    "others.fla.cross_entropy_fwd",
    types=typed(
        "*bf16: logits",
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
        "V": 32000,
        "V_TOTAL": 32000,
        "V_START": 0,
        "BV": 32768,
        "SPLIT": False,
    },
    grid="explicit",
    num_warps=16,
)(jit(cross_entropy_fwd_kernel))

export(
    "others.fla.cross_entropy_bwd",
    types=typed(
        "*bf16: logits dlogits",
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
        "V": 32000,
        "V_TOTAL": 32000,
        "V_START": 0,
        "BV": 4096,
    },
    grid="explicit",
    num_warps=8,
)(jit(cross_entropy_bwd_kernel))

export(
    "others.fla.kl_div",
    types=typed(
        "*bf16: logits target_logits",
        "*fp32: loss",
        "i32:16: s_logits",
    ),
    constexprs={"reduction": "batchmean", "N": 64, "V": 32000, "BV": 32768, **each(1, "s_loss")},
    grid="explicit",
    num_warps=32,
)(jit(kl_div_kernel))

export(
    "others.fla.causal_conv1d_update",
    types=typed(
        "*bf16: x cache y weight",
        "i32:16: stride_x_n stride_y_n",
    ),
    constexprs={
        "D": 512,
        "W": 4,
        "BD": 8,
        "BW": 4,
        "ACTIVATION": "silu",
        "USE_INITIAL_STATE": True,
        "HAS_WEIGHT": True,
        "HAS_BIAS": False,
        "HAS_RESIDUAL": False,
        **each(None, "residual bias"),
        **each(1, "stride_x_d stride_y_d"),
    },
    grid="explicit",
)(jit(causal_conv1d_update_kernel))
