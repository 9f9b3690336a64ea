"""Sparse convolutions of spconv-triton 1.0.0."""

from spconv_triton.pytorch._impl.gemm import _gather_gemm_kernel
from spconv_triton.pytorch._impl.pair_kernels import _lower_bound_rows_kernel
from spconv_triton.pytorch._impl.pool import _maxpool_fwd_kernel
from triton import cdiv

from codegen.export import export

from .declaring import typed

export(
    "others.spconv.gather_gemm",
    types=typed(
        "*fp16: feats_ptr weight_ptr out_ptr bias_ptr",
        "*i32: pairs_ptr pmask_ptr argsort_ptr",
        "i32: M s_fr s_fc s_wkv s_wr s_wn s_pk s_pm s_or s_oc",
    ),
    constexprs={
        **{"N_dim": 64, "R_dim": 64, "kv": 27, "HAS_BIAS": [True, False], "USE_MASK": True},
        **{"IEEE": False, "ALLOW_TF32": True, "FP16_ACC": False},
    },
    configs=[{"BLOCK_M": 64, "BLOCK_N": 64, "BLOCK_R": 32, "num_warps": 4}],
    grid=lambda M, BLOCK_M, N_dim, BLOCK_N: (cdiv(M, BLOCK_M) * cdiv(N_dim, BLOCK_N),),
)(_gather_gemm_kernel)

export(
    "others.spconv.max_pool",
    types=typed(
        "*fp16: feats_ptr out_ptr", "*i32: pairs_ptr", "i32: M s_fr s_fc s_pk s_pm s_or s_oc"
    ),
    constexprs={"C": 64, "kv": 27, "ACC_F64": False},
    grid=lambda M, BLOCK_M, C, BLOCK_C: (cdiv(M, BLOCK_M), cdiv(C, BLOCK_C)),
)(_maxpool_fwd_kernel)

export(
    "others.spconv.lower_bound_rows",
    types=typed(
        "*i64: keys_ptr sorted_ptr", "*i8: pvalid_ptr", "*i32: out_row_ptr", "i32: M KV_N steps"
    ),
    grid=lambda M, BLOCK: (cdiv(M, BLOCK),),
)(_lower_bound_rows_kernel)
