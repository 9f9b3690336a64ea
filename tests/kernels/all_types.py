"""Kernels that take a scalar of every type, and a pointer to every type."""

import triton
import triton.language as tl

from codegen.export import export

SCALARS = {
    "out": "*fp64",
    **{"flag": "i1", "i8": "i8", "i16": "i16", "i32": "i32", "i64": "i64"},
    **{"other_flag": "i1", "u8": "u8", "u16": "u16", "u32": "u32", "u64": "u64"},
    **{"third_flag": "i1", "half": "fp16", "brain": "bf16", "single": "fp32", "double": "fp64"},
    "count": "i32",
}
POINTERS = {
    **{"bools": "*i1", "i8": "*i8", "i16": "*i16", "i32": "*i32", "i64": "*i64"},
    **{"u8": "*u8", "u16": "*u16", "u32": "*u32", "u64": "*u64"},
    **{"half": "*fp16", "brain": "*bf16", "single": "*fp32", "double": "const *fp64"},
    **{"e5m2": "*fp8e5", "e4b15": "*fp8e4b15", "out": "*i64"},
}


@export("tests.all_types.total", grid=lambda count: (count,), types=SCALARS)
@triton.jit
def total(
    out,
    flag,
    i8,
    i16,
    i32,
    i64,
    other_flag,
    u8,
    u16,
    u32,
    u64,
    third_flag,
    half,
    brain,
    single,
    double,
    count,
):
    signed = flag.to(tl.float64) + i8 + i16 + i32 + i64 + count
    unsigned = other_flag.to(tl.float64) + u8 + u16 + u32 + u64 + third_flag
    floats = half.to(tl.float64) + brain.to(tl.float64) + single + double
    tl.store(out, signed + unsigned + floats)


@export("tests.all_types.addresses", grid="explicit", types=POINTERS)
@triton.jit
def addresses(
    bools,
    i8,
    i16,
    i32,
    i64,
    u8,
    u16,
    u32,
    u64,
    half,
    brain,
    single,
    double,
    e5m2,
    e4b15,
    out,
):
    tl.store(out, i8.to(tl.int64) + half.to(tl.int64) + double.to(tl.int64) + e5m2.to(tl.int64))


@triton.jit(noinline=True)
def called(x, y):
    total = x * y
    for _ in range(x):
        total += tl.sin(total.to(tl.float32)).to(tl.int32)
    return total


@export("tests.all_types.calling", grid="explicit", types={"out": "*fp32", "n": "i32"})
@triton.jit
def calling(out, n):
    tl.store(out, called(n, n) + called(n * 2, n))
