"""A scalar argument of every type."""

import triton
import triton.language as tl

from codegen.export import export


@export(
    "sample.integers",
    types={
        "out_ptr": "*i64",
        "flag": "i1",
        "a": "i8",
        "b": "i16",
        "c": "i32:16",
        "d": "i64",
        "e": "u8",
        "f": "u16",
        "g": "u32",
        "h": "u64",
    },
    grid=lambda c: (c,),
)
@triton.jit
def integers(out_ptr, flag, a, b, c, d, e, f, g, h):
    """Store the sum of all arguments."""
    total = a.to(tl.int64) + b + c + d + e + f + g + h.to(tl.int64)
    if flag:
        total = -total
    tl.store(out_ptr, total)


@export(
    "sample.floats",
    types={"out_ptr": "*fp64", "half": "fp16", "brain": "bf16", "single": "fp32", "double": "fp64"},
    grid=lambda: (1,),
)
@triton.jit
def floats(out_ptr, half, brain, single, double):
    """Store the sum of all arguments."""
    tl.store(out_ptr, half.to(tl.float64) + brain.to(tl.float64) + single + double)
