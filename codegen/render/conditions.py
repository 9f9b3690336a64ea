"""Which calls get which variant, as plain data: a call takes the first entry that fits."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from codegen.model.kernel import NO_VARIANT, Kernel
from codegen.variants.axes.kind import axes_of

Row = tuple[int, tuple[tuple[int, ...], ...]]
"""A variant, and for each axis the choices that lead to it."""


def calls_of(kernel: Kernel) -> list[dict[str, Any]]:
    """For each combination of choices its variant: those that assume more of ints and pointers
    come first, and a call gets the first whose conditions all hold."""
    axes = axes_of(kernel)
    rows: list[Row] = [
        (number, tuple((index,) for index in selection))
        for selection, number in kernel.specialisation.combinations()
        if number != NO_VARIANT
    ]
    for position, axis in enumerate(axes):
        if axis.is_merged:
            rows = _merged(rows, position)
    found: dict[str, tuple[list[tuple[int, int]], dict[str, Any]]] = {}
    for number, selection in rows:
        variant = kernel.specialisation.variants[number]
        choices = list(zip(axes, selection, strict=True))
        conditions = [one for axis, of in choices for one in axis.conditions(of, variant)]
        row = {"variant": variant.label, "conditions": conditions}
        rank = [axis.rank(of, variant) for axis, of in choices]
        found.setdefault(json.dumps(row), (rank, row))
    return [row for _, row in sorted(found.values(), key=lambda pair: pair[0])]


def _merged(rows: Sequence[Row], position: int) -> list[Row]:
    """The rows that differ on one axis alone and have the same variant, as one."""
    groups: dict[object, list[Row]] = {}
    for row in rows:
        number, selection = row
        key = number, selection[:position], selection[position + 1 :]
        groups.setdefault(key, []).append(row)
    merged = []
    for group in groups.values():
        number, selection = group[0]
        indices = tuple(index for _, other in group for index in other[position])
        merged.append((number, (*selection[:position], indices, *selection[position + 1 :])))
    return merged
