"""The smallest kernel there is: out = x + y."""

import triton
import triton.language as tl
from triton import cdiv

from codegen.export import export


@export(
    "tritonbind.basics.vector_add",
    types={"x": "*fp32", "y": "*fp32", "out": "*fp32", "size": "i32:16"},
    shapes={"x": ("size",), "y": ("size",), "out": ("size",)},
    grid=lambda size, BLOCK: (cdiv(size, BLOCK),),
)
@triton.jit
def vector_add(
    x,  # [size]
    y,  # [size]
    out,  # [size], may be x or y
    size,  # number of elements
    BLOCK: tl.constexpr = 1024,
):
    """Add two vectors, element by element."""
    offsets = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    mask = offsets < size
    total = tl.load(x + offsets, mask=mask) + tl.load(y + offsets, mask=mask)
    tl.store(out + offsets, total, mask=mask)
