"""Gathers, norms and a tiled matmul of xformers 0.0.35."""

import triton.language as tl
from triton import cdiv, next_power_of_2
from xformers.ops._triton.k_index_select_cat import index_select_cat_fwd_kernel
from xformers.ops._triton.k_scaled_index_add import scaled_index_add_fwd_kernel
from xformers.ops._triton.rmsnorm_kernels import _rms_norm_add_kernel, _rms_norm_kernel
from xformers.ops._triton.tiled_matmul_kernels import _xformers_tiled_matmul_kernel

from codegen.export import export

from .declaring import derived, typed

HALVES = "*fp16 | *bf16"

export(
    "others.xformers.index_select_cat_fwd",
    types=typed(
        "*fp16 | *bf16 | *fp32: output_ptr source_ptr",
        "*i64: index_ptr",
        "i32: num_indices",
        "i32:16: num_cols stride0",
        "i32:1: stride1",
    ),
    constexprs={"BLOCK_SIZE_INDEX": 1, "BLOCK_SIZE_COL": 512},
    shapes={"index_ptr": ("num_indices",)},
    grid=lambda META: (
        cdiv(META["num_indices"], META["BLOCK_SIZE_INDEX"]),
        cdiv(META["num_cols"], META["BLOCK_SIZE_COL"]),
    ),
)(index_select_cat_fwd_kernel)

export(
    "others.xformers.scaled_index_add_fwd",
    types=typed(
        f"{HALVES}: input_ptr source_ptr",
        f"{HALVES} | None: scaling_ptr",
        "*i64: index_ptr",
        "fp32: alpha",
        "i32: num_inp_indices num_src_indices num_rows",
        "i32:16: num_cols stride0 stride1",
        "i32:1: stride2",
    ),
    constexprs={"BLOCK_SIZE_INDEX": 1, "BLOCK_SIZE_ROW": 1, "BLOCK_SIZE_COL": 512},
    shapes={
        "input_ptr": ("num_inp_indices", "num_rows", "num_cols"),
        "source_ptr": ("num_src_indices", "num_rows", "num_cols"),
        "scaling_ptr": ("num_cols",),
    },
    grid=lambda META: (
        cdiv(META["num_src_indices"], META["BLOCK_SIZE_INDEX"]),
        cdiv(META["num_rows"], META["BLOCK_SIZE_ROW"]),
        cdiv(META["num_cols"], META["BLOCK_SIZE_COL"]),
    ),
)(
    derived(
        scaled_index_add_fwd_kernel,
        HAS_SCALING=lambda given: given["scaling_ptr"] is not None,
    )
)


def norm(kernel):
    """A block goes along a row; elements are of two bytes."""
    return derived(
        kernel,
        N_COLS=lambda given: given["x_ptr"].shape[-1],
        BLOCK_SIZE=lambda given: min(max(next_power_of_2(given["N_COLS"]), 128), 8192),
        num_warps=lambda given: min(max(given["BLOCK_SIZE"] // 256, 1), 8),
        INCLUDE_WEIGHT=lambda given: given["w_ptr"] is not None,
    )


export(
    "others.xformers.xformers_rms_norm",
    types=typed(
        f"{HALVES}: x_ptr h1_ptr", f"{HALVES} | None: w_ptr", "fp32: eps", "i32:16: stride"
    ),
    constexprs={"N_COLS": [4096]},
    grid=lambda x_ptr, N_COLS: (x_ptr.numel() // N_COLS,),
)(norm(_rms_norm_kernel))

export(
    "others.xformers.rms_norm_add",
    types=typed("*bf16: x_ptr y_ptr h1_ptr", "*bf16 | None: w_ptr", "fp32: eps", "i32:16: stride"),
    constexprs={"N_COLS": [4096, 5120]},
    grid=lambda x_ptr, N_COLS: (x_ptr.numel() // N_COLS,),
)(norm(_rms_norm_add_kernel))

# Up to three parts along each side; what there is not has a size of 0. Where the sums are not split
# the hooks of its configurations have nothing to do.
export(
    "others.xformers.xformers_tiled_matmul",
    types=typed(
        "*fp16: A11 A12 A13 A21 A22 A23 A31 A32 A33 B11 B12 B13 B21 B22 B23 B31 B32 B33 C11 C12",
        "*fp16: C13 C21 C22 C23 C31 C32 C33",
        "i32:16: M1 N1 K1 stride_am1 stride_bk1 stride_cm1",
        "i32: M2 M3 N2 N3 K2 K3 stride_am2 stride_am3 stride_bk2 stride_bk3 stride_cm2 stride_cm3",
        "i32:1: stride_ak1 stride_ak2 stride_ak3 stride_bn1 stride_bn2 stride_bn3",
        "i32:1: stride_cn1 stride_cn2 stride_cn3",
    ),
    constexprs={"ACC_TYPE": tl.float32},
    configs=[
        {"BLOCK_M": 256, "BLOCK_N": 64, "BLOCK_K": 32, "SPLIT_K": 1},
        {"BLOCK_M": 64, "BLOCK_N": 128, "BLOCK_K": 32, "SPLIT_K": 1},
    ],
    hooks="caller",
    grid=lambda META: (
        sum(cdiv(size, META["BLOCK_M"]) for size in (META["M1"], META["M2"], META["M3"]))
        * sum(cdiv(size, META["BLOCK_N"]) for size in (META["N1"], META["N2"], META["N3"])),
        META["SPLIT_K"],
    ),
)(_xformers_tiled_matmul_kernel)
