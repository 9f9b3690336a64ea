"""A split matmul of torchao: a hook of its configurations clears the sums before each launch."""

from torchao.prototype.hqq.kernels import mixed_mm_kernel_max_autotune
from triton import cdiv

from codegen.export import export

REASON = "pre_hook"

export(
    "refused.hooks",
    types={
        **dict.fromkeys(("A", "scales_ptr", "zeros_ptr", "C"), "*fp16"),
        "B": "*u8",
        **dict.fromkeys(("M", "N", "K", "stride_am", "stride_bk", "stride_cm"), "i32"),
        **dict.fromkeys(("stride_ak", "stride_bn", "stride_cn", "stride_scale_n"), "i32:1"),
        "stride_scale_k": "i32",
    },
    constexprs={"IS_BFLOAT16": False, "QGROUP_SIZE": 64},
    configs=[{"BLOCK_M": 16, "BLOCK_N": 64, "BLOCK_K": 32, "SPLIT_K": 4}],
    grid=lambda META: (
        cdiv(META["M"], META["BLOCK_M"]) * cdiv(META["N"], META["BLOCK_N"]),
        META["SPLIT_K"],
    ),
)(mixed_mm_kernel_max_autotune)
