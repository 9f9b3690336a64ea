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
from triton import cdiv, next_power_of_2

from codegen.export import export

from .declaring import derived, each, typed
from .fla_packing import PACKED, STATES, chunks, sequences

export(
    "others.fla.chunk_gated_delta_rule_fwd_kkt_solve",
    types=typed("*bf16: k beta A", "*fp32: g", *PACKED, "i32: T"),
    constexprs={"H": 4, "HV": 4, "K": 64, "BT": 64, "BC": 16},
    grid=lambda k, T, HV, BT, chunk_indices: (chunks(T, BT, chunk_indices), k.shape[0] * HV),
    configs=[{"BK": 32, "num_warps": 4}],
)(chunk_gated_delta_rule_fwd_kkt_solve_kernel)

export(
    "others.fla.recompute_w_u_fwd",
    types=typed("*bf16: k v beta w u A", "*fp32 | None: g", *PACKED, "i32: T"),
    constexprs={"H": 4, "HV": 4, "K": 64, "V": 128, "BT": 64, "BK": 64, "BV": 64},
    grid=lambda k, T, HV, BT, chunk_indices: (chunks(T, BT, chunk_indices), k.shape[0] * HV),
    configs=[{"num_warps": 4, "num_stages": 2}],
)(recompute_w_u_fwd_kernel)

export(
    "others.fla.prepare_wy_repr_bwd",
    types=typed(
        "*bf16: k v beta A dw du dk dv db",
        "*fp32 | None: g",
        "*fp32 | None with g: dg",
        *PACKED,
        "i32: T",
    ),
    constexprs={"H": 4, "HV": 4, "K": 64, "V": 128, "BT": 64},
    grid=lambda k, T, HV, BT, chunk_indices: (chunks(T, BT, chunk_indices), k.shape[0] * HV),
    configs=[{"num_warps": 2, "num_stages": 4}],
)(
    derived(
        prepare_wy_repr_bwd_kernel,
        BK=lambda args: min(max(next_power_of_2(args["K"]), 16), 64),
        BV=lambda args: min(max(next_power_of_2(args["V"]), 16), 64),
    )
)

export(
    "others.fla.fused_recurrent_gated_delta_rule_fwd",
    types=typed("*bf16: q k v beta o", "*fp32: g ht", "*fp32 | None: h0", "fp32: scale", "i32: T"),
    constexprs={
        **{"H": 4, "HV": 4, "K": 64, "V": 128, "STATE_V_FIRST": False},
        **each(False, "USE_QK_L2NORM_IN_KERNEL APPLY_BETA_SIGMOID ALLOW_NEG_EIGVAL"),
        **each(None, "gk gv A_log dt_bias cu_seqlens"),
    },
    grid=lambda q, V, BV, HV: (cdiv(V, BV) * q.shape[0] * HV,),
    num_warps=1,
)(
    derived(
        fused_recurrent_gated_delta_rule_fwd_kernel,
        BK=lambda args: next_power_of_2(args["K"]),
        BV=lambda args: min(8, next_power_of_2(args["V"])),
        IS_BETA_HEADWISE=lambda args: args["beta"].ndim != args["v"].ndim,
    )
)

export(
    "others.fla.delta_rule_recompute_w_u_fwd",
    types=typed("*bf16: k v beta w u A", *PACKED, "i32: T"),
    constexprs={"H": 4, "K": 64, "V": 128, "BT": 64},
    grid=lambda k, T, H, BT, chunk_indices: (chunks(T, BT, chunk_indices), k.shape[0] * H),
    configs=[{"num_warps": 4, "num_stages": 2}],
)(
    derived(
        delta_rule_recompute_w_u_fwd_kernel,
        BK=lambda args: min(max(next_power_of_2(args["K"]), 16), 64),
        BV=lambda args: min(max(next_power_of_2(args["V"]), 16), 64),
    )
)

export(
    "others.fla.delta_rule_prepare_wy_repr_bwd",
    types=typed("*bf16: k v beta A dw du dk dv dbeta", *PACKED, "i32: T"),
    constexprs={"H": 4, "K": 64, "V": 128, "BT": 64},
    grid=lambda k, T, H, BT, chunk_indices: (chunks(T, BT, chunk_indices), k.shape[0] * H),
    configs=[{"num_warps": 2, "num_stages": 3}],
    tuned={(4, 64, 128, 64, 64, 64, True): {"num_warps": 2, "num_stages": 2}},
)(
    derived(
        delta_rule_prepare_wy_repr_bwd_kernel,
        BK=lambda args: min(max(next_power_of_2(args["K"]), 16), 64),
        BV=lambda args: min(max(next_power_of_2(args["V"]), 16), 64),
    )
)

export(
    "others.fla.prepare_wy_repr_fwd_chunk32",
    types=typed("*fp32: A_ab A_ab_inv", *PACKED, "i32: T"),
    constexprs={"H": 4, "BT": [16, 32]},
    grid=lambda A_ab, T, H, BT, chunk_indices: (chunks(T, BT, chunk_indices), A_ab.shape[0] * H),
    configs=[{"num_warps": 4}],
)(derived(prepare_wy_repr_fwd_kernel_chunk32, BC=lambda args: min(args["BT"], 32)))

# The wrapper takes larger tiles (BV) where a block may have more shared memory.
export(
    "others.fla.chunk_dplr_fwd_h",
    types=typed("*bf16: kg v w bg u v_new h", "*fp32: gk", "*fp32 | None: h0", *STATES, "i32: T"),
    constexprs={"H": 4, "K": 64, "V": 64, "BT": 16, "BV": 32, **each(None, "ht")},
    grid=lambda kg, cu_seqlens, K, V, BK, BV, H: (
        cdiv(K, BK) * cdiv(V, BV) * sequences(kg, cu_seqlens) * H,
    ),
    configs=[{"num_warps": 4, "num_stages": 2}],
)(
    derived(
        chunk_dplr_fwd_kernel_h,
        BK=lambda args: max(next_power_of_2(args["K"]), 16),
        BC=lambda args: min(args["BT"], 32),
    )
)

export(
    "others.fla.chunk_kda_fwd_intra_token_parallel",
    types=typed(
        "*fp16 | *bf16: q k beta Aqk",
        "*fp32: g Akk",
        "*i64 | None: cu_seqlens",
        "fp32: scale",
        "i32: N T",
    ),
    constexprs={"H": 4, "HV": 4, "K": 64, "BT": 64, "BC": 16},
    grid=lambda q, T, HV, BH: (q.shape[0] * T, cdiv(HV, BH)),
    configs=[{"BH": 1, "num_warps": 4}],
)(
    derived(
        chunk_kda_fwd_kernel_intra_token_parallel,
        BK=lambda args: next_power_of_2(args["K"]),
    )
)

export(
    "others.fla.chunk_kda_fwd_inter_solve_fused",
    types=typed("*bf16: q k beta Aqk Akk", "*fp32: g Akkd", *PACKED, "fp32: scale", "i32: T"),
    constexprs={"H": 4, "HV": 4, "K": 64, "BT": 64, "BC": 16, "USE_SAFE_GATE": False},
    grid=lambda k, T, HV, BT, chunk_indices: (chunks(T, BT, chunk_indices), k.shape[0] * HV),
    configs=[{"BK": 32, "num_warps": 4}],
)(
    derived(
        chunk_kda_fwd_kernel_inter_solve_fused,
        NC=lambda args: cdiv(args["BT"], args["BC"]),
    )
)
