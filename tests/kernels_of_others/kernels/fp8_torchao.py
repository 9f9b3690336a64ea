"""Kernels of torchao 0.18.0 on fp8e4nv. That type begins at sm_89."""

import torch
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

from .declaring import derived, typed

NEWER = ["sm_90", "sm_100"]
HALVES = "*fp16 | *bf16"
BLOCKWISE = {"BLOCK_SIZE": 128, "EPS": 1e-12, "FP8_MAX": 448.0}

export(
    "others.torchao.triton_fp8_blockwise_act_quant_lhs",
    types=typed(
        "*bf16: x_ptr",
        "i32:16: x_stride_dim_0 y_stride_dim_0 s_stride_dim_1",
        "*fp8e4nv: y_ptr",
        "*fp32: s_ptr",
        "i32: M",
        "i32:1: x_stride_dim_1 y_stride_dim_1 s_stride_dim_0",
    ),
    constexprs={**BLOCKWISE, "K": [2048, 4096]},
    tuned={
        (2048,): {"NUM_GROUPS": 2, "num_warps": 2, "num_stages": 2},
        (4096,): {"NUM_GROUPS": 16, "num_warps": 4, "num_stages": 2},
    },
    grid=lambda M, K, NUM_GROUPS, BLOCK_SIZE: (cdiv(M, NUM_GROUPS), cdiv(K, BLOCK_SIZE)),
    targets=NEWER,
)(triton_fp8_blockwise_act_quant_lhs_kernel)

export(
    "others.torchao.triton_fp8_blockwise_act_quant_rhs",
    types=typed(
        f"{HALVES}: x_ptr",
        "i32:16: x_stride_dim_0 y_stride_dim_1 s_stride_dim_0",
        "*fp8e4nv: y_ptr",
        "*fp32: s_ptr",
        "i32: M",
        "i32:1: x_stride_dim_1 y_stride_dim_0 s_stride_dim_1",
    ),
    constexprs={**BLOCKWISE, "K": [2048, 4096]},
    configs=[{"NUM_GROUPS": 16, "num_warps": 4, "num_stages": 2}],
    grid=lambda M, K, NUM_GROUPS, BLOCK_SIZE: (cdiv(M, BLOCK_SIZE), cdiv(K, NUM_GROUPS)),
    targets=NEWER,
)(
    derived(
        triton_fp8_blockwise_act_quant_rhs_kernel,
        K=lambda given: given["x_ptr"].shape[1],
    )
)

export(
    "others.torchao.triton_fp8_blockwise_act_quant_transposed_lhs",
    types=typed(
        "*bf16: x_ptr",
        "i32:16: x_stride_dim_0 y_stride_dim_0 s_stride_dim_1",
        "*fp8e4nv: y_ptr",
        "*fp32: s_ptr",
        "i32: M",
        "i32:1: x_stride_dim_1 y_stride_dim_1 s_stride_dim_0",
    ),
    constexprs={**BLOCKWISE, "K": [2048, 4096]},
    configs=[
        {"NUM_GROUPS": 2, "num_warps": 2, "num_stages": 2},
        {"NUM_GROUPS": 32, "num_warps": 8, "num_stages": 2},
    ],
    grid=lambda M, K, NUM_GROUPS, BLOCK_SIZE: (cdiv(M, BLOCK_SIZE), cdiv(K, NUM_GROUPS)),
    targets=NEWER,
)(
    derived(
        triton_fp8_blockwise_act_quant_transposed_lhs_kernel,
        K=lambda given: given["x_ptr"].shape[1],
    )
)

