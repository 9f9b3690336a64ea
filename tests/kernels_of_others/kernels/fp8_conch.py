"""A kernel of conch-triton-kernels 1.3 on fp8e4nv. It needs a declaration that leaves sm_80 out."""

from conch.kernels.quantization.fp8 import _static_scaled_fp8_quant_kernel

from codegen.export import export

from .declaring import jit, typed

NEWER = ["sm_90", "sm_100"]

export(
    "others.conch.static_scaled_fp8_quant",
    types=typed(
        "*fp8e4nv: output_ptr",
        "*bf16: input_ptr",
        "*fp32: scale_ptr",
        "i32:16: hidden_size",
    ),
    constexprs={"cxpr_hidden_size_padded": 4096, "cxpr_block_size": 1024, "cxpr_is_rocm": False},
    grid="explicit",
    targets=NEWER,
)(jit(_static_scaled_fp8_quant_kernel))
