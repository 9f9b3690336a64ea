"""Which configurations of one key are the best: what is certainly slower is soon given up."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from tritonbind.tune.measuring import Time

ROUNDS = ((2.0, 1.5), (20.0, 1.15), (50.0, 1.0), (50.0, 1.0))
"""Milliseconds that each configuration is measured for, and how much slower than the best one may
be, at its best, to stay. The last two rounds give the times."""


class FailedError(Exception):
    """Why a configuration cannot be measured."""


@dataclass(frozen=True)
class Found:
    """What is known of the configurations of one key."""

    times: Mapping[int, float]
    """Microseconds, of those that were not given up: the lower of two medians."""
    slower: Mapping[int, float]
    """The last median of those that were."""
    failed: Mapping[int, str]
    """Why others have none."""


def search(
    configurations: Iterable[int], measure: Callable[[int, float], Time], tolerance: float
) -> Found:
    """Measure configurations, by number, for longer the nearer they are to the best.

    Args:
        measure: the time of a configuration, measured for so many milliseconds. Raises FailedError.
        tolerance: those within this part of the best are never given up, as 0.02.
    """
    left, known = list(configurations), dict[int, list[Time]]()
    slower: dict[int, float] = {}
    failed: dict[int, str] = {}
    for budget, factor in ROUNDS:
        for one in left:
            try:
                known.setdefault(one, []).append(measure(one, budget))
            except FailedError as error:
                failed[one] = str(error)
        left = [one for one in left if one not in failed]
        best = min((known[one][-1].median for one in left), default=0.0)
        bound = best * max(factor, 1 + tolerance)
        slower |= {one: known[one][-1].median for one in left if known[one][-1].low > bound}
        left = [one for one in left if one not in slower]
    times = {one: min(time.median for time in known[one][-2:]) for one in left}
    return Found(times, slower, failed)
