"""Two autotuned kernels as programs have them: a product of matrices, and a layer norm."""

from __future__ import annotations

import triton
import triton.language as tl


def _product(rows: int, columns: int, depth: int, warps: int, stages: int) -> triton.Config:
    blocks = {"BLOCK_M": rows, "BLOCK_N": columns, "BLOCK_K": depth}
    return triton.Config(blocks, num_warps=warps, num_stages=stages)


@triton.autotune(
    [
        _product(128, 128, 64, 8, 3),
        _product(128, 128, 64, 4, 4),
        _product(128, 256, 64, 8, 3),
        _product(128, 256, 64, 8, 4),
        _product(256, 128, 64, 8, 3),
        _product(128, 64, 64, 4, 4),
        _product(64, 256, 64, 4, 4),
        _product(64, 128, 64, 4, 4),
        _product(64, 64, 64, 4, 5),
        _product(64, 32, 128, 4, 4),
        _product(32, 128, 64, 4, 5),
        _product(32, 64, 128, 4, 4),
        _product(16, 128, 64, 4, 5),
        _product(16, 128, 128, 4, 4),
        _product(16, 64, 128, 4, 4),
        _product(16, 32, 256, 4, 3),
    ],
    key=["M", "N", "K"],
)
@triton.jit
def matmul(
    a,  # [M, K]
    b,  # [K, N]
    c,  # [M, N]
    M,
    N,
    K,
    BLOCK_M: tl.constexpr,
    BLOCK_N: tl.constexpr,
    BLOCK_K: tl.constexpr,
):
    """c = a @ b, each in row-major order; BLOCK_K divides K."""
    program = tl.program_id(0)
    height, width = tl.cdiv(M, BLOCK_M), tl.cdiv(N, BLOCK_N)
    group = program // (8 * width) * 8
    size = min(height - group, 8)
    row = group + program % (8 * width) % size
    column = program % (8 * width) // size
    rows = row * BLOCK_M + tl.arange(0, BLOCK_M)
    columns = column * BLOCK_N + tl.arange(0, BLOCK_N)
    depth = tl.arange(0, BLOCK_K)
    from_a = a + (rows % M)[:, None].to(tl.int64) * K + depth[None, :]
    from_b = b + depth[:, None].to(tl.int64) * N + (columns % N)[None, :]
    total = tl.zeros((BLOCK_M, BLOCK_N), tl.float32)
    for _ in range(0, K, BLOCK_K):
        total = tl.dot(tl.load(from_a), tl.load(from_b), total)
        from_a += BLOCK_K
        from_b += BLOCK_K * N
    mask = (rows < M)[:, None] & (columns < N)[None, :]
    tl.store(c + rows[:, None].to(tl.int64) * N + columns[None, :], total.to(tl.bfloat16), mask)


@triton.autotune(
    [
        triton.Config({"BLOCK": block}, num_warps=warps)
        for block, warps in (
            *((1024, 4), (256, 1), (512, 1), (512, 2), (1024, 2), (1024, 8)),
            *((2048, 4), (2048, 8), (4096, 8), (4096, 16), (8192, 8), (8192, 16)),
        )
    ],
    key=["columns"],
)
@triton.jit
def layer_norm(x, weight, bias, out, columns, epsilon, BLOCK: tl.constexpr):
    """Each row less its mean, over its deviation, times the weight and with the bias."""
    x += tl.program_id(0).to(tl.int64) * columns
    out += tl.program_id(0).to(tl.int64) * columns
    sums = tl.zeros((BLOCK,), tl.float32)
    squares = tl.zeros((BLOCK,), tl.float32)
    for start in range(0, columns, BLOCK):
        at = start + tl.arange(0, BLOCK)
        value = tl.load(x + at, mask=at < columns, other=0).to(tl.float32)
        sums += value
        squares += value * value
    mean = tl.sum(sums) / columns
    scale = tl.rsqrt(tl.sum(squares) / columns - mean * mean + epsilon)
    for start in range(0, columns, BLOCK):
        at = start + tl.arange(0, BLOCK)
        value = tl.load(x + at, mask=at < columns).to(tl.float32)
        weights = tl.load(weight + at, mask=at < columns).to(tl.float32)
        value = (value - mean) * scale * weights
        value += tl.load(bias + at, mask=at < columns).to(tl.float32)
        tl.store(out + at, value.to(tl.bfloat16), mask=at < columns)
