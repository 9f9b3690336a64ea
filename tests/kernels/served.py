"""Kernels of a program that is served: a package is generated of them, and they are none's own."""

import triton
import triton.language as tl

SCALE = tl.constexpr(3)


@triton.jit
def add(x, y, out, n, BLOCK: tl.constexpr):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = offsets < n
    total = tl.load(x + offsets, mask=mask) + tl.load(y + offsets, mask=mask)
    tl.store(out + offsets, total, mask=mask)


@triton.jit
def scaled(
    x, bias, out, n, factor, MODE: tl.constexpr, NEGATE: tl.constexpr, BLOCK: tl.constexpr = 64
):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    value = tl.load(x + offsets, mask=offsets < n) * factor * SCALE
    if bias is not None:
        value += tl.load(bias + offsets, mask=offsets < n)
    if MODE == "square":
        value *= value
    if NEGATE:
        value = -value
    tl.store(out + offsets, value, mask=offsets < n)


@triton.autotune(
    configs=[
        triton.Config({"BLOCK": 32}),
        triton.Config({"BLOCK": 64}),
        triton.Config({"BLOCK": 128}),
        triton.Config({"BLOCK": 256}),
    ],
    key=["n", "FLIP"],
    reset_to_zero=["out"],
)
@triton.heuristics({"FULL": lambda args: args["n"] % args["BLOCK"] == 0})
@triton.jit
def tuned(x, out, n, FLIP: tl.constexpr, FULL: tl.constexpr, BLOCK: tl.constexpr):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = True if FULL else offsets < n
    value = tl.load(x + offsets, mask=mask)
    tl.store(out + offsets, -value if FLIP else value, mask=mask)


@triton.heuristics(
    {
        "BLOCK": lambda args: 128 if args["n"] > 100 else 64,
        "WIDE": lambda args: args["BLOCK"] > 64 and args["x"].numel() > 100,
    }
)
@triton.jit
def filled(x, out, n, WIDE: tl.constexpr, BLOCK: tl.constexpr):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    value = tl.load(x + offsets, mask=offsets < n)
    tl.store(out + offsets, value * 2 if WIDE else value, mask=offsets < n)


@triton.jit
def twice(value):
    return 2 * value


@triton.jit
def thrice(value):
    return 3 * value


@triton.jit
def mixed(x, out, sizes, flag, APPLY: tl.constexpr, TO: tl.constexpr, OUT: tl.constexpr):
    offsets = tl.arange(0, 64)
    value = APPLY(tl.load(x + offsets, mask=offsets < sizes[0])).to(TO)
    if flag:
        value = -value
    tl.store(out + offsets, value.to(OUT), mask=offsets < sizes[1][0])


@triton.jit
def copied(source, out, ROWS: tl.constexpr):
    columns = tl.arange(0, 16)
    tile = source.load([0, 0])
    rows = tl.arange(0, ROWS)
    tl.store(out + rows[:, None] * 16 + columns[None, :], tile)


@triton.jit
def either(x, out, n, factor, BLOCK: tl.constexpr):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    value = tl.load(x + offsets, mask=offsets < n) * factor
    tl.store(out + offsets, value, mask=offsets < n)


@triton.jit
def flagged(
    x,
    out,
    n,
    FLAG: tl.constexpr,
    SIZE: tl.constexpr,
    NEGATE: tl.constexpr = True,
    BLOCK: tl.constexpr = 64,
):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    value = tl.load(x + offsets, mask=offsets < n) * SIZE
    if FLAG:
        value += 1
    tl.store(out + offsets, -value if NEGATE else value, mask=offsets < n)
