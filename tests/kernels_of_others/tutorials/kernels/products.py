"""Matrix products of Triton's tutorials: one for all, groups of them, persistent ones."""

from triton import cdiv

from codegen.export import export

from .source import tutorial

matmul = tutorial("03-matrix-multiplication")
grouped = tutorial("08-grouped-gemm")
persistent = tutorial("09-persistent-matmul")

NEWER = ["sm_90", "sm_100"]
# As many programs as an H100 or H200 has SMs. With another number the result is the same.
NUM_SMS = 132

SIZES = {**dict.fromkeys(("M", "N", "K"), "i32:16")}
STRIDES = {
    **dict.fromkeys(("stride_am", "stride_bk", "stride_cm"), "i32:16"),
    **dict.fromkeys(("stride_ak", "stride_bn", "stride_cn"), "i32:1"),
}
TILES = {"BLOCK_SIZE_M": 128, "GROUP_SIZE_M": 8}
PERSISTENT = [
    {**TILES, "BLOCK_SIZE_N": 128, "BLOCK_SIZE_K": 64, "num_stages": 3, "num_warps": 4},
    {**TILES, "BLOCK_SIZE_N": 256, "BLOCK_SIZE_K": 64, "num_stages": 3, "num_warps": 8},
]
SUBTILED = [{**one, "EPILOGUE_SUBTILE": split} for one in PERSISTENT for split in (True, False)]
MAPS = {
    "a_desc": "tensordesc<fp16[BLOCK_SIZE_M, BLOCK_SIZE_K]>",
    "b_desc": "tensordesc<fp16[BLOCK_SIZE_N, BLOCK_SIZE_K]>",
    "c_desc": "tensordesc<fp16[BLOCK_SIZE_M, BLOCK_SIZE_N]>",
}

export(
    "tutorials.matmul",
    types={
        **dict.fromkeys(("a_ptr", "b_ptr"), "*fp16 | *fp8e5"),
        **{"c_ptr": "*fp16", **SIZES, **STRIDES},
    },
    constexprs={"ACTIVATION": ["", "leaky_relu"]},
    configs=[
        {"BLOCK_SIZE_M": 128, "BLOCK_SIZE_N": 256, "BLOCK_SIZE_K": 64},
        {"BLOCK_SIZE_M": 64, "BLOCK_SIZE_N": 32, "BLOCK_SIZE_K": 32},
    ],
    grid=lambda META: (
        cdiv(META["M"], META["BLOCK_SIZE_M"]) * cdiv(META["N"], META["BLOCK_SIZE_N"]),
    ),
)(matmul.matmul_kernel)

# The sizes and rows of each product, and the addresses of its matrices, are in tensors.
export(
    "tutorials.grouped_matmul",
    types={
        **dict.fromkeys(("group_a_ptrs", "group_b_ptrs", "group_c_ptrs"), "*i64"),
        **{"group_gemm_sizes": "*i32", "g_lds": "*i32", "group_size": "i32"},
    },
    configs=[
        {"BLOCK_SIZE_M": 128, "BLOCK_SIZE_K": 32, "NUM_SM": 128},
        {"BLOCK_SIZE_M": 64, "BLOCK_SIZE_N": 64, "NUM_SM": 84},
    ],
    shapes={
        **dict.fromkeys(("group_a_ptrs", "group_b_ptrs", "group_c_ptrs"), ("group_size",)),
        **dict.fromkeys(("group_gemm_sizes", "g_lds"), ("group_size", 3)),
    },
    grid=lambda META: (META["NUM_SM"],),
)(grouped.grouped_matmul_kernel)

