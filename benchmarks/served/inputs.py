"""What the programs' calls are made of: seeded tensors on the GPU, in two sets of sizes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

Results = Sequence[Any]
Part = Callable[["Sizes"], Results]
"""Calls functions of a package; gives the tensors that they return or write."""


@dataclass(frozen=True)
class Sizes:
    """How many tokens and sequences the calls have. Heads and widths are a model's: the same."""

    tokens: tuple[int, ...]
    batches: tuple[int, ...]


SIZES = {
    "recorded": Sizes(tokens=(64, 256, 1024), batches=(8, 1)),
    "other": Sizes(tokens=(96, 200, 1000), batches=(3, 5)),
}
BF16 = torch.bfloat16


def normal(*shape: int, dtype: Any = BF16, **more: Any) -> Any:
    return torch.randn(*shape, device="cuda", dtype=dtype, **more)


def uniform(*shape: int, dtype: Any = torch.float32) -> Any:
    return torch.rand(*shape, device="cuda", dtype=dtype)


def integers(values: Sequence[int], dtype: Any = torch.int32) -> Any:
    return torch.tensor(values, device="cuda", dtype=dtype)
