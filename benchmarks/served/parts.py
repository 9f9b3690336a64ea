"""What a program is made of: parts that call functions of a package, in two sets of sizes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

Results = Sequence[Any]
Part = Callable[["Sizes"], Results]
"""Calls functions of a package; gives the tensors that they return or write."""


class LeftOutError(Exception):
    """A part that cannot run on this machine, and why; nothing is wrong."""


@dataclass(frozen=True)
class Sizes:
    """How many tokens and sequences the calls have. Heads and widths are a model's: the same."""

    tokens: tuple[int, ...]
    batches: tuple[int, ...]


SIZES = {
    "recorded": Sizes(tokens=(64, 256, 1024), batches=(8, 1)),
    "other": Sizes(tokens=(96, 201, 1000), batches=(3, 5)),
}
