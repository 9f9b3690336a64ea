"""A matmul of Liger Kernel with configurations that its own assertion forbids for this K."""

from liger_kernel.ops.experimental.mm_int8int2 import matmul_kernel
from triton import cdiv

from codegen.export import export

REASON = "no image is left"

export(
    "refused.no_configuration",
    types={
        "a_ptr": "*i8",
        "b_ptr": "*u8",
        "c_ptr": "*i32",
        **dict.fromkeys(("M", "N", "stride_am", "stride_bk", "stride_cm"), "i32"),
        **dict.fromkeys(("stride_ak", "stride_bn", "stride_cn"), "i32:1"),
    },
    constexprs={"K": 256},
    configs=[{"BLOCK_SIZE_K": 128}],
    grid=lambda META: (
        cdiv(META["M"], META["BLOCK_SIZE_M"]) * cdiv(META["N"], META["BLOCK_SIZE_N"]),
    ),
)(matmul_kernel)
