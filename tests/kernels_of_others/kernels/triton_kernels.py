"""Mixtures of experts of triton_kernels, as tokenspeed-triton-kernels 1.0.0.post20260510 has it."""

import triton
from triton import cdiv
from triton_kernels.compaction_details._masked_compaction import _masked_compaction
from triton_kernels.matmul import specializations as matmuls
from triton_kernels.numerics_details.mxfp_details._downcast_to_mxfp import _downcast_to_mxfp
from triton_kernels.numerics_details.mxfp_details._upcast_from_mxfp import _upcast_from_mxfp
from triton_kernels.reduce import forward_specializations as reductions
from triton_kernels.specialize import FnSpecs
from triton_kernels.swiglu_details._swiglu import _swiglu, _swiglu_fn
from triton_kernels.tensor_details.bitmatrix import (
    _bitmatrix_metadata_compute_stage1,
    _bitmatrix_metadata_compute_stage2,
)
from triton_kernels.tensor_details.bitmatrix_details.sum_bitmatrix_rows import _sum_bitmatrix_rows
from triton_kernels.topk_details._topk_backward import _topk_backward
from triton_kernels.topk_details._topk_forward import _topk_forward

from codegen.export import export, sm_count

from .declaring import each, typed

SWIGLU = FnSpecs("swiglu", _swiglu_fn, ("alpha", "limit"), reduction_n=2)

export(
    "others.triton_kernels.topk_forward",
    types={
        **typed(
            "*fp16 | *bf16: X",
            "i32:16: stride_xm n_rows n_expts_tot",
            "i32: stride_ym dst_offs_m",
        ),
        # One entry for each GPU that shares in the result.
        "PeerYvs": ("*fp16 | *bf16",),
        "PeerYis": ("*i16",),
        "PeerBits": ("*u32",),
    },
    constexprs={
        **{"USE_PROVIDED_INDX": [False, True], "APPLY_SOFTMAX": True},
        **{"stride_rm": 1, "stride_rn": 1024, "N_EXPTS_PAD": 128, "N_EXPTS_ACT": 4},
        **each(32, "BLOCK_M BLOCK_N"),
    },
    grid=lambda n_rows, BLOCK_M: (cdiv(n_rows, BLOCK_M),),
)(_topk_forward)

export(
    "others.triton_kernels.topk_backward",
    types=typed(
        "*i16: Yi",
        "*bf16: DY X DX",
        "i32: stride_ym stride_dym stride_xm stride_dxm n_rows n_expts_tot",
        "*i32 | None: NRows",
    ),
    constexprs={"APPLY_SOFTMAX": [True, False], "N_EXPTS_ACT": 4, "N_EXPTS_PAD": 128},
    grid=lambda DY: (DY.shape[0],),
)(_topk_backward)

export(
    "others.triton_kernels.swiglu",
    types=typed(
        "*bf16: Out A",
        "fp32: alpha",
        "i32:16: M N stride_am stride_outm",
        "i32:1: stride_an stride_outn",
        "*i32 | None: NTokens",
        "i32: M_BLOCKS N_BLOCKS",
    ),
    constexprs={
        **{"BLOCK_M": 32, "BLOCK_N": 128, "limit": None, "flexpoint_saturate_inf": False},
        **each(None, "OutExpectedScale OutActualScale OutChecksumScale AScale"),
    },
    grid=lambda M_BLOCKS, N_BLOCKS: (min(M_BLOCKS * N_BLOCKS, 4 * sm_count()),),
)(triton.heuristics({"EVEN_N": lambda args: args["N"] % args["BLOCK_N"] == 0})(_swiglu))

