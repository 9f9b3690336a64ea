"""Linear attentions and attention of flash-linear-attention 0.6.0."""

from fla.ops.attn.parallel import (
    parallel_attn_bwd_kernel_dkv,
    parallel_attn_bwd_kernel_dq,
    parallel_attn_bwd_kernel_preprocess,
    parallel_attn_fwd_kernel,
)
from fla.ops.comba.wy_fast import chunk_scaled_dot_comba_pkt_fwd_kernel
from fla.ops.gla.chunk import (
    chunk_gla_bwd_kernel_intra,
    chunk_gla_fwd_A_kernel_intra_sub_inter,
    chunk_gla_fwd_A_kernel_intra_sub_intra,
    chunk_gla_fwd_kernel_o,
)
from fla.ops.nsa.parallel import parallel_nsa_bwd_kernel_dq, parallel_nsa_fwd_kernel
from fla.ops.simple_gla.parallel import parallel_simple_gla_fwd_kernel
from triton import cdiv, next_power_of_2

from codegen.export import export

from .declaring import derived, each, typed
from .fla_packing import PACKED, chunks

export(
    "others.fla.chunk_gla_fwd_A_intra_sub_inter",
    types=typed("*fp16 | *bf16: q k", "*fp32: g A", *PACKED, "fp32: scale", "i32: T"),
    constexprs={"H": 4, "K": 64, "BT": 64, "BC": 16},
    grid=lambda k, T, H, BT, NC, chunk_indices: (
        chunks(T, BT, chunk_indices),
        NC * NC,
        k.shape[0] * H,
    ),
    configs=[{"BK": 32, "num_warps": 4, "num_stages": 2}],
)(
    derived(
        chunk_gla_fwd_A_kernel_intra_sub_inter,
        NC=lambda args: cdiv(args["BT"], args["BC"]),
    )
)

export(
    "others.fla.chunk_gla_fwd_A_intra_sub_intra",
    types=typed("*bf16: q k", "*fp32: g A", *PACKED, "fp32: scale", "i32: T"),
    constexprs={"H": 4, "K": 64, "BT": 64, "BC": 16},
    grid=lambda k, T, H, BT, BC, chunk_indices: (
        chunks(T, BT, chunk_indices),
        cdiv(BT, BC),
        k.shape[0] * H,
    ),
    configs=[{"num_warps": 4, "num_stages": 2}, {"num_warps": 1, "num_stages": 3}],
)(
    derived(
        chunk_gla_fwd_A_kernel_intra_sub_intra,
        BK=lambda args: max(next_power_of_2(args["K"]), 16),
    )
)

export(
    "others.fla.chunk_gla_fwd_o",
    types=typed("*bf16: q v h o", "*fp32: g A", *PACKED, "fp32: scale", "i32: T"),
    constexprs={"H": 4, "HV": 4, "K": 64, "V": 128, "BT": 64, "STATE_V_FIRST": False},
    grid=lambda META: (
        cdiv(META["V"], META["BV"]) * chunks(META["T"], META["BT"], META["chunk_indices"]),
        META["q"].shape[0] * META["HV"],
    ),
    configs=[{"BK": 32, "BV": 64, "num_warps": 4, "num_stages": 2}],
)(chunk_gla_fwd_kernel_o)

export(
    "others.fla.chunk_gla_bwd_intra",
    types=typed("*bf16: q k", "*fp32: g dA dq dk", *PACKED, "i32: T"),
    constexprs={"H": 4, "K": 64, "BT": 64, "BC": 16},
    grid=lambda q, T, H, K, BT, BK, NC, chunk_indices: (
        cdiv(K, BK) * NC * chunks(T, BT, chunk_indices),
        q.shape[0] * H,
    ),
    configs=[{"num_warps": 4, "num_stages": 2}],
)(
    derived(
        chunk_gla_bwd_kernel_intra,
        BK=lambda args: min(64, next_power_of_2(args["K"])),
        NC=lambda args: cdiv(args["BT"], args["BC"]),
    )
)

export(
    "others.fla.parallel_simple_gla_fwd",
    types=typed("*bf16: q k v o", "*fp32 | None: g", *PACKED, "fp32: scale", "i32: T"),
    constexprs={"B": 1, "H": 4, "K": 64, "V": 128, "BT": 128, "BS": 32, **each(None, "attn")},
    grid=lambda T, B, H, K, BT, BK, NV, chunk_indices: (
        cdiv(K, BK) * NV * chunks(T, BT, chunk_indices),
        B * H,
    ),
    configs=[{"num_warps": 4, "num_stages": 2}],
)(
    derived(
        parallel_simple_gla_fwd_kernel,
        BK=lambda args: min(128, next_power_of_2(args["K"])),
        BV=lambda args: min(128, next_power_of_2(args["V"])),
    )
)

# BS is of a call's T; the other tiles, and num_warps, are those of an A100.
export(
    "others.fla.parallel_attn_fwd",
    types=typed("*bf16: q k v o", "*fp32: lse", *PACKED, "fp32: scale", "i32: T"),
    constexprs={
        **{"B": 1, "H": 4, "HQ": 8, "K": 64, "V": 128, "BT": 128, "BS": [16, 32]},
        **each(None, "W g_cumsum sink_bias"),
    },
    grid=lambda T, B, HQ, V, BT, BV, chunk_indices: (
        cdiv(V, BV) * chunks(T, BT, chunk_indices),
        B * HQ,
    ),
)(
    derived(
        parallel_attn_fwd_kernel,
        G=lambda args: args["HQ"] // args["H"],
        BS=lambda args: min(32, max(16, next_power_of_2(args["T"]))),
        BK=lambda args: min(256, max(16, next_power_of_2(args["K"]))),
        BV=lambda args: min(128, max(16, next_power_of_2(args["V"]))),
    )
)

