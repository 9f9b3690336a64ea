"""Kernels of torchao 0.18.0 on fp8e4nv. That type begins at sm_89."""

import triton.language as tl
from torchao.prototype.blockwise_fp8_training.kernels import (
    triton_fp8_blockwise_act_quant_lhs_kernel,
    triton_fp8_blockwise_act_quant_rhs_kernel,
    triton_fp8_blockwise_act_quant_transposed_lhs_kernel,
    triton_fp8_blockwise_weight_quant_rhs_kernel,
)
from torchao.prototype.float8nocompile.kernels.fp8_dynamic_tensorwise import (
    _to_fp8_col_major,
    _to_fp8_row_major,
    _to_fp8_row_major_t,
)
from torchao.prototype.fp8_sdpa_inference.fp8_sdpa_quantization import qkv_phase2_kernel
from triton import cdiv

from codegen.export import export

from .declaring import each, jit, typed

NEWER = ["sm_90", "sm_100"]

export(
    "others.torchao.triton_fp8_blockwise_act_quant_lhs",
    types=typed(
        "*bf16: x_ptr",
        "i32:16: x_stride_dim_0 y_stride_dim_0 s_stride_dim_1",
        "*fp8e4nv: y_ptr",
        "*fp32: s_ptr",
        "i32: M",
    ),
    constexprs={
        "K": 512,
        "BLOCK_SIZE": 128,
        "NUM_GROUPS": 2,
        "EPS": 1e-12,
        "FP8_MAX": 448.0,
        **each(1, "x_stride_dim_1 y_stride_dim_1 s_stride_dim_0"),
    },
    grid="explicit",
    num_stages=2,
    targets=NEWER,
)(jit(triton_fp8_blockwise_act_quant_lhs_kernel))

export(
    "others.torchao.triton_fp8_blockwise_act_quant_rhs",
    types=typed(
        "*bf16: x_ptr",
        "i32:16: x_stride_dim_0 y_stride_dim_1 s_stride_dim_0",
        "*fp8e4nv: y_ptr",
        "*fp32: s_ptr",
        "i32: M",
    ),
    constexprs={
        "K": 512,
        "BLOCK_SIZE": 128,
        "NUM_GROUPS": 2,
        "EPS": 1e-12,
        "FP8_MAX": 448.0,
        **each(1, "x_stride_dim_1 y_stride_dim_0 s_stride_dim_1"),
    },
    grid="explicit",
    num_stages=2,
    targets=NEWER,
)(jit(triton_fp8_blockwise_act_quant_rhs_kernel))

export(
    "others.torchao.triton_fp8_blockwise_weight_quant_rhs",
    types=typed(
        "*bf16: x_ptr",
        "i32:16: x_stride_dim_0 y_stride_dim_1",
        "*fp8e4nv: y_ptr",
        "*fp32: s_ptr",
        "i32: s_stride_dim_1",
    ),
    constexprs={
        "M": 256,
        "N": 512,
        "BLOCK_SIZE": 128,
        "EPS": 1e-12,
        "FP8_MAX": 448.0,
        **each(1, "x_stride_dim_1 y_stride_dim_0 s_stride_dim_0"),
    },
    grid="explicit",
    num_stages=2,
    targets=NEWER,
)(jit(triton_fp8_blockwise_weight_quant_rhs_kernel))

export(
    "others.torchao.triton_fp8_blockwise_act_quant_transposed_lhs",
    types=typed(
        "*bf16: x_ptr",
        "i32:16: x_stride_dim_0 y_stride_dim_0 s_stride_dim_1",
        "*fp8e4nv: y_ptr",
        "*fp32: s_ptr",
        "i32: M",
    ),
    constexprs={
        "K": 512,
        "BLOCK_SIZE": 128,
        "NUM_GROUPS": 2,
        "EPS": 1e-12,
        "FP8_MAX": 448.0,
        **each(1, "x_stride_dim_1 y_stride_dim_1 s_stride_dim_0"),
    },
    grid="explicit",
    num_stages=2,
    targets=NEWER,
)(jit(triton_fp8_blockwise_act_quant_transposed_lhs_kernel))

export(
    "others.torchao.to_fp8_row_major",
    types=typed(
        "*bf16: input_ptr",
        "*fp8e4nv: out_ptr",
        "*fp32: scale_ptr",
        "i32:16: num_elements",
    ),
    constexprs={
        "input_dtype": tl.bfloat16,
        "output_dtype": tl.float8e4nv,
        "BLOCK_SIZE": 512,
        "EPS": 1e-12,
    },
    grid=lambda META: (cdiv(META["num_elements"], META["BLOCK_SIZE"]),),
    targets=NEWER,
)(jit(_to_fp8_row_major))

export(
    "others.torchao.to_fp8_row_major_t",
    types=typed(
        "*bf16: input_ptr",
        "*fp8e4nv: out_ptr",
        "*fp32: scale_ptr",
        "i32:16: num_elements input_num_rows input_num_cols output_num_rows output_num_cols",
        "i32:16: input_stride_row output_stride_row",
    ),
    constexprs={
        "input_dtype": tl.bfloat16,
        "output_dtype": tl.float8e4nv,
        "BLOCK_SIZE_ROWS": 128,
        "BLOCK_SIZE_COLS": 128,
        "EPS": 1e-12,
    },
    grid="explicit",
    targets=NEWER,
)(jit(_to_fp8_row_major_t))

export(
    "others.torchao.to_fp8_col_major",
    types=typed(
        "*bf16: input_ptr",
        "*fp8e4nv: out_ptr",
        "*fp32: scale_ptr",
        "i32:16: num_elements num_cols out_stride_row",
    ),
    constexprs={
        "input_dtype": tl.bfloat16,
        "output_dtype": tl.float8e4nv,
        "BLOCK_SIZE_ROWS": 128,
        "BLOCK_SIZE_COLS": 128,
        "EPS": 1e-12,
    },
    grid="explicit",
    targets=NEWER,
)(jit(_to_fp8_col_major))

export(
    "others.torchao.qkv_phase2",
    types=typed(
        "*bf16: q_ptr k_ptr v_ptr",
        "*fp8e4nv: q_out_ptr k_out_ptr v_out_ptr",
        "*fp32: q_scale_ptr k_scale_ptr v_scale_ptr",
        "i32:16: stride_b stride_h stride_s S D",
        "i32: H chunk_size",
    ),
    constexprs={"BLOCK_SIZE": 512, **each(1, "stride_d")},
    grid="explicit",
    targets=NEWER,
)(jit(qkv_phase2_kernel))
