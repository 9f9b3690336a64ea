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
