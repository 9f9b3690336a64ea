"""States and outputs by chunks, shared by the linear attentions of flash-linear-attention 0.6.0."""

from fla.ops.common.chunk_delta_h import (
    chunk_gated_delta_rule_bwd_kernel_dhu_blockdim64,
    chunk_gated_delta_rule_fwd_kernel_h_blockdim64,
)
from fla.ops.common.chunk_h import chunk_fwd_kernel_h
from fla.ops.common.chunk_o import chunk_bwd_kernel_dqkwg, chunk_fwd_kernel_o
from fla.ops.common.chunk_scaled_dot_kkt import chunk_scaled_dot_kkt_fwd_kernel
from fla.ops.common.fused_recurrent import fused_recurrent_fwd_kernel
from triton import cdiv, next_power_of_2

from codegen.export import export

from .declaring import derived, each, typed
from .fla_packing import PACKED, STATES, chunks, sequences

export(
    "others.fla.chunk_gated_delta_rule_fwd_h_blockdim64",
    types=typed("*bf16: k v w v_new h", "*fp32: g ht", "*fp32 | None: h0", *STATES, "i32: T"),
    constexprs={
        **{"H": 4, "HV": 4, "K": 64, "V": 128, "BT": 64, "STATE_V_FIRST": False},
        **each(None, "gk"),
    },
    grid=lambda k, cu_seqlens, V, BV, HV: (cdiv(V, BV) * sequences(k, cu_seqlens) * HV,),
    configs=[{"BV": 32, "num_warps": 2, "num_stages": 2}],
)(chunk_gated_delta_rule_fwd_kernel_h_blockdim64)

export(
    "others.fla.chunk_fwd_o",
    types=typed("*bf16: q k v h o", "*fp32 | None: g", *PACKED, "fp32: scale", "i32: T"),
    constexprs={
        **{"H": 4, "HV": 4, "K": 64, "V": 128, "BT": 64, "STATE_V_FIRST": False},
        **each(None, "g_gamma"),
    },
    grid=lambda q, T, HV, V, BT, BV, chunk_indices: (
        cdiv(V, BV) * chunks(T, BT, chunk_indices),
        q.shape[0] * HV,
    ),
    configs=[{"BK": 64, "BV": 64, "num_warps": 4}],
)(chunk_fwd_kernel_o)

# The keys of the autotuner have what heuristics above it compute (USE_G), and no BV.
export(
    "others.fla.chunk_gated_delta_rule_bwd_dhu_blockdim64",
    types=typed(
        "*bf16: q k w do dh dv dv2",
        "*fp32 | None: g",
        "*fp32: dht",
        "fp32: scale",
        "i32: T",
    ),
    constexprs={
        **{"H": 4, "HV": 4, "K": 64, "V": 128, "BT": 64, "STATE_V_FIRST": False},
        **each(None, "gk dh0 cu_seqlens chunk_offsets"),
    },
    grid=lambda q, V, BV, HV: (cdiv(V, BV) * q.shape[0] * HV,),
    configs=[{"BV": 32, "num_warps": 4, "num_stages": 2}],
    tuned={(4, 4, 64, 128, 64, True, False): {"BV": 32, "num_warps": 2, "num_stages": 2}},
)(chunk_gated_delta_rule_bwd_kernel_dhu_blockdim64)

export(
    "others.fla.chunk_bwd_dqkwg",
    types=typed(
        "*bf16: q k v h do dh dq dk dw dv",
        "*fp32: g dg",
        *PACKED,
        "fp32: scale",
        "i32: T",
    ),
    constexprs={
        **{"B": 1, "H": 4, "HV": 4, "K": 64, "V": 128, "BT": 64, "STATE_V_FIRST": False},
        **each(None, "g_gamma"),
    },
    grid=lambda T, B, HV, K, BT, BK, chunk_indices: (
        cdiv(K, BK) * chunks(T, BT, chunk_indices),
        B * HV,
    ),
    configs=[{"num_warps": 4, "num_stages": 2}],
)(
    derived(
        chunk_bwd_kernel_dqkwg,
        BK=lambda args: min(max(next_power_of_2(args["K"]), 16), 128),
        BV=lambda args: min(max(next_power_of_2(args["V"]), 16), 128),
    )
)

export(
    "others.fla.chunk_scaled_dot_kkt_fwd",
    types=typed("*bf16: k beta", "*fp32: A", *PACKED, "i32: T"),
    constexprs={"H": 4, "HV": 4, "K": 64, "BT": 64, **each(None, "g")},
    grid=lambda k, T, HV, BT, chunk_indices: (chunks(T, BT, chunk_indices), k.shape[0] * HV),
    configs=[{"BK": 64, "num_warps": 4, "num_stages": 3}],
    tuned={(4, 4, 64, 64, True): {"BK": 32, "num_warps": 4, "num_stages": 2}},
)(chunk_scaled_dot_kkt_fwd_kernel)

export(
    "others.fla.chunk_fwd_h",
    types=typed(
        "*bf16: k v h",
        "*fp32 | None: gk",
        "*i64 | None: cu_seqlens",
        "*i64 | None with cu_seqlens: split_offsets",
        "i32: T",
    ),
    constexprs={
        **{"H": 4, "K": 64, "V": 128, "BT": 64, "BS": 64, "STATE_V_FIRST": False},
        **each(None, "g g_gamma gv h0 ht"),
    },
    grid=lambda k, cu_seqlens, K, V, BK, BV, H: (
        cdiv(K, BK) * cdiv(V, BV) * sequences(k, cu_seqlens) * H,
    ),
    configs=[{"BK": 32, "BV": 32, "num_warps": 4, "num_stages": 2}],
)(
    derived(
        chunk_fwd_kernel_h,
        USE_G=lambda args: args["g"] is not None,
        USE_G_GAMMA=lambda args: args["g_gamma"] is not None,
        USE_GK=lambda args: args["gk"] is not None,
        USE_GV=lambda args: args["gv"] is not None,
    )
)

export(
    "others.fla.fused_recurrent_fwd",
    types=typed("*bf16: q k v", "*fp32 | None: gk", "*fp32: o", "fp32: scale", "i32: B T"),
    constexprs={
        **{"H": 4, "K": 64, "V": 128, "BK": 64, "BV": 64, "REVERSE": False},
        **each(None, "g g_gamma gv h0 ht cu_seqlens"),
    },
    grid=lambda B, H, K, V, BK, BV: (cdiv(V, BV) * cdiv(K, BK) * B * H,),
    configs=[{"num_warps": 4}],
    tuned={(64, 64, False, False, True, False, False): {"num_warps": 8}},
)(
    derived(
        fused_recurrent_fwd_kernel,
        USE_G=lambda args: args["g"] is not None,
        USE_G_GAMMA=lambda args: args["g_gamma"] is not None,
        USE_GK=lambda args: args["gk"] is not None,
        USE_GV=lambda args: args["gv"] is not None,
    )
)
