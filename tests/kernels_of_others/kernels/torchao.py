"""Quantisation of torchao 0.18.0."""

import torch
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
from torchao.prototype.hqq.kernels import mixed_mm_kernel_compute_bound
from torchao.prototype.quantized_training.int8_mm import _scaled_int8_mm_kernel
from triton import cdiv, next_power_of_2

from codegen.export import export

from .declaring import derived, typed

HALVES = "*fp16 | *bf16"
EPS = 1e-12


def dtype_of(name):
    """A constexpr that is the type of a tensor."""
    return lambda given: tl.float16 if given[name].dtype == torch.float16 else tl.bfloat16


export(
    "others.torchao.amax_atomic",
    types=typed(f"{HALVES}: input_ptr", "*fp32: amax_ptr", "i32:16: num_elements"),
    constexprs={"EPS": EPS},
    configs=[{"BLOCK_SIZE": 512}, {"BLOCK_SIZE": 4096}],
    shapes={"input_ptr": ("num_elements",)},
    grid=lambda META: (cdiv(META["num_elements"], META["BLOCK_SIZE"]),),
)(derived(_amax_atomic, input_dtype=dtype_of("input_ptr")))

export(
    "others.torchao.scale_atomic",
    types=typed("*fp32: amax_ptr scale_out_ptr", "fp32: fp8_dtype_max"),
    constexprs={"EPS": EPS},
    grid=lambda: (1,),
)(_scale_atomic)

export(
    "others.torchao.amax_reduction",
    types=typed(f"{HALVES}: input_ptr", "*fp32: block_amaxes_ptr", "i32:16: num_elements"),
    constexprs={"BLOCK_SIZE": [2048, 4096], "EPS": EPS},
    shapes={"input_ptr": ("num_elements",)},
    grid=lambda META: (cdiv(META["num_elements"], META["BLOCK_SIZE"]),),
    num_warps=8,
)(
    derived(
        _amax_reduction,
        input_dtype=dtype_of("input_ptr"),
        BLOCK_SIZE=lambda given: next_power_of_2(min(4096, given["num_elements"])),
    )
)

export(
    "others.torchao.scale_reduction",
    types=typed(
        "*fp32: block_amaxes_ptr scale_out_ptr", "i32:16: num_elements", "fp32: fp8_dtype_max"
    ),
    constexprs={"BLOCK_SIZE": [2048, 4096], "EPS": EPS},
    grid=lambda: (1,),
)(
    derived(
        _scale_reduction,
        BLOCK_SIZE=lambda given: next_power_of_2(min(4096, given["num_elements"])),
    )
)

export(
    "others.torchao.qkv_phase1",
    types=typed(
        "*bf16: q_ptr k_ptr v_ptr",
        "*fp32: partial_max_ptr",
        "i32:16: stride_b stride_h stride_s S D",
        "i32: chunk_size num_chunks H",
        "i32:1: stride_d",
    ),
    tuned={
        (64, 64): {"BLOCK_SIZE": 512},
        (64, 128): {"BLOCK_SIZE": 1024},
        (256, 128): {"BLOCK_SIZE": 4096},
    },
    grid=lambda q_ptr, H, num_chunks: (q_ptr.shape[0], H, num_chunks),
)(qkv_phase1_kernel)

export(
    "others.torchao.qkv_reduce",
    types=typed(
        "*fp32: partial_max_ptr q_scale_ptr k_scale_ptr v_scale_ptr q_descale_ptr k_descale_ptr",
        "*fp32: v_descale_ptr",
        "i32: H num_chunks",
    ),
    grid=lambda q_scale_ptr: (q_scale_ptr.shape[0], q_scale_ptr.shape[1]),
)(qkv_reduce_kernel)

# The best configuration is kept for some shapes of row-major operands; other calls get the first.
export(
    "others.torchao.scaled_int8_mm",
    types=typed(
        "*i8: A_ptr B_ptr",
        "*fp32: C_ptr row_scale_ptr col_scale_ptr",
        "i32: M",
        "i32:16: N K stride_am stride_bk stride_cm",
        "i32:1: stride_ak stride_bn stride_cn",
    ),
    constexprs={"COL_SCALE_SCALAR": [False]},
    tuned={
        (4096, 4096, 4096, 1, 4096): {"BLOCK_M": 128, "BLOCK_N": 256, "BLOCK_K": 64},
        (16, 4096, 4096, 1, 4096): {"BLOCK_M": 32, "BLOCK_N": 64, "num_warps": 2},
    },
    grid=lambda META: (cdiv(META["M"], META["BLOCK_M"]) * cdiv(META["N"], META["BLOCK_N"]),),
)(
    derived(
        _scaled_int8_mm_kernel,
        COL_SCALE_SCALAR=lambda given: given["col_scale_ptr"].numel() == 1,
    )
)

# Its heuristics change what its configurations say: blocks are no larger than groups.
export(
    "others.torchao.mixed_mm",
    types=typed(
        f"{HALVES}: A scales_ptr zeros_ptr C",
        "*u8: B",
        "i32: M",
        "i32:16: N K stride_am stride_bk stride_cm stride_scale_k",
        "i32:1: stride_ak stride_bn stride_cn stride_scale_n",
    ),
    constexprs={"QGROUP_SIZE": 64, "EVEN_K": [True]},
    configs=[
        {"BLOCK_M": 256, "BLOCK_N": 64, "BLOCK_K": 32},
        {"BLOCK_M": 64, "BLOCK_N": 128, "BLOCK_K": 64},
    ],
    grid=lambda META: (
        cdiv(META["M"], META["BLOCK_M"]) * cdiv(META["N"], META["BLOCK_N"]),
        META["SPLIT_K"],
    ),
)(
    derived(
        mixed_mm_kernel_compute_bound,
        IS_BFLOAT16=lambda given: given["A"].dtype == torch.bfloat16,
    )
)

export(
    "others.torchao.hadamard_single_phase1",
    types=typed(
        f"{HALVES}: x_ptr x_had_ptr",
        "*fp32: temp_ptr partial_max_ptr",
        "i32:16: stride_b stride_h stride_s stride_temp_b stride_temp_h stride_temp_c S",
        "i32: H chunk_size num_chunks",
        "i32:1: stride_d stride_temp_d",
    ),
    constexprs={"D": [64, 128]},
    configs=[{"num_warps": 4}],
    grid=lambda x_ptr, H, num_chunks: (x_ptr.shape[0], H, num_chunks),
)(
    derived(
        hadamard_single_phase1_kernel,
        D=lambda given: given["x_ptr"].shape[3],
        LOG2_D=lambda given: 7 if given["D"] == 128 else 6,
        USE_BFLOAT16=lambda given: given["x_ptr"].dtype == torch.bfloat16,
    )
)

# Where each head has keys of its own there is one group, as a case of its own.
export(
    "others.torchao.group_reduce",
    types=typed(
        "*fp32: partial_max_ptr scale_ptr descale_ptr",
        "i32: H_q H_kv num_chunks",
        "i32:1: groups",
    ),
    cases=[{}, {"groups": None}],
    grid=lambda scale_ptr, H_kv: (scale_ptr.shape[0], H_kv),
)(group_reduce_kernel)
