"""Kernels whose parameters are tuples: of strides, of pointers, named, nested, variadic."""

from typing import NamedTuple

import triton
import triton.language as tl
from triton import cdiv

from codegen.export import export


class Matrix(NamedTuple):
    data: object
    rows: object
    columns: object
    strides: object


class Scaling(NamedTuple):
    factor: object
    offset: object


@export(
    "tests.tuples.strided",
    types={
        "out": "*fp32",
        "sources": ("*fp32", "*fp16 | *bf16"),
        "shape": ("i32:16", "i32"),
        "strides": ("i64", "i32 | i64:1"),
    },
    grid=lambda META: (cdiv(META["shape"][1], META["BLOCK"]), META["shape"][0]),
)
@triton.jit
def strided(
    out,
    sources,  # two matrices
    shape,
    strides,
    BLOCK: tl.constexpr = 32,
):
    """out = first + 2 * second, where both have the same strides; out is row-major."""
    row = tl.program_id(1)
    columns = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = columns < shape[1]
    offsets = row * strides[0] + columns * strides[1]
    first = tl.load(sources[0] + offsets, mask=mask)
    second = tl.load(sources[1] + offsets, mask=mask).to(tl.float32)
    tl.store(out + row * shape[1] + columns, first + 2 * second, mask=mask)


@export(
    "tests.tuples.rescale",
    types={
        "out": Matrix("*fp32", None, "i32", ("i64", 1)),
        "x": Matrix("*fp32", "i32", None, ("i64", tl.constexpr(1))),
        "scaling": Scaling("fp32", "fp64"),
    },
    shapes={"x_data": ("x_rows", "out_columns")},
    grid=lambda x, out: (x.rows, cdiv(out.columns, 64)),
)
@triton.jit
def rescale(out, x, scaling):
    """out = x * factor + offset, row by row."""
    tl.static_assert(out.rows is None)
    columns = tl.program_id(1) * 64 + tl.arange(0, 64)
    mask = columns < out.columns
    row = tl.program_id(0)
    values = tl.load(x.data + row * x.strides[0] + columns * x.strides[1], mask=mask)
    values = (values * scaling.factor + scaling.offset).to(tl.float32)
    tl.store(out.data + row * out.strides[0] + columns * out.strides[1], values, mask=mask)


@export(
    "tests.tuples.variadic",
    types={
        "out": "*fp64",
        "args": ("*fp32", "*fp16", ("*fp32 | None", "i32"), "u64", "i1"),
        "n": "i32",
    },
    grid=lambda n, BLOCK: (cdiv(n, BLOCK),),
)
@triton.jit
def variadic(out, *args, n, BLOCK: tl.constexpr = 64):
    """The sum of any number of vectors, some of them optional, and of numbers."""
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = offsets < n
    total = tl.load(args[0] + offsets, mask=mask).to(tl.float64)
    total += tl.load(args[1] + offsets, mask=mask).to(tl.float64)
    if args[2][0] is not None:
        total += tl.load(args[2][0] + offsets, mask=mask).to(tl.float64)
    total += args[2][1] + args[3].to(tl.float64) + args[4].to(tl.float64)
    tl.store(out + offsets, total, mask=mask)


@export(
    "tests.tuples.odd",
    types={
        "empty": (),
        "deep": ((("*i32:16",),), (), ("i8", ((1.5,), "i16"))),
    },
    grid=lambda deep: (deep[2][0],),
)
@triton.heuristics(
    {
        "LARGE": lambda args: args["deep"][2][0] > 3,
        "HALF": lambda args: len(args["empty"]) == 0 and args["deep"][2][1][0][0] % 1 == 0.5,
    }
)
@triton.jit
def odd(empty, deep, LARGE: tl.constexpr, HALF: tl.constexpr):
    """Tuples that are empty, or of one entry, and deep."""
    tl.static_assert(HALF)
    tl.static_assert(len(empty) == 0 and len(deep[1]) == 0 and deep[2][1][0][0] == 1.5)
    tl.store(deep[0][0][0], deep[2][0].to(tl.int32) + deep[2][1][1] + LARGE)
