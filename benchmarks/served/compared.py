"""How far the results of two runs of a program are apart, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

UNITS = 2
"""How many units in the last place of its dtype, relative to its largest value, an output may
differ by. Two compilers order and fuse float32 sums differently, so that a value between two of
the dtype's is rounded to either: one unit where the kernel stores it, one where an intermediate
result was stored, which the output is computed from."""


@dataclass(frozen=True)
class Difference:
    """Of one output."""

    largest: float
    """Absolute."""
    relative: float
    """To the output's own largest value."""
    units: float
    """In the last place of the dtype; what is no float may not differ at all."""

    @property
    def is_near(self) -> bool:
        return self.units <= UNITS


def compare(found: Mapping[str, Sequence[Any]], before: Mapping[str, Sequence[Any]]) -> bool:
    """Print a line for each part, and tell whether all are within what rounding explains."""
    is_near = True
    for title, results in found.items():
        others = before.get(title)
        if others is None:
            line, good = "is not in the results that it is compared with", False
        elif _shapes(results) != _shapes(others):
            line, good = f"gave {_shapes(results)}, before {_shapes(others)}", False
        else:
            line, good = _told([difference(*pair) for pair in zip(results, others, strict=True)])
        is_near &= good
        print(f"{title}: {line}", flush=True)
    return is_near


def difference(one: Any, other: Any) -> Difference:
    """Of two tensors of one dtype and shape. Infinities and NaN must be at the same places."""
    exact = torch.float64 if one.is_floating_point() else torch.int64
    one, before = one.to(exact), other.to(exact)
    same = (one == before) | ((one != one) & (before != before))
    apart = torch.where(same, 0, (one - before).abs()).double().nan_to_num(nan=float("inf"))
    largest = apart.max().item() if apart.numel() else 0.0
    if largest == 0.0:
        return Difference(0.0, 0.0, 0.0)
    sizes = before.double().abs()
    scale = torch.where(sizes.isfinite(), sizes, 0).max().item()
    relative = largest / scale if scale else float("inf")
    step = _step(other.dtype)
    return Difference(largest, relative, relative / step if step else float("inf"))


def _step(dtype: Any) -> float:
    """A unit in the last place of 1. A float32 output is computed from bf16 inputs and intermediate
    results, and is as exact as these."""
    if not dtype.is_floating_point:
        return 0.0
    return float(torch.finfo(torch.bfloat16 if dtype == torch.float32 else dtype).eps)


def _told(differences: Sequence[Difference]) -> tuple[str, bool]:
    if not differences:
        return "no outputs to compare", False
    number, worst = max(enumerate(differences), key=lambda pair: pair[1].units)
    text = (
        f"{len(differences)} outputs; the farthest, {number}, by {worst.largest:.2g}, "
        f"{worst.relative:.2g} of its largest value, {worst.units:.2g} units of {UNITS} allowed"
    )
    return (text if worst.is_near else f"{text}: too far"), worst.is_near


def _shapes(results: Sequence[Any]) -> str:
    def each() -> Iterator[str]:
        for one in results:
            yield f"{str(one.dtype).removeprefix('torch.')}{list(one.shape)}"

    return ", ".join(each())