export(
    "tutorials.grouped_matmul_tma",
    types={
        **dict.fromkeys(("group_a_ptrs", "group_b_ptrs", "group_c_ptrs"), "*i64"),
        **{"group_gemm_sizes": "*i32", "g_lds": "*i32", "group_size": "i32"},
    },
    constexprs={"NUM_SM": NUM_SMS, "FP8": [False, True]},
    configs=[
        {"BLOCK_SIZE_N": 128, "BLOCK_SIZE_K": 64, "num_stages": 3, "num_warps": 4},
        {"BLOCK_SIZE_N": 256, "BLOCK_SIZE_K": 64, "num_stages": 3, "num_warps": 8},
    ],
    shapes={
        **dict.fromkeys(("group_a_ptrs", "group_b_ptrs", "group_c_ptrs"), ("group_size",)),
        **dict.fromkeys(("group_gemm_sizes", "g_lds"), ("group_size", 3)),
    },
    grid=lambda META: (META["NUM_SM"],),
    targets=NEWER,
)(grouped.grouped_matmul_tma_kernel)

export(
    "tutorials.matmul_naive",
    types={**dict.fromkeys(("a_ptr", "b_ptr", "c_ptr"), "*fp16"), **SIZES, **STRIDES},
    configs=PERSISTENT,
    grid=lambda META: (
        cdiv(META["M"], META["BLOCK_SIZE_M"]) * cdiv(META["N"], META["BLOCK_SIZE_N"]),
    ),
)(persistent.matmul_kernel)

# On an H100 the specialised warps come with 8 others: with 4, Triton 3.9 fails.
for name, is_specialized, configs in (
    ("matmul_tma", False, PERSISTENT),
    ("matmul_tma_specialized", True, PERSISTENT[1:]),
):
    export(
        f"tutorials.{name}",
        types={**MAPS, **SIZES},
        constexprs={"FP8_OUTPUT": False, "WARP_SPECIALIZE": is_specialized},
        configs=configs,
        hooks="caller",
        grid=lambda META: (
            cdiv(META["M"], META["BLOCK_SIZE_M"]) * cdiv(META["N"], META["BLOCK_SIZE_N"]),
        ),
    )(persistent.matmul_kernel_tma)

export(
    "tutorials.matmul_persistent",
    types={**dict.fromkeys(("a_ptr", "b_ptr", "c_ptr"), "*fp16"), **SIZES, **STRIDES},
    constexprs={"NUM_SMS": NUM_SMS},
    configs=PERSISTENT,
    grid=lambda META: (
        min(
            META["NUM_SMS"],
            cdiv(META["M"], META["BLOCK_SIZE_M"]) * cdiv(META["N"], META["BLOCK_SIZE_N"]),
        ),
    ),
)(persistent.matmul_kernel_persistent)

export(
    "tutorials.matmul_tma_persistent",
    types={
        **MAPS,
        "c_desc": "tensordesc<fp16[BLOCK_SIZE_M, "
        "BLOCK_SIZE_N // 2 if EPILOGUE_SUBTILE else BLOCK_SIZE_N]>",
        **SIZES,
    },
    constexprs={"FP8_OUTPUT": False, "NUM_SMS": NUM_SMS, "WARP_SPECIALIZE": [False, True]},
    configs=SUBTILED,
    hooks="caller",
    grid=lambda META: (
        min(
            META["NUM_SMS"],
            cdiv(META["M"], META["BLOCK_SIZE_M"]) * cdiv(META["N"], META["BLOCK_SIZE_N"]),
        ),
    ),
)(persistent.matmul_kernel_tma_persistent)

export(
    "tutorials.matmul_descriptor_persistent",
    types={**dict.fromkeys(("a_ptr", "b_ptr", "c_ptr"), "*fp16 | *fp8e4nv"), **SIZES},
    constexprs={"NUM_SMS": NUM_SMS, "WARP_SPECIALIZE": [False, True], "FLATTEN": [False, True]},
    configs=SUBTILED,
    shapes={"a_ptr": ("M", "K"), "b_ptr": ("N", "K"), "c_ptr": ("M", "N")},
    grid=lambda META: (
        min(
            META["NUM_SMS"],
            cdiv(META["M"], META["BLOCK_SIZE_M"]) * cdiv(META["N"], META["BLOCK_SIZE_N"]),
        ),
    ),
    targets=NEWER,
)(persistent.matmul_kernel_descriptor_persistent)
