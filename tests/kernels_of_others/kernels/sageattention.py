"""Quantised attention of SageAttention 1.0.6."""

from sageattention.attn_qk_int8_block_varlen import _attn_fwd as qk_int8_block_varlen_kernel
from sageattention.attn_qk_int8_per_block import _attn_fwd as qk_int8_per_block_kernel
from sageattention.attn_qk_int8_per_block_causal import _attn_fwd as qk_int8_per_block_causal_kernel
from sageattention.quant_per_block import quant_per_block_int8_kernel
from sageattention.quant_per_block_varlen import (
    quant_per_block_int8_kernel as quant_per_block_int8_varlen_kernel,
)

from codegen.export import export

from .declaring import jit, typed

export(
    "others.sageattention.quant_per_block_int8",
    types=typed(
        "*fp16: Input",
        "*i8: Output",
        "*fp32: Scale",
        "i32: L stride_sh",
        "i32:16: stride_iz stride_ih stride_in stride_oz stride_oh stride_on stride_sz",
        "fp32: sm_scale",
    ),
    constexprs={"C": 128, "BLK": 128},
    grid="explicit",
)(jit(quant_per_block_int8_kernel))

export(
    "others.sageattention.qk_int8_per_block",
    types=typed(
        "*i8: Q K",
        "*fp16: V Out",
        "*fp32: Q_scale K_scale",
        "i32:16: stride_qz stride_qh stride_qn stride_kz stride_kh stride_kn stride_vz stride_vh",
        "i32:16: stride_vn stride_oz stride_oh stride_on",
        "i32: qo_len kv_len",
    ),
    constexprs={
        "H": 16,
        "num_kv_groups": 1,
        "HEAD_DIM": 128,
        "BLOCK_M": 128,
        "BLOCK_N": 64,
        "STAGE": 1,
    },
    grid="explicit",
    num_warps=8,
    num_stages=4,
)(jit(qk_int8_per_block_kernel))

export(
    "others.sageattention.qk_int8_per_block_causal",
    types=typed(
        "*i8: Q K",
        "*fp16: V Out",
        "*fp32: Q_scale K_scale",
        "i32:16: stride_qz stride_qh stride_qn stride_kz stride_kh stride_kn stride_vz stride_vh",
        "i32:16: stride_vn stride_oz stride_oh stride_on",
        "i32: qo_len kv_len",
    ),
    constexprs={
        "H": 16,
        "num_kv_groups": 1,
        "HEAD_DIM": 128,
        "BLOCK_M": 128,
        "BLOCK_N": 64,
        "STAGE": 3,
    },
    grid="explicit",
    num_warps=8,
    num_stages=4,
)(jit(qk_int8_per_block_causal_kernel))

export(
    "others.sageattention.qk_int8_block_varlen",
    types=typed(
        "*i8: Q K",
        "*fp16: V Out",
        "*i32: cu_seqlens_q cu_seqlens_k cu_seqlens_q_scale cu_seqlens_k_scale",
        "*fp32: Q_scale K_scale",
        "i32:16: stride_qh stride_qn stride_kh stride_kn stride_vh stride_vn stride_oh stride_on",
    ),
    constexprs={
        "H": 16,
        "num_kv_groups": 1,
        "HEAD_DIM": 128,
        "BLOCK_M": 128,
        "BLOCK_N": 64,
        "STAGE": 1,
    },
    grid="explicit",
    num_warps=8,
    num_stages=4,
)(jit(qk_int8_block_varlen_kernel))

export(
    "others.sageattention.quant_per_block_int8_varlen",
    types=typed(
        "*fp16: Input",
        "*i8: Output",
        "*fp32: Scale",
        "*i32: cu_seqlens_input",
        "*i64: cu_seqlens_scale",
        "i32:16: stride_ih stride_in stride_oh stride_on",
        "fp32: sm_scale",
    ),
    constexprs={"H": 16, "C": 128, "BLK": 128},
    grid="explicit",
)(jit(quant_per_block_int8_varlen_kernel))
