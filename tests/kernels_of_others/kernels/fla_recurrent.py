"""Other recurrences of flash-linear-attention 0.6.0."""

from fla.ops.based.parallel import parallel_based_fwd_kernel
from fla.ops.gsa.chunk_bwd import chunk_gsa_bwd_kernel_dqkvg
from fla.ops.gsa.chunk_fwd import chunk_gsa_fwd_kernel_inter, chunk_gsa_fwd_kernel_intra
from fla.ops.hgrn.chunk import chunk_hgrn_fwd_kernel_h, chunk_hgrn_fwd_kernel_o
from fla.ops.mesa_net.chunk_cg_solver_fwd import chunk_fwd_mesa_cg_dim64_kernel
from fla.ops.mesa_net.chunk_h_fwd import chunk_mesa_net_fwd_kernel_h
from fla.ops.rwkv4.fused_recurrent import fused_recurrent_rwkv4_forward_kernel, get_block_size_c
from fla.ops.ttt.chunk import chunk_ttt_linear_fwd_kernel_h
from triton import cdiv, next_power_of_2

from codegen.export import export

from .declaring import derived, each, typed
from .fla_packing import PACKED, chunks

export(
    "others.fla.chunk_hgrn_fwd_h",
    types=typed("*fp16 | *bf16: x g", "*fp16 | *bf16 | None: h0", "*fp32: gc o", "i32: T"),
    constexprs={"D": 256, "BT": 128},
    grid=lambda x, T, D, BT, BD: (cdiv(D, BD) * cdiv(T, BT), x.shape[0]),
    configs=[{"BD": 32, "num_warps": 4}],
)(
    derived(
        chunk_hgrn_fwd_kernel_h,
        USE_INITIAL_STATE=lambda args: args["h0"] is not None,
    )
)

export(
    "others.fla.chunk_hgrn_fwd_o",
    types=typed("*fp32: gc o", "i32:16: s_b s_t", "i32:1: s_d", "i32: T"),
    constexprs={"D": [32, 256], "BT": 128},
    grid=lambda gc, D, BD: (cdiv(D, BD), gc.shape[0]),
)(
    derived(
        chunk_hgrn_fwd_kernel_o,
        BD=lambda args: min(64, next_power_of_2(args["D"])),
        num_warps=lambda args: 8 if args["BD"] == 64 else 4,
    )
)

export(
    "others.fla.chunk_ttt_linear_fwd_h",
    types=typed(
        "*bf16: k v v_new eta w b h hb",
        "*fp32 | None: h0 ht",
        "*fp32 | None with h0: hb0",
        "*fp32 | None with ht: hbt",
        "fp32: eps",
        "i32: T",
    ),
    constexprs={"H": 4, "K": 64, "V": 64, "BT": 16, **each(None, "cu_seqlens chunk_offsets")},
    grid=lambda k, H, K, V, BK, BV: (cdiv(K, BK) * cdiv(V, BV) * k.shape[0] * H,),
    configs=[{"num_warps": 4}],
)(
    derived(
        chunk_ttt_linear_fwd_kernel_h,
        BK=lambda args: max(next_power_of_2(args["K"]), 16),
        BV=lambda args: max(next_power_of_2(args["V"]), 16),
    )
)

export(
    "others.fla.parallel_based_fwd",
    types=typed("*fp16 | *bf16: q k v", "*fp32: o z", "fp32: scale", "i32: T"),
    constexprs={"B": 2, "H": 4, "K": 16, "V": 128, "BTL": 128, "BTS": 32},
    shapes={"q": ("B", "H", "T", "K"), "k": ("B", "H", "T", "K"), "v": ("B", "H", "T", "V")},
    grid=lambda T, B, H, K, V, BK, BV, BTL: (cdiv(K, BK) * cdiv(V, BV) * cdiv(T, BTL), B * H),
    num_stages=2,
)(
    derived(
        parallel_based_fwd_kernel,
        BK=lambda args: min(128, max(next_power_of_2(args["K"]), 16)),
        BV=lambda args: min(128, max(next_power_of_2(args["V"]), 16)),
    )
)

