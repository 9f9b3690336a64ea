"""States and outputs by chunks, shared by the linear attentions of flash-linear-attention 0.6.0."""

from fla.ops.common.chunk_delta_h import (
    chunk_gated_delta_rule_bwd_kernel_dhu_blockdim64,
    chunk_gated_delta_rule_fwd_kernel_h_blockdim64,
)
from fla.ops.common.chunk_h import chunk_fwd_kernel_h
from fla.ops.common.chunk_o import chunk_bwd_kernel_dqkwg, chunk_fwd_kernel_o
from fla.ops.common.chunk_scaled_dot_kkt import chunk_scaled_dot_kkt_fwd_kernel
from fla.ops.common.fused_recurrent import fused_recurrent_fwd_kernel
from triton import cdiv

from codegen.export import export

from .declaring import each, jit, typed

export(
    "others.fla.chunk_gated_delta_rule_fwd_h_blockdim64",
    types=typed(
        "*bf16: k v w v_new h",
        "*fp32: g ht",
        "i32: T",
    ),
    constexprs={
        "H": 4,
        "HV": 4,
        "K": 64,
        "V": 128,
        "BT": 64,
        "BV": 32,
        "USE_G": True,
        "USE_GK": False,
        "USE_INITIAL_STATE": False,
        "STORE_FINAL_STATE": True,
        "SAVE_NEW_VALUE": True,
        "STATE_V_FIRST": False,
        "IS_VARLEN": False,
        **each(None, "gk h0 cu_seqlens chunk_offsets"),
    },
    grid="explicit",
    num_stages=2,
)(jit(chunk_gated_delta_rule_fwd_kernel_h_blockdim64))

export(
    "others.fla.chunk_fwd_o",
    types=typed(
        "*bf16: q k v h o",
        "*fp32: g",
        "fp32: scale",
        "i32: T",
    ),
    constexprs={
        "H": 4,
        "HV": 4,
        "K": 64,
        "V": 128,
        "BT": 64,
        "BK": 64,
        "BV": 64,
        "USE_G": True,
        "USE_G_GAMMA": False,
        "STATE_V_FIRST": False,
        "IS_VARLEN": False,
        **each(None, "g_gamma cu_seqlens chunk_indices"),
    },
    grid="explicit",
)(jit(chunk_fwd_kernel_o))

export(
    "others.fla.chunk_gated_delta_rule_bwd_dhu_blockdim64",
    types=typed(
        "*bf16: q k w do dh dv dv2",
        "*fp32: g dht",
        "fp32: scale",
        "i32: T",
    ),
    constexprs={
        "H": 4,
        "HV": 4,
        "K": 64,
        "V": 128,
        "BT": 64,
        "BV": 32,
        "USE_G": True,
        "USE_GK": False,
        "USE_INITIAL_STATE": False,
        "USE_FINAL_STATE_GRADIENT": True,
        "STATE_V_FIRST": False,
        "IS_VARLEN": False,
        **each(None, "gk dh0 cu_seqlens chunk_offsets"),
    },
    grid="explicit",
    num_stages=1,
)(jit(chunk_gated_delta_rule_bwd_kernel_dhu_blockdim64))

export(
    "others.fla.chunk_bwd_dqkwg",
    types=typed(
        "*bf16: q k v h do dh dq dk dw dv",
        "*fp32: g dg",
        "fp32: scale",
        "i32: T",
    ),
    constexprs={
        "B": 2,
        "H": 4,
        "HV": 4,
        "K": 64,
        "V": 128,
        "BT": 64,
        "BK": 32,
        "BV": 32,
        "USE_G": True,
        "USE_G_GAMMA": False,
        "USE_DW": True,
        "STATE_V_FIRST": False,
        "IS_VARLEN": False,
        **each(None, "g_gamma cu_seqlens chunk_indices"),
    },
    grid="explicit",
    num_stages=2,
)(jit(chunk_bwd_kernel_dqkwg))

export(
    "others.fla.chunk_scaled_dot_kkt_fwd",
    types=typed(
        "*bf16: k beta",
        "*fp32: A",
        "i32: T",
    ),
    constexprs={
        "H": 4,
        "HV": 4,
        "K": 64,
        "BT": 64,
        "BK": 32,
        "IS_VARLEN": False,
        "USE_G": False,
        **each(None, "g cu_seqlens chunk_indices"),
    },
    grid="explicit",
    num_stages=2,
)(jit(chunk_scaled_dot_kkt_fwd_kernel))

export(
    "others.fla.chunk_fwd_h",
    types=typed(
        "*bf16: k v h",
        "*fp32: gk",
        "i32: T",
    ),
    constexprs={
        "H": 4,
        "K": 64,
        "V": 128,
        "BT": 64,
        "BS": 64,
        "BK": 16,
        "BV": 16,
        "USE_G": False,
        "USE_G_GAMMA": False,
        "USE_GK": True,
        "USE_GV": False,
        "USE_INITIAL_STATE": False,
        "STORE_FINAL_STATE": False,
        "IS_VARLEN": False,
        "STATE_V_FIRST": False,
        **each(None, "g g_gamma gv h0 ht cu_seqlens split_offsets"),
    },
    grid="explicit",
    num_stages=2,
)(jit(chunk_fwd_kernel_h))

export(
    "others.fla.fused_recurrent_fwd",
    types=typed(
        "*bf16: q k v",
        "*fp32: gk o",
        "fp32: scale",
        "i32: B T",
    ),
    constexprs={
        "H": 4,
        "K": 64,
        "V": 128,
        "BK": 64,
        "BV": 64,
        "REVERSE": False,
        "USE_G": False,
        "USE_G_GAMMA": False,
        "USE_GK": True,
        "USE_GV": False,
        "USE_INITIAL_STATE": False,
        "STORE_FINAL_STATE": False,
        "IS_VARLEN": False,
        **each(None, "g g_gamma gv h0 ht cu_seqlens"),
    },
    grid=lambda B, H, K, V, BK, BV: (cdiv(V, BV) * cdiv(K, BK) * B * H,),
)(jit(fused_recurrent_fwd_kernel))
