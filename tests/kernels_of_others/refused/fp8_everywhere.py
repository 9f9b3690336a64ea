"""A quantisation of torchao to fp8e4nv, which begins at sm_89, for sm_80 as well."""

import triton.language as tl
from torchao.prototype.float8nocompile.kernels.fp8_dynamic_tensorwise import _to_fp8_row_major
from triton import cdiv

from codegen.export import export

REASON = "fp8e4nv"

export(
    "refused.fp8_everywhere",
    types={
        "input_ptr": "*bf16",
        "out_ptr": "*fp8e4nv",
        "scale_ptr": "*fp32",
        "num_elements": "i32:16",
    },
    constexprs={"input_dtype": tl.bfloat16, "output_dtype": tl.float8e4nv, "EPS": 1e-12},
    configs=[{"BLOCK_SIZE": 1024}],
    grid=lambda num_elements, BLOCK_SIZE: (cdiv(num_elements, BLOCK_SIZE),),
)(_to_fp8_row_major)
