"""A matrix product as it was written with block pointers."""

import triton
import triton.language as tl
from triton import cdiv

from codegen.export import export


@export(
    "tests.block_pointers.product",
    types={**dict.fromkeys("abc", "*fp32"), **dict.fromkeys(("rows", "columns", "depth"), "i32")},
    constexprs={"BLOCK": 16},
    shapes={"a": ("rows", "depth"), "b": ("depth", "columns"), "c": ("rows", "columns")},
    grid=lambda rows, columns, BLOCK: (cdiv(rows, BLOCK), cdiv(columns, BLOCK)),
)
@triton.jit
def product(
    a,  # [rows, depth]
    b,  # [depth, columns]
    c,  # [rows, columns]
    rows,
    columns,
    depth,
    BLOCK: tl.constexpr,
):
    """c = a @ b"""
    row, column = tl.program_id(0) * BLOCK, tl.program_id(1) * BLOCK
    left = tl.make_block_ptr(a, (rows, depth), (depth, 1), (row, 0), (BLOCK, BLOCK), (1, 0))
    right = tl.make_block_ptr(
        b, (depth, columns), (columns, 1), (0, column), (BLOCK, BLOCK), (1, 0)
    )
    total = tl.zeros((BLOCK, BLOCK), dtype=tl.float32)
    for _ in range(0, depth, BLOCK):
        one = tl.load(left, boundary_check=(0, 1), padding_option="zero")
        other = tl.load(right, boundary_check=(0, 1), padding_option="zero")
        total += tl.dot(one, other, input_precision="ieee")
        left = tl.advance(left, (0, BLOCK))
        right = tl.advance(right, (BLOCK, 0))
    out = tl.make_block_ptr(c, (rows, columns), (columns, 1), (row, column), (BLOCK, BLOCK), (1, 0))
    tl.store(out, total, boundary_check=(0, 1))