export(
    "others.fla.chunk_gsa_fwd_inter",
    types=typed("*fp16 | *bf16: q k h o A", "*fp32: g", *PACKED, "fp32: scale", "i32: T"),
    constexprs={"H": 4, "K": 64, "V": 64, "BT": 64},
    grid=lambda k, T, H, V, BT, BV, chunk_indices: (
        cdiv(V, BV) * chunks(T, BT, chunk_indices),
        k.shape[0] * H,
    ),
    configs=[{"BK": 32, "BV": 32, "num_warps": 4, "num_stages": 2}],
)(chunk_gsa_fwd_kernel_inter)

export(
    "others.fla.chunk_gsa_fwd_intra",
    types=typed("*bf16: v o A", "*fp32: g", *PACKED, "i32: T"),
    constexprs={"H": 4, "V": 64, "BT": 64},
    grid=lambda v, T, H, V, BT, BV, NC, chunk_indices: (
        cdiv(V, BV) * chunks(T, BT, chunk_indices) * NC,
        v.shape[0] * H,
    ),
    num_stages=2,
)(
    derived(
        chunk_gsa_fwd_kernel_intra,
        BC=lambda args: min(16, args["BT"]),
        BV=lambda args: min(64, next_power_of_2(args["V"])),
        NC=lambda args: cdiv(args["BT"], args["BC"]),
    )
)

export(
    "others.fla.chunk_gsa_bwd_dqkvg",
    types=typed(
        "*bf16: q k v h A do dq dk dv dA",
        "*fp32: g dh dg dgv",
        *PACKED,
        "fp32: scale",
        "i32: T",
    ),
    constexprs={"B": 1, "H": 4, "K": 64, "V": 64, "BT": 64},
    grid=lambda T, B, H, K, BT, BK, chunk_indices: (
        cdiv(K, BK) * chunks(T, BT, chunk_indices),
        B * H,
    ),
    configs=[{"num_warps": 4, "num_stages": 2}],
)(
    derived(
        chunk_gsa_bwd_kernel_dqkvg,
        BK=lambda args: min(64, next_power_of_2(args["K"])),
        BV=lambda args: min(64, next_power_of_2(args["V"])),
    )
)

export(
    "others.fla.chunk_mesa_net_fwd_h",
    types=typed(
        "*fp16: k",
        "*bf16: v beta h_kv",
        "*fp32: g h",
        "*fp32 | None: h_init h_final",
        "*fp32 | None with h_init: h_kv_init",
        "*fp32 | None with h_final: h_kv_final",
        "i32: T",
    ),
    constexprs={
        **{"H": 4, "K": 64, "V": 64, "BT": 64, "BS": 64, "BK": 64, "BV": 64},
        **each(None, "cu_seqlens split_offsets"),
    },
    grid=lambda k, K, V, H: (cdiv(K, 64) * cdiv(V, 64) * k.shape[0] * H,),
    configs=[{"num_warps": 4, "num_stages": 2}],
)(chunk_mesa_net_fwd_kernel_h)

export(
    "others.fla.chunk_fwd_mesa_cg_dim64",
    types=typed(
        "*fp16: q q_final k",
        "*fp32: h g lamb",
        "*bf16: o v h_kv beta",
        *PACKED,
        "i32: T",
    ),
    constexprs={"max_CG_iteration": 30, "H": 4, "K": 64, "BT": 64},
    grid=lambda q, T, H, BT, chunk_indices: (chunks(T, BT, chunk_indices), H * q.shape[0]),
    num_stages=1,
)(
    derived(
        chunk_fwd_mesa_cg_dim64_kernel,
        BK=lambda args: max(next_power_of_2(args["K"]), 16),
    )
)

export(
    "others.fla.fused_recurrent_rwkv4_forward",
    types=typed(
        "*fp32: w_ptr u_ptr k_ptr v_ptr state_ptr wkv_ptr state_out_ptr",
        "i32:16: k_s_b k_s_t v_s_b v_s_t state_s_b state_s_abe wkv_s_b wkv_s_t state_out_s_b",
        "i32:16: state_out_s_abe state_out_s_t chans tsz",
        "i32:1: w_s_c u_s_c k_s_c v_s_c state_s_c wkv_s_c state_out_s_c",
    ),
    constexprs={"BLOCK_SIZE_C": [32, 64, 128]},
    grid=lambda META: (META["k_ptr"].shape[0], cdiv(META["chans"], META["BLOCK_SIZE_C"])),
)(
    derived(
        fused_recurrent_rwkv4_forward_kernel,
        BLOCK_SIZE_C=lambda args: get_block_size_c(args["chans"]),
    )
)
