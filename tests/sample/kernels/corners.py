"""Corners: no argument at all, two choices of dtype, a grid that overflows, much shared memory."""

import triton
import triton.language as tl
from triton import cdiv

from codegen.export import export


@export("sample.lambda", grid=lambda: (1,))
@triton.jit
def nothing():
    """Without arguments, and with a name that Python keeps for itself."""


@export(
    "sample.gather",
    types={
        "from_ptr": "*i8 | *fp64",
        "index_ptr": "*i32 | *i64",
        "to_ptr": "*i8 | *fp64",
        "rows": "i64",
        "columns": "i64:16",
    },
    shapes={"to_ptr": ("rows", "columns")},
    grid=lambda rows, columns: (rows * cdiv(columns, 512),),
    targets=["sm_90"],
)
@triton.jit
def gather(from_ptr, index_ptr, to_ptr, rows, columns):
    """Copy the rows that index_ptr names, 512 elements in a program."""
    blocks = tl.cdiv(columns, 512)
    row = tl.program_id(0) // blocks
    offsets = tl.program_id(0) % blocks * 512 + tl.arange(0, 512)
    values = tl.load(from_ptr + tl.load(index_ptr + row) * columns + offsets, offsets < columns)
    tl.store(to_ptr + row * columns + offsets, values, offsets < columns)


@export("sample.product", types={"x_ptr": "*fp16", "out_ptr": "*fp32"}, grid="explicit")
@triton.jit(do_not_specialize_on_alignment=["x_ptr", "out_ptr"])
def product(x_ptr, out_ptr):
    """x @ x.T of 256 columns, which takes more shared memory than a block has by default."""
    rows = tl.arange(0, 64)
    columns = tl.arange(0, 256)
    x = tl.load(x_ptr + rows[:, None] * 256 + columns[None, :])
    y = tl.load(x_ptr + rows[None, :] * 256 + columns[:, None])
    tl.store(out_ptr + rows[:, None] * 64 + rows[None, :], tl.dot(x, y))
