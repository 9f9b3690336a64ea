"""A matmul of torchao with block pointers, which Triton 3.9.0 no longer has."""

from torchao.kernel.intmm_triton import matmul_kernel_with_block_pointers
from triton import cdiv

from codegen.export import export

REASON = "make_block_ptr"

export(
    "refused.block_pointers",
    types={
        **dict.fromkeys(("a_ptr", "b_ptr"), "*i8"),
        "c_ptr": "*i32",
        **dict.fromkeys(("M", "N", "K", "stride_am", "stride_bk", "stride_cm"), "i32"),
        **dict.fromkeys(("stride_ak", "stride_bn", "stride_cn"), "i32:1"),
    },
    constexprs={"BLOCK_M": 64, "BLOCK_N": 64, "BLOCK_K": 32, "GROUP_M": 8},
    grid=lambda M, N, BLOCK_M, BLOCK_N: (cdiv(M, BLOCK_M) * cdiv(N, BLOCK_N),),
)(matmul_kernel_with_block_pointers)
