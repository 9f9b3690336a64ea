"""Arguments by which a call picks a variant, and grids of each kind."""

import triton
import triton.language as tl
from triton import cdiv

from codegen.export import export


@export(
    "sample.scale",
    types={
        "x_ptr": "*fp16 | *bf16",
        "out_ptr": "*fp16 | *bf16",
        "bias_ptr": "*fp32 | None",
        "n": "i64",
        "factor": "fp32",
    },
    shapes={"x_ptr": ("n",), "out_ptr": ("n",), "bias_ptr": ("n",)},
    constexprs={"BLOCK": [256, 512]},
    grid=lambda META: (cdiv(META["n"], META["BLOCK"]),),
)
@triton.jit
def scale(
    x_ptr,  # the input
    out_ptr,  # the output
    bias_ptr,  # added when it is given
    n,  # elements
    factor: float,  # multiplies every element
    BLOCK: tl.constexpr,  # elements of a program
):
    """out = x * factor + bias."""
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = offsets < n
    x = tl.load(x_ptr + offsets, mask).to(tl.float32) * factor
    if bias_ptr is not None:
        x += tl.load(bias_ptr + offsets, mask)
    tl.store(out_ptr + offsets, x, mask)


@export(
    "sample.reduce",
    types={"x_ptr": "const *fp32", "out_ptr": "*fp32", "rows": "i32", "columns": "i32"},
    constexprs={"MODE": ["sum", "max"], "NEGATE": [False, True], "BLOCK": 64},
    grid=lambda rows, columns: (rows * columns // (columns - 1), rows if rows < 7 else 7),
    targets=["sm_90"],
)
@triton.jit
def reduce(
    x_ptr,
    out_ptr,
    rows,
    columns,
    MODE: tl.constexpr,
    NEGATE: tl.constexpr = False,
    BLOCK: tl.constexpr = 64,
):
    row = tl.program_id(0)
    offsets = tl.arange(0, BLOCK)
    x = tl.load(x_ptr + row * columns + offsets, offsets < columns, 0.0)
    result = tl.sum(x) if MODE == "sum" else tl.max(x)
    tl.store(out_ptr + row, -result if NEGATE else result)


@export(
    "sample.explicit", types={"register": "*i32", "stream": "i32", "values": "i32"}, grid="explicit"
)
@triton.jit
def explicit(register, stream, values):
    """Parameters named like C keywords, the stream and a local variable of the wrapper."""
    tl.store(register + tl.program_id(0), stream + values)


@export(
    "sample.optional",
    types={"out_ptr": "*fp32", "count": "i32:16 | None", "half": "fp16 | None"},
    constexprs={"stride": 1, "bias_ptr": None},
    grid=lambda: (1,),
    targets=["sm_90"],
)
@triton.jit
def optional(out_ptr, count, half, stride, bias_ptr, scale: tl.float32 = None):
    """Scalars that may be None, and run-time parameters that the declaration gives a value."""
    result = tl.arange(0, 512).to(tl.float32)
    if count is not None:
        result += count
    if half is not None:
        result += half
    if scale is not None:
        result *= scale
    if bias_ptr is not None:
        result += tl.load(bias_ptr)
    tl.store(out_ptr + tl.arange(0, 512) * stride, result)
