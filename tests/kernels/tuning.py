"""Autotuned kernels that are built with all their configurations, to be tuned behind the stand-in.

`negate` is declared as `tritonbind adopt` declares what a program launched.
"""

import triton
import triton.language as tl

from codegen.export import export


@export(
    "tests.scale",
    types={"x": "*fp32 | *fp16", "bias": "*fp32 | None", "out": "*fp32", "n": "i32"},
    constexprs={"FLIP": [False, True]},
    grid=lambda META: (triton.cdiv(META["n"], META["BLOCK"]),),
)
@triton.autotune(
    [triton.Config({"BLOCK": block}, num_warps=1) for block in (32, 64, 128, 256)],
    key=["n", "FLIP"],
)
@triton.jit
def scale(x, bias, out, n, FLIP: tl.constexpr, BLOCK: tl.constexpr):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    value = tl.load(x + offsets, mask=offsets < n).to(tl.float32)
    if bias is not None:
        value += tl.load(bias + offsets, mask=offsets < n)
    tl.store(out + offsets, -value if FLIP else value, mask=offsets < n)


@export(
    "tests.gather",
    types={"x": "*bf16", "index": "*i64", "out": "*bf16", "n": "i32", "stride": "i32"},
    grid=lambda META: (META["n"],),
)
@triton.autotune([triton.Config({"BLOCK": 16}), triton.Config({"BLOCK": 32})], key=["stride"])
@triton.jit
def gather(x, index, out, n, stride, BLOCK: tl.constexpr):
    row, columns = tl.program_id(0), tl.arange(0, BLOCK)
    value = tl.load(x + tl.load(index + row) * stride + columns)
    tl.store(out + row * BLOCK + columns, value, mask=row < n)


@triton.autotune([triton.Config({"BLOCK": block}) for block in (32, 128)], key=["n", "FLIP"])
@triton.heuristics({"EVEN": lambda args: args["n"] % args["BLOCK"] == 0})
@triton.jit
def negate(x, out, n, FLIP: tl.constexpr, EVEN: tl.constexpr, BLOCK: tl.constexpr):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    value = tl.load(x + offsets, mask=None if EVEN else offsets < n)
    tl.store(out + offsets, -value if FLIP else value, mask=None if EVEN else offsets < n)


export(
    "tests.negate",
    grid=lambda META: (triton.cdiv(META["n"], META["BLOCK"]),),
    launches=[
        {
            "arguments": {
                **{"x": "*fp32:16", "out": "*fp32:16", "n": n},
                **{"FLIP": {"constexpr": True}, "EVEN": {"constexpr": is_even}},
                "BLOCK": {"constexpr": 32},
            },
            "options": {"num_warps": 4, "num_stages": 3},
        }
        for n, is_even in (("i32:16", True), ("i32", False))
    ],
    configs=[{}],
)(negate)


@export("tests.fixed", types={"x": "*fp32"}, grid=lambda: (1,))
@triton.jit
def fixed(x):
    tl.store(x, 1.0)
