"""Sparse attention of AdaSplash 0.2.2."""

from adasplash.adasplash_block_mask import _bwd_kv_kernel, _get_tau
from triton import cdiv

from codegen.export import export

from .declaring import derived, each, typed

export(
    "others.adasplash.get_tau",
    types=typed(
        "*fp16 | *bf16: Q K",
        "*fp32: TAUS",
        "*i32 | None: VARLEN",
        "*i8: BMASK",
        "fp32: alpha sm_scale",
        "i32: NITER N_CTX stride_qh stride_th stride_bmh stride_bmm",
    ),
    constexprs={
        **{"IS_CAUSAL": [True, False], "N_H": 8, "H_DIM": 64, "BLOCK_M_TINY": 16},
        **each(64, "BLOCK_M BLOCK_N"),
    },
    grid=lambda N_CTX, BLOCK_M, N_H, Q: (cdiv(N_CTX, BLOCK_M), N_H, Q.shape[0]),
)(derived(_get_tau, IS_VARLEN=lambda given: given["VARLEN"] is not None))

export(
    "others.adasplash.bwd_kv",
    types=typed(
        "*bf16: Q K V DO DK DV",
        "*fp32: TAUS D",
        "*i32 | None: VARLEN",
        "*i32: Q_IDXS Q_CUBCOUNT",
        "fp32: alpha sm_scale",
        "i32: N_CTX stride_qh stride_th stride_dh nblocks",
    ),
    constexprs={"IS_CAUSAL": True, "N_H": 8, "H_DIM": 64, **each(64, "BLOCK_M BLOCK_N")},
    grid=lambda nblocks, N_H, Q: (nblocks, N_H, Q.shape[0]),
    num_warps=2,
    num_stages=2,
)(derived(_bwd_kv_kernel, IS_VARLEN=lambda given: given["VARLEN"] is not None))
