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
from triton import cdiv, next_power_of_2

from codegen.export import export

from .declaring import derived, rows, typed

HALVES = "*fp16 | *bf16"

# q and k are [batch, sequence, heads, head's size].
export(
    "others.liger.rope",
    types=typed(
        "*bf16: q_ptr k_ptr cos sin",
        "i32:16: q_row_stride k_row_stride cos_row_stride sin_row_stride",
        "i32: sl",
    ),
    constexprs={
        "bs": [1, 2],
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
        "BACKWARD_PASS": [False, True],
    },
    grid=lambda q_ptr: (q_ptr.shape[0] * q_ptr.shape[1],),
)(derived(_triton_rope, bs=lambda given: given["q_ptr"].shape[0]))

export(
    "others.liger.qwen2vl_mrope",
    types=typed(f"{HALVES}: q_ptr k_ptr cos sin", "i32: sl"),
    constexprs={
        "bs": [1, 2],
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
)(derived(_triton_qwen2vl_mrope, bs=lambda given: given["q_ptr"].shape[0]))

export(
    "others.liger.llama4_rope",
    types=typed(
        "*bf16: q_ptr k_ptr",
        "*fp32: freqs_complex_ptr",
        "i32:16: q_row_stride k_row_stride q_head_stride k_head_stride freqs_row_stride",
        "i32: seq_len batch_size",
        "fp32: imag_sign",
    ),
    constexprs={"head_dim_half": [64, 128], "n_q_heads": 32, "n_k_heads": 8},
    grid=lambda batch_size, seq_len, n_q_heads, n_k_heads: (
        batch_size * seq_len,
        max(n_q_heads, n_k_heads),
    ),
    num_stages=2,
)(
    derived(
        _llama4_rope_kernel,
        head_dim_half=lambda given: given["q_ptr"].shape[3] // 2,
        BLOCK_SIZE=lambda given: 128 if given["head_dim_half"] >= 96 else 64,
        num_warps=lambda given: 8 if given["head_dim_half"] >= 256 else 4,
    )
)

export(
    "others.liger.swiglu_forward",
    types=typed(f"{HALVES}: a_ptr b_ptr c_ptr", "i32:16: stride", "fp32: gate_multiplier"),
    constexprs={"n_cols": [4096, 11008]},
    grid=lambda a_ptr, n_cols: (a_ptr.numel() // n_cols,),
)(rows(_swiglu_forward_kernel, "n_cols", n_cols=lambda given: given["a_ptr"].shape[-1]))

export(
    "others.liger.swiglu_backward",
    types=typed(f"{HALVES}: dc_ptr a_ptr b_ptr", "i32:16: stride", "fp32: gate_multiplier"),
    constexprs={"n_cols": [4096, 11008]},
    grid=lambda dc_ptr, n_cols: (dc_ptr.numel() // n_cols,),
)(rows(_swiglu_backward_kernel, "n_cols", n_cols=lambda given: given["dc_ptr"].shape[-1]))

export(
    "others.liger.swiglu_fused_gate_up_forward",
    types=typed("*bf16: y_ptr c_ptr", "i32:16: in_stride out_stride"),
    constexprs={"ffn_size": [2048, 4096]},
    grid=lambda y_ptr: (y_ptr.numel() // y_ptr.shape[-1],),
)(
    rows(
        _swiglu_fused_gate_up_forward_kernel,
        "ffn_size",
        ffn_size=lambda given: given["y_ptr"].shape[-1] // 2,
    )
)

export(
    "others.liger.geglu_tanh_forward",
    types=typed(f"{HALVES}: a b c", "i32:16: stride"),
    constexprs={"n_cols": [4096, 11008]},
    grid=lambda a, n_cols: (a.numel() // n_cols,),
)(rows(_geglu_tanh_forward_kernel, "n_cols", n_cols=lambda given: given["a"].shape[-1]))

export(
    "others.liger.geglu_tanh_backward",
    types=typed("*bf16: dc a b", "i32:16: stride"),
    constexprs={"n_cols": [4096, 11008]},
    grid=lambda dc, n_cols: (dc.numel() // n_cols,),
)(rows(_geglu_tanh_backward_kernel, "n_cols", n_cols=lambda given: given["dc"].shape[-1]))

export(
    "others.liger.relu_squared_forward",
    types=typed("*fp16 | *bf16 | *fp32: Y_ptr X_ptr", "i32:16: Y_stride X_stride"),
    constexprs={"n_cols": [4096]},
    grid=lambda X_ptr, n_cols: (X_ptr.numel() // n_cols,),
)(rows(_relu_squared_forward_kernel, "n_cols", n_cols=lambda given: given["X_ptr"].shape[-1]))


def block(given):
    return next_power_of_2(min(128, given["embedding_dim"]))


export(
    "others.liger.embedding_forward",
    types=typed(f"{HALVES}: embeddings_ptr output_ptr", "*i64: indices_ptr", "i32:16: n_elements"),
    constexprs={"embedding_dim": [512, 4096]},
    shapes={"indices_ptr": ("n_elements",)},
    grid=lambda META: (
        cdiv(META["n_elements"], META["BLOCK_SIZE_M"]),
        cdiv(META["embedding_dim"], META["BLOCK_SIZE_N"]),
    ),
)(
    derived(
        embedding_forward_kernel,
        embedding_dim=lambda given: given["embeddings_ptr"].shape[1],
        BLOCK_SIZE_M=block,
        BLOCK_SIZE_N=block,
    )
)

export(
    "others.liger.embedding_backward",
    types=typed(
        "*bf16: grad_output_ptr grad_weight_ptr", "*i64: indices_ptr", "i32:16: n_elements"
    ),
    constexprs={"embedding_dim": [512, 4096]},
    shapes={"indices_ptr": ("n_elements",)},
    grid=lambda META: (
        cdiv(META["n_elements"], META["BLOCK_SIZE_M"]),
        cdiv(META["embedding_dim"], META["BLOCK_SIZE_N"]),
    ),
)(
    derived(
        embedding_backward_kernel,
        embedding_dim=lambda given: given["grad_weight_ptr"].shape[1],
        BLOCK_SIZE_M=block,
        BLOCK_SIZE_N=block,
    )
)

# A single row is a case of its own, as in Triton's JIT.
export(
    "others.liger.int8_int2_matmul",
    types=typed(
        "*i8: a_ptr",
        "*u8: b_ptr",
        "*i32: c_ptr",
        "i32: M",
        "i32:16: N stride_am stride_bk stride_cm",
        "i32:1: stride_ak stride_bn stride_cn",
    ),
    cases=[{}, {"M": 1}],
    constexprs={"K": 4096},
    tuned={
        (1, 4096, 4096): {"BLOCK_SIZE_M": 32, "BLOCK_SIZE_N": 32},
        (16, 4096, 4096): {"BLOCK_SIZE_M": 32, "BLOCK_SIZE_N": 32},
        (512, 4096, 4096): {"BLOCK_SIZE_M": 64, "BLOCK_SIZE_N": 256, "BLOCK_SIZE_K": 32},
    },
    grid=lambda META: (
        cdiv(META["M"], META["BLOCK_SIZE_M"]) * cdiv(META["N"], META["BLOCK_SIZE_N"]),
    ),
)(matmul_kernel)
