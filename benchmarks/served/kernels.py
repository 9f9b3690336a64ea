"""Two kernels whose launches cost the host alone: they do next to nothing, with many arguments."""

from __future__ import annotations

import triton
import triton.language as tl


@triton.jit
def five(x, y, out, n, scale, BLOCK: tl.constexpr):
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    total = tl.load(x + at, mask=at < n) + scale * tl.load(y + at, mask=at < n)
    tl.store(out + at, total, mask=at < n)


@triton.jit
def nineteen(
    a,
    b,
    c,
    d,
    out,
    n,
    stride_a,
    stride_b,
    stride_c,
    stride_d,
    stride_out,
    start,
    end,
    step,
    BLOCK: tl.constexpr,
    HEADS: tl.constexpr,
    WIDTH: tl.constexpr,
    HAS_BIAS: tl.constexpr,
    IS_CAUSAL: tl.constexpr,
):
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = (at < n) & (at >= start) & (at < end)
    total = tl.load(a + at * stride_a, mask=mask) + tl.load(b + at * stride_b, mask=mask)
    if HAS_BIAS:
        total += tl.load(c + at * stride_c, mask=mask)
    if IS_CAUSAL:
        total *= tl.load(d + at * stride_d, mask=mask)
    tl.store(out + at * stride_out, total * (HEADS + WIDTH + step), mask=mask)
