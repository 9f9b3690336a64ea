"""Kernels whose launches `benchmarks.recording` times; they do nothing."""

import triton
import triton.language as tl


@triton.jit
def five(x, y, out, n, m):
    pass


@triton.jit
def nineteen(
    q, k, v, g, out, a, b, c, d, e, f, h, i, j,
    C0: tl.constexpr, C1: tl.constexpr, C2: tl.constexpr, C3: tl.constexpr, C4: tl.constexpr,
):  # fmt: skip
    pass


@triton.autotune([triton.Config({"BLOCK": 64}), triton.Config({"BLOCK": 128})], key=["n"])
@triton.jit
def tuned(x, n, BLOCK: tl.constexpr):
    pass
