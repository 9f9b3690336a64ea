"""What tests/c/calls.c prints and launches."""

from __future__ import annotations

ARRAY, ODD, STREAM = 0x7F0000001000, 0x7F0000001004, 0x5EED
SCALE, REDUCE, GATHER = "sample.scale", "sample.reduce", "sample.gather"
REFUSALS = f"""\
2 {SCALE} argument #0 `x_ptr` must be of dtype float16 or bfloat16, got tritonbind_dtype 12
2 {SCALE} argument #0 `x_ptr` must be of dtype float16 or bfloat16, got tritonbind_dtype 0
2 {SCALE} argument #5 `BLOCK` must be one of 256, 512, got 255
2 {SCALE} argument #0 `x_ptr` must be aligned to the 2 bytes of its elements, got the address \
0x7f0000001001
2 {SCALE}: the launch grid (-3, 1, 1) must have x between 0 and 2147483647
2 {REDUCE} argument #4 `MODE` must be one of 'sum', 'max', got the str 'mean'
2 {REDUCE} argument #4 `MODE` must be one of 'sum', 'max', got the str '{"x" * 60}...'
2 {REDUCE} argument #4 `MODE` must be one of 'sum', 'max', got NULL
2 {REDUCE}: the launch grid cannot be computed from these arguments: it overflows 64 bits or \
divides by zero
2 {GATHER} argument #1 `index_ptr` must be of dtype int32 or int64, got tritonbind_dtype 10
2 {GATHER} argument #2 `to_ptr` must be aligned to the 8 bytes of its elements, got the address \
0x7f0000001004
2 {GATHER}: the launch grid cannot be computed from these arguments: it overflows 64 bits or \
divides by zero
2 sample.explicit: the launch grid (2, 65536, 4) must have y between 0 and 65535
"""
GOOD = "0\n" * 11
OUTPUT = f"""\
0 0
{GOOD}{REFUSALS}\
0 2 sample.explicit: the launch grid (1, 1, -1) must have z between 0 and 65535
sample.explicit: the launch grid (2, 65536, 4) must have y between 0 and 65535
"""
# function, its variant, grid, stream, the kernel's parameters and their types
LAUNCHES = [
    ("lambda", "generic", (1, 1, 1), 0, (), ()),
    (
        "integers",
        "aligned",
        (16, 1, 1),
        STREAM,
        ("*i64", "i1", "i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64"),
        (ARRAY, 1, -128, -(2**15), 16, -(2**63), 255, 2**16 - 1, 2**32 - 1, 2**64 - 1),
    ),
    (
        "floats",
        "aligned",
        (1, 1, 1),
        STREAM,
        ("*fp64", "fp16", "bf16", "fp32", "fp64"),
        (ARRAY, 1.5, -1.5, 0.25, 1e300),
    ),
    (
        "scale",
        "bf16-no_bias_ptr-BLOCK_512-aligned",
        (2, 1, 1),
        0,
        ("*bf16", "*bf16", "i64", "fp32"),
        (ARRAY, ARRAY, 1000, 0.5),
    ),
    (
        "scale",
        "fp16-bias_ptr-BLOCK_256-generic",
        (4, 1, 1),
        0,
        ("*fp16", "*fp16", "*fp32", "i64", "fp32"),
        (ARRAY, ODD, ARRAY, 1000, 0.5),
    ),
    (
        "reduce",
        "MODE_max-NEGATE_True-aligned",
        (7, 5, 1),
        STREAM,
        ("*fp32", "*fp32", "i32", "i32"),
        (ARRAY, ARRAY, 5, 3),
    ),
    (
        "gather",
        "fp64-i64-generic",
        (8, 1, 1),
        0,
        ("*fp64", "*i64", "*fp64", "i64", "i64"),
        (ARRAY, ARRAY, ARRAY, 4, 600),
    ),
    ("explicit", "generic", (2, 3, 4), 0, ("*i32", "i32", "i32"), (ODD, -1, -2)),
    ("product", "generic", (1, 1, 1), 0, ("*fp16", "*fp32"), (ARRAY, ARRAY)),
]
