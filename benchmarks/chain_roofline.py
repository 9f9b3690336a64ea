"""What each stage of the chain must move and compute, and how fast this GPU does either."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch

from tests.support.chain import KEY_HEADS

SEVEN = ("prepare", "cumsum", "a", "solve", "recompute", "state", "o")
FUSED = ("local", "carry")


@dataclass(frozen=True)
class Work:
    bytes: float
    """Each input read once, each output written once."""
    flops: float


@dataclass(frozen=True)
class Ceilings:
    """Per second, as measured."""

    bytes: float
    flops: float

    def floor(self, work: Work) -> float:
        """Microseconds below which no kernel does it."""
        return 1e6 * max(work.bytes / self.bytes, work.flops / self.flops)


def work(stage: str, tokens: int, heads: int) -> Work:
    """Of a stage, with 16 key heads."""
    chunks = (tokens + 63) // 64
    rows, matrices = tokens * heads, chunks * heads
    head = 256.0 * rows  # 128 numbers of bf16 for each token and head
    state = 65536.0 * heads
    keys = 256.0 * tokens * KEY_HEADS
    passed_on = (16384.0 + 1024.0) * matrices  # from `local` to `carry`
    square, tall, wide = (2.0 * 64 * size * matrices for size in (64 * 64, 64 * 128, 128 * 128))
    return {
        "prepare": Work(2 * keys + head + 4 * rows + 3 * head + 8 * rows, 0),
        "cumsum": Work(8 * rows, 0),
        "a": Work(head + 8 * rows + head, tall),
        "solve": Work(head + head / 2, square / 3),
        "recompute": Work(2 * head + head / 2 + 8 * rows + 2 * head, 2 * tall),
        "state": Work(4 * head + 4 * rows + state * chunks + 2 * state, 2 * wide),
        "o": Work(4 * head + 4 * rows + state * chunks, wide + 2 * tall),
        "local": Work(2 * keys + 4 * rows + passed_on, 2 * tall + 11 * square),
        "carry": Work(2 * keys + 2 * head + passed_on + 2 * state, 3 * wide + 2 * tall),
    }[stage]


def least_bytes(tokens: int, heads: int) -> float:
    """What any form of the prefill reads and writes: its arguments and results."""
    rows = tokens * heads
    return 256.0 * (2 * tokens * KEY_HEADS + 2 * rows) + 4 * rows + 2 * 65536.0 * heads


def measure() -> Ceilings:
    """A large copy, and a large bf16 product of random matrices."""
    ceilings = Ceilings(_copied(), _multiplied())
    torch.cuda.empty_cache()
    return ceilings


def _copied() -> float:
    source = torch.randint(0, 255, (4 << 30,), dtype=torch.uint8, device="cuda")
    target = torch.empty_like(source)
    return 2.0 * source.numel() / _seconds(lambda: target.copy_(source))


def _multiplied() -> float:
    a, b = (torch.randn(8192, 8192, dtype=torch.bfloat16, device="cuda") for _ in range(2))
    return 2.0 * 8192**3 / _seconds(lambda: a @ b)


def _seconds(run: Callable[[], object], calls: int = 10) -> float:
    for _ in range(3):
        run()
    before, after = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    before.record()
    for _ in range(calls):
        run()
    after.record()
    after.synchronize()
    return 1e-3 * float(before.elapsed_time(after)) / calls
