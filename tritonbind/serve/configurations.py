"""Which of an autotuner's configurations to launch with: the recorded ones, the nearest first."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from tritonbind.document import Json
from tritonbind.serve.manifest import Tuned
from tritonbind.serve.values import equal


def ranked(
    configurations: Sequence[Any],
    tuned: Tuned,
    key: tuple[Any, ...],
    defaults: Mapping[str, Json],
) -> list[Any]:
    """An autotuner's configurations in the order in which to try them.

    First the one that was best for this key; then those of other keys, by how near their numbers
    are, where all else in the key is equal; then the others, in the autotuner's order.
    """
    near = [(_distance(key, recorded), best) for recorded, best in tuned.rows]
    order = sorted((far, place) for place, (far, _) in enumerate(near) if far is not None)
    first = [
        one for _, place in order for one in configurations if _is(one, near[place][1], defaults)
    ]
    return list({id(one): one for one in (*first, *configurations)}.values())


def _distance(key: Sequence[Any], recorded: Sequence[Json]) -> float | None:
    """How far two keys are apart, by the ratios of their numbers. None where they differ else."""
    if len(key) != len(recorded):
        return None
    distance = 0.0
    for one, other in zip(key, recorded, strict=True):
        if _is_number(one) and _is_number(other):
            distance += abs(_logarithm(one) - _logarithm(other))
        elif not equal(one, other):
            return None
    return distance


def _is_number(value: Json) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _logarithm(number: float) -> float:
    """Of a number of any size and sign, so that it grows with the number."""
    return math.copysign(math.log2(1 + abs(number)), number)


def _is(configuration: Any, recorded: Mapping[str, Json], defaults: Mapping[str, Json]) -> bool:
    given = configuration.all_kwargs()
    names = {*given, *recorded}
    return all(
        equal(given.get(name, defaults.get(name)), recorded.get(name, defaults.get(name)))
        for name in names
    )
