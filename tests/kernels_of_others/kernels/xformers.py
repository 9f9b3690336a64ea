"""Gathers, norms and a tiled matmul of xformers 0.0.35."""

import triton.language as tl
from triton import cdiv
from xformers.ops._triton.k_index_select_cat import index_select_cat_fwd_kernel
from xformers.ops._triton.k_scaled_index_add import scaled_index_add_fwd_kernel
from xformers.ops._triton.rmsnorm_kernels import _rms_norm_add_kernel, _rms_norm_kernel
from xformers.ops._triton.tiled_matmul_kernels import _xformers_tiled_matmul_kernel

from codegen.export import export

from .declaring import each, jit, typed

export(
    "others.xformers.index_select_cat_fwd",
    types=typed(
        "*fp16: output_ptr source_ptr",
        "*i64: index_ptr",
        "i32: num_indices",
        "i32:16: num_cols stride0",
    ),
    constexprs={"BLOCK_SIZE_INDEX": 1, "BLOCK_SIZE_COL": 512, **each(1, "stride1")},
    grid=lambda META: (
        cdiv(META["num_indices"], META["BLOCK_SIZE_INDEX"]),
        cdiv(META["num_cols"], META["BLOCK_SIZE_COL"]),
    ),
)(jit(index_select_cat_fwd_kernel))

export(
    "others.xformers.scaled_index_add_fwd",
    types=typed(
        "*fp16: input_ptr source_ptr scaling_ptr",
        "*i64: index_ptr",
        "fp32: alpha",
        "i32: num_inp_indices num_src_indices num_rows",
        "i32:16: num_cols stride0 stride1",
    ),
    constexprs={
        "BLOCK_SIZE_INDEX": 1,
        "BLOCK_SIZE_ROW": 1,
        "BLOCK_SIZE_COL": 512,
        "HAS_SCALING": True,
        **each(1, "stride2"),
    },
    grid=lambda META: (
        cdiv(META["num_src_indices"], META["BLOCK_SIZE_INDEX"]),
        cdiv(META["num_rows"], META["BLOCK_SIZE_ROW"]),
        cdiv(META["num_cols"], META["BLOCK_SIZE_COL"]),
    ),
)(jit(scaled_index_add_fwd_kernel))

export(
    "others.xformers.xformers_rms_norm",
    types=typed(
        "*fp16 | *bf16: x_ptr h1_ptr w_ptr",
        "fp32: eps",
        "i32:16: stride",
    ),
    constexprs={"N_COLS": 4096, "BLOCK_SIZE": 4096, "INCLUDE_WEIGHT": True},
    grid="explicit",
    num_warps=8,
)(jit(_rms_norm_kernel))

export(
    "others.xformers.rms_norm_add",
    types=typed(
        "*bf16: x_ptr y_ptr h1_ptr w_ptr",
        "fp32: eps",
        "i32:16: stride",
    ),
    constexprs={"N_COLS": 4096, "BLOCK_SIZE": 4096, "INCLUDE_WEIGHT": True},
    grid="explicit",
    num_warps=8,
)(jit(_rms_norm_add_kernel))

export(
    "others.xformers.xformers_tiled_matmul",
    types=typed(
        "*fp16: A11 A12 A13 A21 A22 A23 A31 A32 A33 B11 B12 B13 B21 B22 B23 B31 B32 B33 C11 C12",
        "*fp16: C13 C21 C22 C23 C31 C32 C33",
        "i32:16: M1 N1 K1 stride_am1 stride_bk1 stride_cm1",
        "i32: M2 M3 N2 N3 K2 K3 stride_am2 stride_am3 stride_bk2 stride_bk3 stride_cm2 stride_cm3",
    ),
    constexprs={
        "BLOCK_M": 256,
        "BLOCK_N": 64,
        "BLOCK_K": 32,
        "GROUP_M": 8,
        "SPLIT_K": 1,
        "EVEN_K": True,
        "ACC_TYPE": tl.float32,
        **each(1, "stride_ak1 stride_ak2 stride_ak3"),
        **each(1, "stride_bn1 stride_bn2 stride_bn3"),
        **each(1, "stride_cn1 stride_cn2 stride_cn3"),
    },
    grid="explicit",
    num_stages=4,
)(jit(_xformers_tiled_matmul_kernel))
