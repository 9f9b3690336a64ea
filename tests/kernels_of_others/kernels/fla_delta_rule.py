"""Delta rules, gated and not, of flash-linear-attention 0.6.0."""

from fla.ops.delta_rule.wy_fast import (
    prepare_wy_repr_bwd_kernel as delta_rule_prepare_wy_repr_bwd_kernel,
)
from fla.ops.delta_rule.wy_fast import (
    recompute_w_u_fwd_kernel as delta_rule_recompute_w_u_fwd_kernel,
)
from fla.ops.gated_delta_rule.chunk_fwd import chunk_gated_delta_rule_fwd_kkt_solve_kernel
from fla.ops.gated_delta_rule.fused_recurrent import fused_recurrent_gated_delta_rule_fwd_kernel
from fla.ops.gated_delta_rule.wy_fast import prepare_wy_repr_bwd_kernel, recompute_w_u_fwd_kernel
from fla.ops.generalized_delta_rule.dplr.chunk_h_fwd import chunk_dplr_fwd_kernel_h
from fla.ops.generalized_delta_rule.dplr.wy_fast_fwd import prepare_wy_repr_fwd_kernel_chunk32
from fla.ops.kda.chunk_intra import chunk_kda_fwd_kernel_inter_solve_fused
from fla.ops.kda.chunk_intra_token_parallel import chunk_kda_fwd_kernel_intra_token_parallel

from codegen.export import export

from .declaring import each, jit, typed

export(
    "others.fla.chunk_gated_delta_rule_fwd_kkt_solve",
    types=typed(
        "*bf16: k beta A",
        "*fp32: g",
        "i32: T",
    ),
    constexprs={
        "H": 4,
        "HV": 4,
        "K": 64,
        "BT": 64,
        "BC": 16,
        "BK": 32,
        "USE_G": True,
        "IS_VARLEN": False,
        **each(None, "cu_seqlens chunk_indices"),
    },
    grid="explicit",
)(jit(chunk_gated_delta_rule_fwd_kkt_solve_kernel))

export(
    "others.fla.recompute_w_u_fwd",
    types=typed(
        "*bf16: k v beta w u A",
        "*fp32: g",
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
        "IS_VARLEN": False,
        **each(None, "cu_seqlens chunk_indices"),
    },
    grid="explicit",
    num_stages=2,
)(jit(recompute_w_u_fwd_kernel))

export(
    "others.fla.prepare_wy_repr_bwd",
    types=typed(
        "*bf16: k v beta A dw du dk dv db",
        "*fp32: g dg",
        "i32: T",
    ),
    constexprs={
        "H": 4,
        "HV": 4,
        "K": 64,
        "V": 128,
        "BT": 64,
        "BK": 32,
        "BV": 32,
        "USE_G": True,
        "IS_VARLEN": False,
        **each(None, "cu_seqlens chunk_indices"),
    },
    grid="explicit",
    num_stages=2,
)(jit(prepare_wy_repr_bwd_kernel))

export(
    "others.fla.fused_recurrent_gated_delta_rule_fwd",
    types=typed(
        "*bf16: q k v beta o",
        "*fp32: g ht",
        "fp32: scale",
        "i32: T",
    ),
    constexprs={
        "H": 4,
        "HV": 4,
        "K": 64,
        "V": 128,
        "BK": 64,
        "BV": 8,
        "USE_G": True,
        "USE_GK": False,
        "USE_GV": False,
        "USE_QK_L2NORM_IN_KERNEL": False,
        "IS_BETA_HEADWISE": True,
        "USE_INITIAL_STATE": False,
        "STORE_FINAL_STATE": True,
        "STATE_V_FIRST": False,
        "IS_VARLEN": False,
        "USE_GATE_IN_KERNEL": False,
        "HAS_DT_BIAS": False,
        "APPLY_BETA_SIGMOID": False,
        "ALLOW_NEG_EIGVAL": False,
        **each(None, "gk gv A_log dt_bias h0 cu_seqlens"),
    },
    grid="explicit",
    num_warps=1,
)(jit(fused_recurrent_gated_delta_rule_fwd_kernel))

export(
    "others.fla.delta_rule_recompute_w_u_fwd",
    types=typed(
        "*bf16: k v beta w u A",
        "i32: T",
    ),
    constexprs={
        "H": 4,
        "K": 64,
        "V": 128,
        "BT": 64,
        "BK": 32,
        "BV": 32,
        "IS_VARLEN": False,
        **each(None, "cu_seqlens chunk_indices"),
    },
    grid="explicit",
    num_stages=2,
)(jit(delta_rule_recompute_w_u_fwd_kernel))

export(
    "others.fla.delta_rule_prepare_wy_repr_bwd",
    types=typed(
        "*bf16: k v beta A dw du dk dv dbeta",
        "i32: T",
    ),
    constexprs={
        "H": 4,
        "K": 64,
        "V": 128,
        "BT": 64,
        "BK": 32,
        "BV": 32,
        "IS_VARLEN": False,
        **each(None, "cu_seqlens chunk_indices"),
    },
    grid="explicit",
    num_stages=2,
)(jit(delta_rule_prepare_wy_repr_bwd_kernel))

export(
    "others.fla.prepare_wy_repr_fwd_chunk32",
    types=typed(
        "*fp32: A_ab A_ab_inv",
        "i32: T",
    ),
    constexprs={
        "H": 4,
        "BT": 16,
        "BC": 16,
        "IS_VARLEN": False,
        **each(None, "cu_seqlens chunk_indices"),
    },
    grid="explicit",
)(jit(prepare_wy_repr_fwd_kernel_chunk32))

export(
    "others.fla.chunk_dplr_fwd_h",
    types=typed(
        "*bf16: kg v w bg u v_new h",
        "*fp32: gk",
        "i32: T",
    ),
    constexprs={
        "H": 4,
        "K": 64,
        "V": 64,
        "BT": 16,
        "BC": 16,
        "BK": 64,
        "BV": 16,
        "USE_INITIAL_STATE": False,
        "STORE_FINAL_STATE": False,
        "IS_VARLEN": False,
        **each(None, "h0 ht cu_seqlens chunk_offsets"),
    },
    grid="explicit",
    num_stages=2,
)(jit(chunk_dplr_fwd_kernel_h))

export(
    "others.fla.chunk_kda_fwd_intra_token_parallel",
    types=typed(
        "*bf16: q k beta Aqk",
        "*fp32: g Akk",
        "fp32: scale",
        "i32: N T",
    ),
    constexprs={
        "H": 4,
        "HV": 4,
        "K": 64,
        "BK": 64,
        "BT": 64,
        "BC": 16,
        "BH": 1,
        "IS_VARLEN": False,
        **each(None, "cu_seqlens"),
    },
    grid="explicit",
)(jit(chunk_kda_fwd_kernel_intra_token_parallel))

export(
    "others.fla.chunk_kda_fwd_inter_solve_fused",
    types=typed(
        "*bf16: q k beta Aqk Akk",
        "*fp32: g Akkd",
        "fp32: scale",
        "i32: T",
    ),
    constexprs={
        "H": 4,
        "HV": 4,
        "K": 64,
        "BT": 64,
        "BC": 16,
        "NC": 4,
        "BK": 32,
        "IS_VARLEN": False,
        "USE_SAFE_GATE": False,
        **each(None, "cu_seqlens chunk_indices"),
    },
    grid="explicit",
)(jit(chunk_kda_fwd_kernel_inter_solve_fused))
