"""The fewest configurations with which each key is near its best."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet

Times = Mapping[int, float]
"""Of the configurations of one key, in any unit."""


def cover(rows: Sequence[Times], tolerance: float) -> list[int]:
    """The configuration for each row: few in all, none further than the tolerance from the best.

    Args:
        rows: at least one time each.
        tolerance: a part of the best time, as 0.02.
    """
    fitting = [_within(times, tolerance) for times in rows]
    chosen: set[int] = set()
    while open_rows := [row for row, fits in enumerate(fitting) if not fits & chosen]:
        candidates = sorted(set().union(*(fitting[row] for row in open_rows)))
        chosen.add(min(candidates, key=lambda one: _cost(one, open_rows, fitting, rows)))
    for one in sorted(chosen):  # what others made needless
        if all(fits & (chosen - {one}) for fits in fitting):
            chosen.remove(one)
    return [
        min(fits & chosen, key=lambda one: (times[one], one))
        for times, fits in zip(rows, fitting, strict=True)
    ]


def _within(times: Times, tolerance: float) -> set[int]:
    bound = min(times.values()) * (1 + tolerance)
    return {one for one, time in times.items() if time <= bound}


def _cost(
    one: int, open_rows: Sequence[int], fitting: Sequence[AbstractSet[int]], rows: Sequence[Times]
) -> tuple[int, float, int]:
    """What covers most comes first, then what loses least, then the lower number."""
    covered = [row for row in open_rows if one in fitting[row]]
    lost = sum(rows[row][one] / min(rows[row].values()) for row in covered)
    return -len(covered), lost / max(len(covered), 1), one
