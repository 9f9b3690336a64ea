"""Softmax over the rows of a matrix."""

import triton
import triton.language as tl

from codegen.export import export


@export(
    "tritonbind.basics.softmax",
    types={"x": "*fp32", "y": "*fp32", "rows": "i32", "columns": "i32:16"},
    shapes={"x": ("rows", "columns"), "y": ("rows", "columns")},
    grid=lambda rows: (rows,),
)
@triton.jit
def softmax(
    x,  # [rows, columns]
    y,  # [rows, columns], may be x
    rows,  # how many; read by the grid alone, a program for each
    columns,  # how many, any number
    BLOCK: tl.constexpr = 1024,
):
    """y = exp(x - m) / sum(exp(x - m)), with m the largest element of the row.

    The first pass finds m and the sum together: when m grows, the sum so far shrinks with it.
    """
    start = tl.program_id(0).to(tl.int64) * columns
    # Finite, because m - m must be 0 where a whole block is -inf.
    m = -3.4e38
    total = 0.0
    for block in tl.range(0, columns, BLOCK):
        at = block + tl.arange(0, BLOCK)
        values = tl.load(x + start + at, mask=at < columns, other=float("-inf"))
        larger = tl.maximum(m, tl.max(values))
        total = total * tl.exp(m - larger) + tl.sum(tl.exp(values - larger))
        m = larger
    for block in tl.range(0, columns, BLOCK):
        at = block + tl.arange(0, BLOCK)
        values = tl.load(x + start + at, mask=at < columns, other=0.0)
        tl.store(y + start + at, tl.exp(values - m) / total, mask=at < columns)
