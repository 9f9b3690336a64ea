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

from codegen.export import export

from .declaring import each, jit, typed

export(
    "others.fla.chunk_gla_fwd_A_intra_sub_inter",
    types=typed(
        "*bf16: q k",
        "*fp32: g A",
        "fp32: scale",
        "i32: T",
    ),
    constexprs={
        "H": 4,
        "K": 64,
        "BT": 64,
        "BC": 16,
        "BK": 32,
        "NC": 4,
        "IS_VARLEN": False,
        **each(None, "cu_seqlens chunk_indices"),
    },
    grid="explicit",
    num_stages=2,
)(jit(chunk_gla_fwd_A_kernel_intra_sub_inter))

export(
    "others.fla.chunk_gla_fwd_A_intra_sub_intra",
    types=typed(
        "*bf16: q k",
        "*fp32: g A",
        "fp32: scale",
        "i32: T",
    ),
    constexprs={
        "H": 4,
        "K": 64,
        "BT": 64,
        "BC": 16,
        "BK": 64,
        "IS_VARLEN": False,
        **each(None, "cu_seqlens chunk_indices"),
    },
    grid="explicit",
    num_stages=2,
)(jit(chunk_gla_fwd_A_kernel_intra_sub_intra))

export(
    "others.fla.chunk_gla_fwd_o",
    types=typed(
        "*bf16: q v h o",
        "*fp32: g A",
        "fp32: scale",
        "i32: T",
    ),
    constexprs={
        "H": 4,
        "HV": 4,
        "K": 64,
        "V": 128,
        "BT": 64,
        "BK": 32,
        "BV": 64,
        "STATE_V_FIRST": False,
        "IS_VARLEN": False,
        **each(None, "cu_seqlens chunk_indices"),
    },
    grid="explicit",
    num_stages=2,
)(jit(chunk_gla_fwd_kernel_o))

export(
    "others.fla.chunk_gla_bwd_intra",
    types=typed(
        "*bf16: q k",
        "*fp32: g dA dq dk",
        "i32: T",
    ),
    constexprs={
        "H": 4,
        "K": 64,
        "BT": 64,
        "BC": 16,
        "BK": 64,
        "NC": 4,
        "IS_VARLEN": False,
        **each(None, "cu_seqlens chunk_indices"),
    },
    grid="explicit",
    num_stages=2,
)(jit(chunk_gla_bwd_kernel_intra))

export(
    "others.fla.parallel_simple_gla_fwd",
    types=typed(
        "*bf16: q k v o",
        "*fp32: g",
        "fp32: scale",
        "i32: T",
    ),
    constexprs={
        "B": 2,
        "H": 4,
        "K": 64,
        "V": 128,
        "BT": 128,
        "BS": 32,
        "BK": 64,
        "BV": 64,
        "NV": 2,
        "OUTPUT_ATTENTIONS": False,
        "IS_VARLEN": False,
        "USE_G": True,
        **each(None, "attn cu_seqlens chunk_indices"),
    },
    grid="explicit",
    num_stages=2,
)(jit(parallel_simple_gla_fwd_kernel))

export(
    "others.fla.parallel_attn_fwd",
    types=typed(
        "*bf16: q k v o",
        "*fp32: lse",
        "fp32: scale",
        "i32: T",
    ),
    constexprs={
        "W": None,
        "B": 2,
        "H": 4,
        "HQ": 4,
        "G": 1,
        "K": 64,
        "V": 128,
        "BT": 128,
        "BS": 32,
        "BK": 64,
        "BV": 64,
        "USE_G": False,
        "USE_SINK_BIAS": False,
        "USE_WINDOW": False,
        "IS_VARLEN": False,
        **each(None, "g_cumsum sink_bias cu_seqlens chunk_indices"),
    },
    grid="explicit",
    num_warps=2,
)(jit(parallel_attn_fwd_kernel))

export(
    "others.fla.parallel_attn_bwd_preprocess",
    types=typed(
        "*bf16: o do",
        "*fp32: delta",
    ),
    constexprs={"B": 128, "V": 128},
    grid="explicit",
)(jit(parallel_attn_bwd_kernel_preprocess))

export(
    "others.fla.parallel_attn_bwd_dq",
    types=typed(
        "*bf16: q k v do dq",
        "*fp32: lse delta",
        "fp32: scale",
        "i32: T",
    ),
    constexprs={
        "W": None,
        "B": 2,
        "H": 4,
        "HQ": 4,
        "G": 1,
        "K": 64,
        "V": 128,
        "BT": 64,
        "BS": 32,
        "BK": 64,
        "BV": 128,
        "USE_G": False,
        "USE_WINDOW": False,
        "IS_VARLEN": False,
        **each(None, "dg_cumsum g_cumsum cu_seqlens chunk_indices"),
    },
    grid="explicit",
    num_warps=2,
)(jit(parallel_attn_bwd_kernel_dq))

export(
    "others.fla.parallel_attn_bwd_dkv",
    types=typed(
        "*bf16: q k v do dk dv",
        "*fp32: lse delta",
        "fp32: scale",
        "i32: T",
    ),
    constexprs={
        "W": None,
        "B": 2,
        "H": 4,
        "HQ": 4,
        "G": 1,
        "K": 64,
        "V": 128,
        "BT": 64,
        "BS": 32,
        "BK": 64,
        "BV": 128,
        "USE_G": False,
        "USE_WINDOW": False,
        "IS_VARLEN": False,
        **each(None, "g_cumsum dg_cumsum cu_seqlens chunk_indices"),
    },
    grid="explicit",
    num_warps=2,
)(jit(parallel_attn_bwd_kernel_dkv))

export(
    "others.fla.parallel_nsa_fwd",
    types=typed(
        "*bf16: q k v o",
        "*fp32: lse",
        "fp32: scale",
        "*i64: block_indices",
        "i32: block_counts TQ TK",
    ),
    constexprs={
        "H": 2,
        "HQ": 32,
        "G": 16,
        "K": 64,
        "V": 64,
        "S": 4,
        "BS": 32,
        "BK": 64,
        "BV": 64,
        "IS_VARLEN": False,
        "USE_BLOCK_COUNTS": False,
        **each(None, "cu_seqlens_q cu_seqlens_k token_indices_q"),
    },
    grid="explicit",
    num_stages=1,
)(jit(parallel_nsa_fwd_kernel))

export(
    "others.fla.parallel_nsa_bwd_dq",
    types=typed(
        "*bf16: q k v do dq",
        "*fp32: lse delta",
        "fp32: scale",
        "*i64: block_indices",
        "i32: block_counts T",
    ),
    constexprs={
        "B": 1,
        "H": 2,
        "HQ": 32,
        "G": 16,
        "K": 64,
        "V": 64,
        "S": 4,
        "BS": 32,
        "BK": 64,
        "BV": 64,
        "IS_VARLEN": False,
        "USE_BLOCK_COUNTS": False,
        **each(None, "cu_seqlens token_indices"),
    },
    grid="explicit",
    num_stages=1,
)(jit(parallel_nsa_bwd_kernel_dq))

export(
    "others.fla.chunk_scaled_dot_comba_pkt_fwd",
    types=typed(
        "*bf16: k p beta",
        "*fp32: g0 g A",
        "i32: T",
    ),
    constexprs={
        "H": 4,
        "HV": 4,
        "K": 64,
        "BT": 64,
        "BK": 32,
        "IS_VARLEN": False,
        "USE_G": True,
        **each(None, "cu_seqlens chunk_indices"),
    },
    grid="explicit",
    num_stages=2,
)(jit(chunk_scaled_dot_comba_pkt_fwd_kernel))