export(
    "others.torchao.triton_fp8_blockwise_weight_quant_rhs",
    types=typed(
        "*bf16: x_ptr",
        "i32:16: x_stride_dim_0 y_stride_dim_1",
        "*fp8e4nv: y_ptr",
        "*fp32: s_ptr",
        "i32: s_stride_dim_1",
        "i32:1: x_stride_dim_1 y_stride_dim_0 s_stride_dim_0",
    ),
    constexprs={**BLOCKWISE, "M": [2048, 4096], "N": [4096]},
    configs=[{"num_warps": 4, "num_stages": 2}],
    grid=lambda M, N, BLOCK_SIZE: (cdiv(M, BLOCK_SIZE), cdiv(N, BLOCK_SIZE)),
    targets=NEWER,
)(
    derived(
        triton_fp8_blockwise_weight_quant_rhs_kernel,
        M=lambda given: given["x_ptr"].shape[0],
        N=lambda given: given["x_ptr"].shape[1],
    )
)


def to_fp8(kernel):
    """The types of both tensors are constexprs too."""
    return derived(
        kernel,
        input_dtype=lambda given: (
            tl.float16 if given["input_ptr"].dtype == torch.float16 else tl.bfloat16
        ),
        output_dtype=lambda given: (
            tl.float8e5 if given["out_ptr"].dtype == torch.float8_e5m2 else tl.float8e4nv
        ),
    )


# fp8e5 is there on sm_80 as well: what that cannot have of the variants is left out.
export(
    "others.torchao.to_fp8_row_major",
    types=typed(
        f"{HALVES}: input_ptr",
        "*fp8e4nv | *fp8e5: out_ptr",
        "*fp32: scale_ptr",
        "i32:16: num_elements",
    ),
    constexprs={"EPS": 1e-12},
    configs=[{"BLOCK_SIZE": 1024}],
    shapes={"input_ptr": ("num_elements",), "out_ptr": ("num_elements",)},
    grid=lambda META: (cdiv(META["num_elements"], META["BLOCK_SIZE"]),),
    optional_targets=True,
)(to_fp8(_to_fp8_row_major))

export(
    "others.torchao.to_fp8_row_major_t",
    types=typed(
        "*bf16: input_ptr",
        "*fp8e4nv: out_ptr",
        "*fp32: scale_ptr",
        "i32:16: num_elements input_num_rows input_num_cols output_num_rows output_num_cols",
        "i32:16: input_stride_row output_stride_row",
    ),
    constexprs={"EPS": 1e-12},
    configs=[{"BLOCK_SIZE_ROWS": 64}, {"BLOCK_SIZE_ROWS": 128}],
    grid=lambda META: (
        cdiv(META["input_num_rows"], META["BLOCK_SIZE_ROWS"]),
        cdiv(META["input_num_cols"], META["BLOCK_SIZE_COLS"]),
    ),
    targets=NEWER,
)(to_fp8(_to_fp8_row_major_t))

export(
    "others.torchao.to_fp8_col_major",
    types=typed(
        "*bf16: input_ptr",
        "*fp8e4nv: out_ptr",
        "*fp32: scale_ptr",
        "i32:16: num_elements num_cols out_stride_row",
    ),
    constexprs={"EPS": 1e-12},
    tuned={
        (4096 * 4096,): {"BLOCK_SIZE_ROWS": 128},
        (1024 * 1024,): {"BLOCK_SIZE_ROWS": 64},
    },
    grid=lambda META: (
        cdiv(META["num_rows"], META["BLOCK_SIZE_ROWS"]),
        cdiv(META["num_cols"], META["BLOCK_SIZE_COLS"]),
    ),
    targets=NEWER,
)(to_fp8(_to_fp8_col_major))

# As many chunks as the length has.
export(
    "others.torchao.qkv_phase2",
    types=typed(
        f"{HALVES}: q_ptr k_ptr v_ptr",
        "*fp8e4nv: q_out_ptr k_out_ptr v_out_ptr",
        "*fp32: q_scale_ptr k_scale_ptr v_scale_ptr",
        "i32:16: stride_b stride_h stride_s S D",
        "i32: H chunk_size",
        "i32:1: stride_d",
    ),
    configs=[{"BLOCK_SIZE": 1024}, {"BLOCK_SIZE": 4096}],
    grid=lambda q_ptr, H, S, chunk_size: (q_ptr.shape[0], H, cdiv(S, chunk_size)),
    targets=NEWER,
)(qkv_phase2_kernel)
