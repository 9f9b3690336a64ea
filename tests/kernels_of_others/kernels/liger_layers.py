"""Rotary embeddings, gated activations, embeddings and an int2 matmul of Liger Kernel 0.8.5."""

from liger_kernel.ops.experimental.embedding import (
    embedding_backward_kernel,
    embedding_forward_kernel,
)
from liger_kernel.ops.experimental.mm_int8int2 import matmul_kernel
from liger_kernel.ops.geglu import _geglu_tanh_backward_kernel, _geglu_tanh_forward_kernel
from liger_kernel.ops.llama4_rope import _llama4_rope_kernel
from liger_kernel.ops.qwen2vl_mrope import _triton_qwen2vl_mrope
from liger_kernel.ops.relu_squared import _relu_squared_forward_kernel
from liger_kernel.ops.rope import _triton_rope
from liger_kernel.ops.swiglu import (
    _swiglu_backward_kernel,
    _swiglu_forward_kernel,
    _swiglu_fused_gate_up_forward_kernel,
)
from triton import cdiv

from codegen.export import export

from .declaring import each, jit, typed

export(
    "others.liger.rope",
    types=typed(
        "*bf16: q_ptr k_ptr cos sin",
        "i32:16: q_row_stride k_row_stride cos_row_stride sin_row_stride",
        "i32: sl",
    ),
    constexprs={
        "bs": 2,
        "cos_bs": 1,
        "n_qh": 32,
        "n_kh": 8,
        "hd": 128,
        "pad_n_qh": 32,
        "pad_n_kh": 8,
        "pad_hd": 128,
        "pad_rd": 128,
        "rd": 128,
        "BLOCK_SIZE": 32,
    },
    grid=lambda sl, bs: (sl * bs,),
)(jit(_triton_rope))

export(
    "others.liger.swiglu_forward",
    types=typed(
        "*bf16: a_ptr b_ptr c_ptr",
        "i32:16: stride",
        "fp32: gate_multiplier",
    ),
    constexprs={"n_cols": 4096, "BLOCK_SIZE": 4096},
    grid="explicit",
    num_warps=8,
)(jit(_swiglu_forward_kernel))

export(
    "others.liger.swiglu_backward",
    types=typed(
        "*bf16: dc_ptr a_ptr b_ptr",
        "i32:16: stride",
        "fp32: gate_multiplier",
    ),
    constexprs={"n_cols": 4096, "BLOCK_SIZE": 4096},
    grid="explicit",
    num_warps=8,
)(jit(_swiglu_backward_kernel))

export(
    "others.liger.swiglu_fused_gate_up_forward",
    types=typed(
        "*bf16: y_ptr c_ptr",
        "i32:16: in_stride out_stride",
    ),
    constexprs={"ffn_size": 2048, "BLOCK_SIZE": 2048},
    grid="explicit",
    num_warps=8,
)(jit(_swiglu_fused_gate_up_forward_kernel))

export(
    "others.liger.geglu_tanh_forward",
    types=typed(
        "*bf16: a b c",
        "i32:16: stride",
    ),
    constexprs={"n_cols": 4096, "BLOCK_SIZE": 4096},
    grid="explicit",
    num_warps=8,
)(jit(_geglu_tanh_forward_kernel))

export(
    "others.liger.geglu_tanh_backward",
    types=typed(
        "*bf16: dc a b",
        "i32:16: stride",
    ),
    constexprs={"n_cols": 4096, "BLOCK_SIZE": 4096},
    grid="explicit",
    num_warps=8,
)(jit(_geglu_tanh_backward_kernel))

export(
    "others.liger.llama4_rope",
    types=typed(
        "*bf16: q_ptr k_ptr",
        "*fp32: freqs_complex_ptr",
        "i32:16: q_row_stride k_row_stride q_head_stride k_head_stride freqs_row_stride",
        "i32: seq_len batch_size",
        "fp32: imag_sign",
    ),
    constexprs={"head_dim_half": 64, "n_q_heads": 32, "n_k_heads": 8, "BLOCK_SIZE": 64},
    grid=lambda batch_size, seq_len, n_q_heads, n_k_heads: (
        batch_size * seq_len,
        max(n_q_heads, n_k_heads),
    ),
    num_stages=2,
)(jit(_llama4_rope_kernel))

export(
    "others.liger.qwen2vl_mrope",
    types=typed(
        "*bf16: q_ptr k_ptr cos sin",
        "i32: sl",
    ),
    constexprs={
        "bs": 2,
        "n_qh": 32,
        "n_kh": 8,
        "hd": 128,
        "pad_n_qh": 32,
        "pad_n_kh": 8,
        "pad_hd": 128,
        "mrope_section_t": 16,
        "mrope_section_h": 24,
        "BLOCK_SIZE": 32,
    },
    grid=lambda sl, bs: (sl * bs,),
)(jit(_triton_qwen2vl_mrope))

export(
    "others.liger.embedding_forward",
    types=typed(
        "*bf16: embeddings_ptr output_ptr",
        "*i64: indices_ptr",
        "i32:16: n_elements",
    ),
    constexprs={"embedding_dim": 512, "BLOCK_SIZE_M": 128, "BLOCK_SIZE_N": 128},
    grid=lambda META: (
        cdiv(META["n_elements"], META["BLOCK_SIZE_M"]),
        cdiv(META["embedding_dim"], META["BLOCK_SIZE_N"]),
    ),
)(jit(embedding_forward_kernel))

export(
    "others.liger.embedding_backward",
    types=typed(
        "*bf16: grad_output_ptr grad_weight_ptr",
        "*i64: indices_ptr",
        "i32:16: n_elements",
    ),
    constexprs={"embedding_dim": 512, "BLOCK_SIZE_M": 128, "BLOCK_SIZE_N": 128},
    grid=lambda META: (
        cdiv(META["n_elements"], META["BLOCK_SIZE_M"]),
        cdiv(META["embedding_dim"], META["BLOCK_SIZE_N"]),
    ),
)(jit(embedding_backward_kernel))

export(
    "others.liger.int8_int2_matmul",
    types=typed(
        "*i8: a_ptr",
        "*u8: b_ptr",
        "*i32: c_ptr",
        "i32: M",
        "i32:16: N stride_am stride_bk stride_cm",
    ),
    constexprs={
        "K": 512,
        "BLOCK_SIZE_M": 64,
        "BLOCK_SIZE_N": 256,
        "BLOCK_SIZE_K": 32,
        "GROUP_SIZE_M": 8,
        **each(1, "stride_ak stride_bn stride_cn"),
    },
    grid=lambda META: (
        cdiv(META["M"], META["BLOCK_SIZE_M"]) * cdiv(META["N"], META["BLOCK_SIZE_N"]),
    ),
    num_stages=4,
)(jit(matmul_kernel))

export(
    "others.liger.relu_squared_forward",
    types=typed(
        "*bf16: Y_ptr X_ptr",
        "i32:16: Y_stride X_stride",
    ),
    constexprs={"n_cols": 4096, "BLOCK_SIZE": 4096},
    grid="explicit",
    num_warps=8,
)(jit(_relu_squared_forward_kernel))