export(
    "others.fla.parallel_attn_bwd_preprocess",
    types=typed("*fp16 | *bf16: o do", "*fp32: delta"),
    constexprs={"V": [64, 128]},
    grid=lambda delta: (delta.numel(),),
)(
    derived(
        parallel_attn_bwd_kernel_preprocess,
        B=lambda args: next_power_of_2(args["V"]),
    )
)


def of_attention(kernel):
    """The tiles that the wrapper of the backward pass takes on an A100."""
    return derived(
        kernel,
        G=lambda args: args["HQ"] // args["H"],
        BT=lambda args: 128 if args["K"] <= 64 else 64,
        BK=lambda args: max(next_power_of_2(args["K"]), 16),
        BV=lambda args: max(next_power_of_2(args["V"]), 16),
    )


export(
    "others.fla.parallel_attn_bwd_dq",
    types=typed("*bf16: q k v do dq", "*fp32: lse delta", *PACKED, "fp32: scale", "i32: T"),
    constexprs={
        **{"B": 1, "H": 4, "HQ": 4, "K": 64, "V": 128, "BS": 32},
        **each(None, "W dg_cumsum g_cumsum"),
    },
    grid=lambda T, B, HQ, V, BT, BV, chunk_indices: (
        cdiv(V, BV) * chunks(T, BT, chunk_indices),
        B * HQ,
    ),
)(of_attention(parallel_attn_bwd_kernel_dq))

export(
    "others.fla.parallel_attn_bwd_dkv",
    types=typed("*bf16: q k v do dk dv", "*fp32: lse delta", *PACKED, "fp32: scale", "i32: T"),
    constexprs={
        **{"B": 1, "H": 4, "HQ": 4, "K": 64, "V": 128, "BS": 32},
        **each(None, "W g_cumsum dg_cumsum"),
    },
    grid=lambda T, B, HQ, V, BT, BV, chunk_indices: (
        cdiv(V, BV) * chunks(T, BT, chunk_indices),
        B * HQ,
    ),
)(of_attention(parallel_attn_bwd_kernel_dkv))

# block_counts is an int here, and a tensor below: the kernels' heuristics tell them apart.
export(
    "others.fla.parallel_nsa_fwd",
    types=typed(
        "*bf16: q k v o",
        "*fp32: lse",
        "fp32: scale",
        "*i64: block_indices",
        "i32: block_counts TQ TK",
        "*i64 | None: cu_seqlens_q",
        "*i64 | None with cu_seqlens_q: cu_seqlens_k token_indices_q",
    ),
    constexprs={"H": 2, "HQ": 32, "K": 64, "V": 64, "S": 4, "BS": 32},
    grid=lambda k, TQ, H, V, BV: (TQ, cdiv(V, BV), k.shape[0] * H),
    configs=[{"num_warps": 4, "num_stages": 1}],
)(
    derived(
        parallel_nsa_fwd_kernel,
        G=lambda args: args["HQ"] // args["H"],
        BK=lambda args: min(128, next_power_of_2(args["K"])),
        BV=lambda args: min(128, next_power_of_2(args["V"])),
    )
)

export(
    "others.fla.parallel_nsa_bwd_dq",
    types=typed(
        "*bf16: q k v do dq",
        "*fp32: lse delta",
        "fp32: scale",
        "*i64: block_indices block_counts",
        "*i64 | None: cu_seqlens",
        "*i64 | None with cu_seqlens: token_indices",
        "i32: T",
    ),
    constexprs={"B": 1, "H": 2, "HQ": 32, "K": 64, "V": 64, "S": 4, "BS": 32},
    grid=lambda T, B, H, V, BV: (T, cdiv(V, BV), B * H),
    configs=[{"num_warps": 4, "num_stages": 1}],
)(
    derived(
        parallel_nsa_bwd_kernel_dq,
        G=lambda args: args["HQ"] // args["H"],
        BK=lambda args: max(next_power_of_2(args["K"]), 16),
        BV=lambda args: max(next_power_of_2(args["V"]), 16),
    )
)

export(
    "others.fla.chunk_scaled_dot_comba_pkt_fwd",
    types=typed(
        "*bf16: k p beta",
        "*fp32 | None: g",
        "*fp32 | None with g: g0",
        "*fp32: A",
        "i32: T",
    ),
    constexprs={"H": 4, "HV": 4, "K": 64, "BT": 64, **each(None, "cu_seqlens chunk_indices")},
    grid=lambda k, T, HV, BT: (cdiv(T, BT), k.shape[0] * HV),
    configs=[{"BK": 64, "num_warps": 4, "num_stages": 3}],
    tuned={(4, 4, 64, 64, False, True): {"BK": 32, "num_warps": 4, "num_stages": 2}},
)(chunk_scaled_dot_comba_pkt_fwd_kernel)
