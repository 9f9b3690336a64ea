"""Quantisation of torchao 0.18.0."""

import triton.language as tl
from torchao.prototype.attention.quantization.triton_hadamard_qkv_quantization import (
    hadamard_single_phase1_kernel,
)
from torchao.prototype.attention.quantization.triton_qkv_quantization import group_reduce_kernel
from torchao.prototype.float8nocompile.kernels.fp8_dynamic_tensorwise import (
    _amax_atomic,
    _amax_reduction,
    _scale_atomic,
    _scale_reduction,
)
from torchao.prototype.fp8_sdpa_inference.fp8_sdpa_quantization import (
    qkv_phase1_kernel,
    qkv_reduce_kernel,
)
from torchao.prototype.hqq.kernels import _mixed_mm_kernel
from torchao.prototype.quantized_training.int8_mm import _scaled_int8_mm_kernel
from triton import cdiv

from codegen.export import export

from .declaring import each, jit, typed

export(
    "others.torchao.amax_atomic",
    types=typed(
        "*bf16: input_ptr",
        "*fp32: amax_ptr",
        "i32:16: num_elements",
    ),
    constexprs={"input_dtype": tl.bfloat16, "BLOCK_SIZE": 512, "EPS": 1e-12},
    grid=lambda META: (cdiv(META["num_elements"], META["BLOCK_SIZE"]),),
)(jit(_amax_atomic))

export(
    "others.torchao.scale_atomic",
    types=typed(
        "*fp32: amax_ptr scale_out_ptr",
        "fp32: fp8_dtype_max",
    ),
    constexprs={"EPS": 1e-12},
    grid=lambda: (1,),
)(jit(_scale_atomic))

export(
    "others.torchao.amax_reduction",
    types=typed(
        "*bf16: input_ptr",
        "*fp32: block_amaxes_ptr",
        "i32:16: num_elements",
    ),
    constexprs={"input_dtype": tl.bfloat16, "BLOCK_SIZE": 4096, "EPS": 1e-12},
    grid=lambda META: (cdiv(META["num_elements"], META["BLOCK_SIZE"]),),
    num_warps=8,
)(jit(_amax_reduction))

export(
    "others.torchao.scale_reduction",
    types=typed(
        "*fp32: block_amaxes_ptr scale_out_ptr",
        "i32:16: num_elements",
        "fp32: fp8_dtype_max",
    ),
    constexprs={"BLOCK_SIZE": 4096, "EPS": 1e-12},
    grid=lambda: (1,),
)(jit(_scale_reduction))

export(
    "others.torchao.qkv_phase1",
    types=typed(
        "*bf16: q_ptr k_ptr v_ptr",
        "*fp32: partial_max_ptr",
        "i32:16: stride_b stride_h stride_s S D",
        "i32: chunk_size num_chunks H",
    ),
    constexprs={"BLOCK_SIZE": 512, **each(1, "stride_d")},
    grid="explicit",
)(jit(qkv_phase1_kernel))

export(
    "others.torchao.qkv_reduce",
    types=typed(
        "*fp32: partial_max_ptr q_scale_ptr k_scale_ptr v_scale_ptr q_descale_ptr k_descale_ptr",
        "*fp32: v_descale_ptr",
        "i32: H num_chunks",
    ),
    grid="explicit",
)(jit(qkv_reduce_kernel))

export(
    "others.torchao.scaled_int8_mm",
    types=typed(
        "*i8: A_ptr B_ptr",
        "*fp32: C_ptr row_scale_ptr col_scale_ptr",
        "i32: M",
        "i32:16: N K stride_am stride_bk stride_cm",
    ),
    constexprs={
        "BLOCK_M": 64,
        "BLOCK_N": 256,
        "BLOCK_K": 32,
        **each(1, "stride_ak stride_bn stride_cn"),
    },
    grid=lambda META: (cdiv(META["M"], META["BLOCK_M"]) * cdiv(META["N"], META["BLOCK_N"]),),
    num_stages=4,
)(jit(_scaled_int8_mm_kernel))

export(
    "others.torchao.mixed_mm",
    types=typed(
        "*fp16: A scales_ptr zeros_ptr C",
        "*u8: B",
        "i32: M",
        "i32:16: N K stride_am stride_bk stride_cm stride_scale_k",
    ),
    constexprs={
        "IS_BFLOAT16": False,
        "QGROUP_SIZE": 64,
        "BLOCK_M": 256,
        "BLOCK_N": 64,
        "BLOCK_K": 32,
        "SPLIT_K": 1,
        "EVEN_K": True,
        **each(1, "stride_ak stride_bn stride_cn stride_scale_n"),
    },
    grid=lambda META: (
        cdiv(META["M"], META["BLOCK_M"]) * cdiv(META["N"], META["BLOCK_N"]),
        META["SPLIT_K"],
    ),
    num_stages=4,
)(jit(_mixed_mm_kernel))

export(
    "others.torchao.hadamard_single_phase1",
    types=typed(
        "*bf16: x_ptr x_had_ptr",
        "*fp32: temp_ptr partial_max_ptr",
        "i32:16: stride_b stride_h stride_s stride_temp_b stride_temp_h stride_temp_c S",
        "i32: H chunk_size num_chunks",
    ),
    constexprs={"D": 128, "LOG2_D": 7, "USE_BFLOAT16": True, **each(1, "stride_d stride_temp_d")},
    grid="explicit",
)(jit(hadamard_single_phase1_kernel))

export(
    "others.torchao.group_reduce",
    types=typed(
        "*fp32: partial_max_ptr scale_ptr descale_ptr",
        "i32: H_q H_kv num_chunks",
    ),
    constexprs=each(1, "groups"),
    grid="explicit",
)(jit(group_reduce_kernel))