export(
    "others.triton_kernels.downcast_to_mxfp8",
    types=typed(
        "*fp8e4nv: mx_tensor_ptr",
        "*u8: mx_scale_ptr",
        "*bf16: src_ptr",
        "i32:16: stride_mxt_outer stride_src_outer outer_dim quant_dim",
        "i32:1: stride_mx_scale_quant stride_src_quant",
        "i32: stride_mx_scale_outer",
    ),
    constexprs={
        **{"stride_mxt_quant": 1, "MICROBLOCK_SIZE": 32, "DEQUANT_SCALE_ROUNDING_MODE": 0},
        **each(128, "BLOCK_SIZE_OUT_DIM BLOCK_SIZE_QUANT_DIM"),
    },
    grid=lambda outer_dim, quant_dim: (cdiv(outer_dim, 128), cdiv(quant_dim, 128)),
    num_warps=8,
    targets=["sm_90", "sm_100"],
)(_downcast_to_mxfp)

for name, packed, per_byte in (("mxfp8", "fp8e4nv", 1), ("mxfp4", "u8", 2)):
    export(
        f"others.triton_kernels.upcast_from_{name}",
        types={
            "out_desc": "tensordesc<bf16[BLOCK_SIZE_OUT_DIM, BLOCK_SIZE_QUANT_DIM]>",
            "mx_tensor_desc": f"tensordesc<{packed}[BLOCK_SIZE_OUT_DIM, {128 // per_byte}]>",
            **typed(
                "*u8: mx_scale_ptr",
                "i32: stride_scale_outer outer_dim quant_dim",
                "i32:1: stride_scale_quant",
            ),
        },
        constexprs={"MX_BLOCK_SIZE": 32, **each(128, "BLOCK_SIZE_OUT_DIM BLOCK_SIZE_QUANT_DIM")},
        grid=lambda outer_dim, quant_dim: (cdiv(outer_dim, 128), cdiv(quant_dim, 128)),
        num_warps=8,
        targets=["sm_90", "sm_100"],
    )(_upcast_from_mxfp)

export(
    "others.triton_kernels.sum_bitmatrix_rows",
    types=typed("*u32: B", "*i32: Out OutPartials", "i32: shape_bm stride_pn shape_pn"),
    constexprs={
        **{"BLOCK_MM": 1024, "BLOCK_M": 32, "stride_bn": 1024},
        **each(1, "stride_bm stride_pm"),
    },
    grid=lambda B, BLOCK_MM: (cdiv(B.shape[0], BLOCK_MM), B.shape[1]),
    num_warps=8,
)(_sum_bitmatrix_rows)

export(
    "others.triton_kernels.bitmatrix_metadata_1",
    types=typed(
        "*i32: CombinedIndx ColSum ColOffs PartialColSum",
        "i32: n_combined_indx sentinel n_cols shape_pm stride_pm stride_pn",
    ),
    constexprs={"BLOCK": 1024, **each(512, "BLOCK_M BLOCK_N")},
    grid=lambda n_combined_indx, BLOCK, n_cols: (cdiv(n_combined_indx, BLOCK) + n_cols + 1,),
)(_bitmatrix_metadata_compute_stage1)

export(
    "others.triton_kernels.bitmatrix_metadata_2",
    types=typed(
        "*i32: ColSortedIndx RowSortedIndx ColPartialSum ColOffs",
        "*i16: NonzeroIndx",
        "i32: n_tokens stride_pm stride_pn",
    ),
    constexprs={"TOKS_PER_ROW": 4, "BLOCK_PER_TOK": 32},
    grid=lambda n_tokens, BLOCK_PER_TOK: (cdiv(n_tokens, BLOCK_PER_TOK),),
)(_bitmatrix_metadata_compute_stage2)

export(
    "others.triton_kernels.masked_compaction",
    types=typed(
        "*bf16: Yv RetYv", "*i16: Yi RetYi", "*u32: BitMask", "i32: stride_bm stride_bn sentinel"
    ),
    constexprs={"K": 8},
    grid=lambda Yv: (Yv.shape[0],),
)(_masked_compaction)

