"""Other recurrences of flash-linear-attention 0.6.0."""

from fla.ops.based.parallel import parallel_based_fwd_kernel
from fla.ops.gsa.chunk_bwd import chunk_gsa_bwd_kernel_dqkvg
from fla.ops.gsa.chunk_fwd import chunk_gsa_fwd_kernel_inter, chunk_gsa_fwd_kernel_intra
from fla.ops.hgrn.chunk import chunk_hgrn_fwd_kernel_h, chunk_hgrn_fwd_kernel_o
from fla.ops.mesa_net.chunk_cg_solver_fwd import chunk_fwd_mesa_cg_dim64_kernel
from fla.ops.mesa_net.chunk_h_fwd import chunk_mesa_net_fwd_kernel_h
from fla.ops.rwkv4.fused_recurrent import fused_recurrent_rwkv4_forward_kernel
from fla.ops.ttt.chunk import chunk_ttt_linear_fwd_kernel_h

from codegen.export import export

from .declaring import each, jit, typed

export(
    "others.fla.chunk_hgrn_fwd_h",
    types=typed(
        "*bf16: x g",
        "*fp32: gc o",
        "i32: T",
    ),
    constexprs={"D": 256, "BT": 128, "BD": 32, "USE_INITIAL_STATE": False, **each(None, "h0")},
    grid="explicit",
)(jit(chunk_hgrn_fwd_kernel_h))

export(
    "others.fla.chunk_hgrn_fwd_o",
    types=typed(
        "*fp32: gc o",
        "i32:16: s_b s_t",
        "i32: T",
    ),
    constexprs={"D": 256, "BT": 128, "BD": 64, **each(1, "s_d")},
    grid="explicit",
    num_warps=8,
)(jit(chunk_hgrn_fwd_kernel_o))

export(
    "others.fla.chunk_ttt_linear_fwd_h",
    types=typed(
        "*bf16: k v v_new eta w b h hb",
        "fp32: eps",
        "i32: T",
    ),
    constexprs={
        "H": 4,
        "K": 64,
        "V": 64,
        "BT": 16,
        "BK": 64,
        "BV": 64,
        "USE_INITIAL_STATE": False,
        "USE_INITIAL_STATE_B": False,
        "STORE_FINAL_STATE": False,
        "IS_VARLEN": False,
        **each(None, "h0 hb0 ht hbt cu_seqlens chunk_offsets"),
    },
    grid="explicit",
)(jit(chunk_ttt_linear_fwd_kernel_h))

export(
    "others.fla.parallel_based_fwd",
    types=typed(
        "*bf16: q k v",
        "*fp32: o z",
        "fp32: scale",
        "i32: T",
    ),
    constexprs={"B": 2, "H": 4, "K": 16, "V": 128, "BTL": 128, "BTS": 32, "BK": 16, "BV": 128},
    grid="explicit",
    num_stages=2,
)(jit(parallel_based_fwd_kernel))

export(
    "others.fla.chunk_gsa_fwd_inter",
    types=typed(
        "*bf16: q k h o A",
        "*fp32: g",
        "fp32: scale",
        "i32: T",
    ),
    constexprs={
        "H": 4,
        "K": 64,
        "V": 64,
        "BT": 64,
        "BK": 32,
        "BV": 32,
        "IS_VARLEN": False,
        **each(None, "cu_seqlens chunk_indices"),
    },
    grid="explicit",
    num_stages=2,
)(jit(chunk_gsa_fwd_kernel_inter))

export(
    "others.fla.chunk_gsa_fwd_intra",
    types=typed(
        "*bf16: v o A",
        "*fp32: g",
        "i32: T",
    ),
    constexprs={
        "H": 4,
        "V": 64,
        "BT": 64,
        "BC": 16,
        "BV": 64,
        "NC": 4,
        "IS_VARLEN": False,
        **each(None, "cu_seqlens chunk_indices"),
    },
    grid="explicit",
    num_stages=2,
)(jit(chunk_gsa_fwd_kernel_intra))

export(
    "others.fla.chunk_gsa_bwd_dqkvg",
    types=typed(
        "*bf16: q k v h A do dq dk dv dA",
        "*fp32: g dh dg dgv",
        "fp32: scale",
        "i32: T",
    ),
    constexprs={
        "B": 2,
        "H": 4,
        "K": 64,
        "V": 64,
        "BT": 64,
        "BK": 64,
        "BV": 64,
        "IS_VARLEN": False,
        **each(None, "cu_seqlens chunk_indices"),
    },
    grid="explicit",
    num_stages=2,
)(jit(chunk_gsa_bwd_kernel_dqkvg))

export(
    "others.fla.chunk_mesa_net_fwd_h",
    types=typed(
        "*fp16: k",
        "*bf16: v beta h_kv",
        "*fp32: g h",
        "i32: T",
    ),
    constexprs={
        "H": 4,
        "K": 64,
        "V": 64,
        "BT": 64,
        "BS": 64,
        "BK": 64,
        "BV": 64,
        "USE_INITIAL_STATE": False,
        "STORE_FINAL_STATE": False,
        "IS_VARLEN": False,
        **each(None, "h_init h_kv_init h_final h_kv_final cu_seqlens split_offsets"),
    },
    grid="explicit",
    num_stages=2,
)(jit(chunk_mesa_net_fwd_kernel_h))

export(
    "others.fla.chunk_fwd_mesa_cg_dim64",
    types=typed(
        "*fp16: q q_final k",
        "*fp32: h g lamb",
        "*bf16: o v h_kv beta",
        "i32: T",
    ),
    constexprs={
        "max_CG_iteration": 30,
        "H": 4,
        "K": 64,
        "BT": 64,
        "BK": 64,
        "IS_VARLEN": False,
        **each(None, "cu_seqlens chunk_indices"),
    },
    grid="explicit",
    num_stages=1,
)(jit(chunk_fwd_mesa_cg_dim64_kernel))

export(
    "others.fla.fused_recurrent_rwkv4_forward",
    types=typed(
        "*fp32: w_ptr u_ptr k_ptr v_ptr state_ptr wkv_ptr state_out_ptr",
        "i32:16: k_s_b k_s_t v_s_b v_s_t state_s_b state_s_abe wkv_s_b wkv_s_t state_out_s_b",
        "i32:16: state_out_s_abe state_out_s_t chans tsz",
    ),
    constexprs={
        "BLOCK_SIZE_C": 128,
        **each(1, "w_s_c u_s_c k_s_c v_s_c state_s_c wkv_s_c state_out_s_c"),
    },
    grid="explicit",
)(jit(fused_recurrent_rwkv4_forward_kernel))
