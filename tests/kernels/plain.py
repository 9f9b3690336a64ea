"""Kernels that compile: quick ones, one that takes its time, and one of many constexprs."""

import triton
import triton.language as tl

from codegen.export import export


@export(
    "tests.plain.add",
    grid="explicit",
    types={**dict.fromkeys(("x", "y", "out"), "*fp32"), "n": "i32"},
    constexprs={"block": 1024},
)
@triton.jit
def add(x, y, out, n, block: tl.constexpr):
    offsets = tl.program_id(0) * block + tl.arange(0, block)
    mask = offsets < n
    total = tl.load(x + offsets, mask=mask) + tl.load(y + offsets, mask=mask)
    tl.store(out + offsets, total, mask=mask)


@triton.jit
def double(x):
    return x * 2


@export("tests.plain.constants", grid="explicit", types={"out": "*fp32", "count": "i32"})
@triton.jit
def constants(
    out,
    count,
    low: tl.constexpr = -float("inf"),
    flag: tl.constexpr = True,
    nothing: tl.constexpr = None,
    word: tl.constexpr = "1",
    dtype: tl.constexpr = tl.float16,
    activation: tl.constexpr = double,
):
    value = tl.where(flag and nothing is None and word == "1", low, count)
    tl.store(out, activation(value.to(dtype)).to(tl.float32))


@export(
    "tests.plain.matmul",
    grid="explicit",
    types={
        **dict.fromkeys("abc", "*fp16"),
        **dict.fromkeys(("rows", "columns", "depth"), "i32"),
    },
    constexprs={"block": 64, "step": 32},
)
@triton.jit
def matmul(a, b, c, rows, columns, depth, block: tl.constexpr, step: tl.constexpr):
    row = tl.program_id(0) * block + tl.arange(0, block)
    column = tl.program_id(1) * block + tl.arange(0, block)
    inner = tl.arange(0, step)
    total = tl.zeros((block, block), dtype=tl.float32)
    for start in range(0, depth, step):
        k = start + inner
        left = tl.load(a + row[:, None] * depth + k[None, :], mask=k[None, :] < depth, other=0.0)
        right = tl.load(
            b + k[:, None] * columns + column[None, :], mask=k[:, None] < depth, other=0.0
        )
        total = tl.dot(left, right, total)
    mask = (row[:, None] < rows) & (column[None, :] < columns)
    tl.store(c + row[:, None] * columns + column[None, :], total.to(tl.float16), mask=mask)