# Kernels that are made at run time of a template and the functions that they shall call.
export(
    "others.triton_kernels.reduce_swiglu",
    types=typed("*bf16: X Y", "i32: stride_x1 stride_y1 S0 X_S1 Y_S1 DIM", "fp32: alpha limit"),
    constexprs={
        **{"K": 4, "BLOCK_S0": 32, "BLOCK_X_S1": 128, "BLOCK_Y_S1": 64, "Y_MX_BLOCK_SIZE": 32},
        **{"Y_VALUE_PACK_FACTOR": 1, "Y_FLEX_SATURATE_INF": False},
        **each(True, "IS_MASK_NONE IS_SCALE_NONE USE_STATIC_LOOP"),
        **each(False, "BROADCAST_R BROADCAST_S0 BROADCAST_S1"),
        **each(False, "SCALE_BROADCAST_R SCALE_BROADCAST_S0 SCALE_BROADCAST_S1"),
        **each(None, "XMx YMx stride_xmxr stride_xmx0 stride_xmx1 stride_ymx0 stride_ymx1"),
        **each(None, "Mask stride_mr stride_m0 stride_m1 Scale stride_sr stride_s0 stride_s1"),
        **each(None, "UnpaddedBatchSize XFlex XGlobalScale"),
        **each(None, "YFlexExpected YFlexActual YFlexChecksum"),
    },
    grid=lambda S0, Y_S1: (cdiv(S0, 32), cdiv(Y_S1, 64)),
)(reductions.get(postprocess_fn1=SWIGLU)._reduce_forward)

export(
    "others.triton_kernels.matmul_swiglu",
    types=typed(
        "*bf16: Y YPtr X XPtr W WPtr",
        "*fp32: B",
        "i32: stride_y_k stride_y_z stride_y_m stride_y_n stride_x_z stride_x_m stride_x_k",
        "i32: stride_w_e stride_w_k stride_w_n stride_b_e N K K_W",
        "i32: batch_size grid_m grid_n reduce_rank",
        "*i32: GatherIndx XSliceSizes XSliceOffs XBlockOffs XBlockSchedule",
        "fp32: alpha limit",
    ),
    constexprs={
        **{"RAGGED_DIMENSION": "M", "ACTIVATION_REDUCTION_N": 2, "N_EXPTS_TOT": 8},
        **{"BLOCK_M": 64, "BLOCK_N": 128, "BLOCK_K": 64, "GROUP_M": 8, "W_CACHE_MODIFIER": ".cg"},
        **{"MX_BLOCK_SIZE": 32, "NUM_SMS": 0, "MAX_NUM_IMPRECISE_ACC": 0},
        **each(1, "XCD_SWIZZLE EPILOGUE_SUBTILE SPLIT_K X_SLICE_SIZES_DIVISIBILITY"),
        **each("STRIDED", "SWIZZLE_MX_VALUE SWIZZLE_MX_SCALE"),
        **each(True, "ALLOW_TF32 EVEN_K"),
        **each(False, "X_TRANSPOSE W_TRANSPOSE Y_ACC_IS_Y FLEXPOINT_SATURATE_INF"),
        **each(False, "PER_BATCH_W_SCALE PER_BATCH_OUT_SCALE PER_BATCH_ACC_SCALE"),
        **each(None, "X_TMA_MODE Y_TMA_MODE X_EXPECTED_SLICE_SIZE W_EXPECTED_SLICE_SIZE"),
        **each(None, "_W_SLICE_SIZES_DIVISIBILITY YExpectedScale YActualScale YChecksumScale"),
        **each(None, "stride_y_mx_k stride_y_mx_z stride_y_mx_m stride_y_mx_n XScale XMxScale"),
        **each(None, "stride_x_mx_z stride_x_mx_m stride_x_mx_k WScale WMxScale stride_w_mx_e"),
        **each(None, "stride_w_mx_k stride_w_mx_n OutAcc stride_acc_z stride_acc_m stride_acc_n"),
        **each(None, "OutAccScale M Betas Gammas WriteBackIndx writeback_size WSliceSizes"),
        **each(None, "WSliceOffs WBlockOffs WBlockSchedule out_alpha pYPtrs map_dst_coord"),
        **each(None, "all_writes_issued TOKENS_PER_EXPT_FOR_ANNOTATION"),
    },
    grid=lambda batch_size, grid_m, grid_n: (batch_size * grid_m * grid_n,),
)(matmuls.get(activation=SWIGLU)._matmul)
