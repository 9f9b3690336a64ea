"""A kernel of conch-triton-kernels 1.3 on fp8e4nv. It needs a declaration that leaves sm_80 out."""

from conch.kernels.quantization.fp8 import _static_scaled_fp8_quant_kernel
from triton import next_power_of_2

from codegen.export import export

from .declaring import derived, typed

NEWER = ["sm_90", "sm_100"]

export(
    "others.conch.static_scaled_fp8_quant",
    types=typed(
        "*fp8e4nv: output_ptr",
        "*fp16 | *bf16: input_ptr",
        "*fp32: scale_ptr",
        "i32:16: hidden_size",
    ),
    constexprs={"cxpr_hidden_size_padded": [4096, 8192], "cxpr_is_rocm": False},
    grid=lambda output_ptr: (output_ptr.shape[0],),
    targets=NEWER,
)(
    derived(
        _static_scaled_fp8_quant_kernel,
        cxpr_hidden_size_padded=lambda given: next_power_of_2(given["hidden_size"]),
        cxpr_block_size=lambda given: min(given["cxpr_hidden_size_padded"], 1024),
    )
)
