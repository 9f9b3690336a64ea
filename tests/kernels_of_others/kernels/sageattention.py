"""Quantised attention of SageAttention 1.0.6."""

from sageattention.attn_qk_int8_block_varlen import _attn_fwd as qk_int8_block_varlen_kernel
from sageattention.attn_qk_int8_per_block import _attn_fwd as qk_int8_per_block_kernel
from sageattention.attn_qk_int8_per_block_causal import _attn_fwd as qk_int8_per_block_causal_kernel
from sageattention.quant_per_block import quant_per_block_int8_kernel
from sageattention.quant_per_block_varlen import (
    quant_per_block_int8_kernel as quant_per_block_int8_varlen_kernel,
)
from triton import cdiv

from codegen.export import export

from .declaring import derived, typed

HALVES = "*fp16 | *bf16"

# Tensors are [batch, heads, length, head's size] here; the kernels take other orders as well, and
# their strides say so.
export(
    "others.sageattention.quant_per_block_int8",
    types=typed(
        f"{HALVES}: Input",
        "*i8: Output",
        "*fp32: Scale",
        "i32: L stride_sz stride_sh",
        "i32:16: stride_*",
        "fp32: sm_scale",
    ),
    constexprs={"C": [64, 128], "BLK": 128},
    grid=lambda Input, L, BLK: (cdiv(L, BLK), Input.shape[1], Input.shape[0]),
)(derived(quant_per_block_int8_kernel, C=lambda given: given["Input"].shape[-1]))


def attention(kernel, small_stages):
    """What follows from the shapes of queries and keys."""
    return derived(
        kernel,
        H=lambda given: given["Q"].shape[1],
        num_kv_groups=lambda given: given["Q"].shape[1] // given["K"].shape[1],
        HEAD_DIM=lambda given: given["Q"].shape[-1],
        num_warps=lambda given: 4 if given["HEAD_DIM"] == 64 else 8,
        num_stages=lambda given: small_stages if given["HEAD_DIM"] == 64 else 4,
    )


SIZES = {"H": [16], "num_kv_groups": [1], "HEAD_DIM": [64, 128], "BLOCK_M": 128, "BLOCK_N": 64}

export(
    "others.sageattention.qk_int8_per_block",
    types=typed(
        "*i8: Q K",
        "*fp16: V",
        f"{HALVES}: Out",
        "*fp32: Q_scale K_scale",
        "i32:16: stride_*",
        "i32: qo_len kv_len",
    ),
    constexprs={**SIZES, "STAGE": 1},
    grid=lambda Q, qo_len, H, BLOCK_M: (cdiv(qo_len, BLOCK_M), H, Q.shape[0]),
)(attention(qk_int8_per_block_kernel, small_stages=3))

# Lengths that are divisible by 16 are a case of their own.
export(
    "others.sageattention.qk_int8_per_block_causal",
    types=typed(
        "*i8: Q K",
        "*fp16: V Out",
        "*fp32: Q_scale K_scale",
        "i32:16: stride_* qo_len kv_len",
    ),
    cases=[{}, {"qo_len": None, "kv_len": None}],
    constexprs={**SIZES, "STAGE": 3},
    grid=lambda Q, qo_len, H, BLOCK_M: (cdiv(qo_len, BLOCK_M), H, Q.shape[0]),
)(attention(qk_int8_per_block_causal_kernel, small_stages=4))

# The grids of these two begin with the blocks of the longest sequence, which no argument tells.
export(
    "others.sageattention.qk_int8_block_varlen",
    types=typed(
        "*i8: Q K",
        "*fp16: V",
        f"{HALVES}: Out",
        "*i32: cu_seqlens_q cu_seqlens_k cu_seqlens_q_scale cu_seqlens_k_scale",
        "*fp32: Q_scale K_scale",
        "i32:16: stride_*",
    ),
    constexprs={**SIZES, "STAGE": 1},
    grid="explicit",
)(attention(qk_int8_block_varlen_kernel, small_stages=3))

export(
    "others.sageattention.quant_per_block_int8_varlen",
    types=typed(
        f"{HALVES}: Input",
        "*i8: Output",
        "*fp32: Scale",
        "*i32: cu_seqlens_input",
        "*i64: cu_seqlens_scale",
        "i32:16: stride_*",
        "fp32: sm_scale",
    ),
    constexprs={"H": [16], "C": [64, 128], "BLK": 128},
    grid="explicit",
)(
    derived(
        quant_per_block_int8_varlen_kernel,
        H=lambda given: given["Input"].shape[1],
        C=lambda given: given["Input"].shape[2],
    )
)
