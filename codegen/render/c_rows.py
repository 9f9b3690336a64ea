"""Which variants C has a row for, and whether hints decide anything.

Variants that differ in their hints alone share a row if their images are the same in each such
group.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from codegen.model.kernel import NO_VARIANT, Hints, Specialisation
from codegen.variants.axes.hints import HintsAxis


@dataclass(frozen=True)
class Rows:
    """The rows of a function's table of variants."""

    variants: tuple[int, ...]
    """The numbers of the variants that have one, in order."""
    numbers: tuple[int, ...]
    """The row of each combination of choices; empty: each has its own."""
    hints_decide: bool
    """False: the hints are not among the choices."""
    combinations: tuple[Combination, ...] = ()
    """Of a kernel whose launches are listed: those that were built."""


@dataclass(frozen=True)
class Combination:
    """One combination of choices before the hints, and its variants."""

    selection: tuple[int, ...]
    cases: tuple[tuple[Hints, int], ...]
    """What each assumes, and its row; a call takes the first that holds, and the last always
    does."""


def rows_of(specialisation: Specialisation, first_alike: Sequence[int]) -> Rows:
    """`first_alike` gives for each variant the first one that has the same images."""
    if specialisation.selections:
        return _rows_of_launches(specialisation, first_alike)
    every = tuple(range(len(specialisation.variants)))
    numbers = specialisation.numbers or every
    axis = specialisation.axes[-1] if specialisation.axes else None
    if not isinstance(axis, HintsAxis):
        return Rows(every, specialisation.numbers, True)
    count = len(axis.labels)
    groups = [numbers[first : first + count] for first in range(0, len(numbers), count)]
    images = [{first_alike[number] if number >= 0 else number for number in g} for g in groups]
    if any(len(different) > 1 for different in images):
        return Rows(every, specialisation.numbers, True)
    kept = tuple(sorted({group[0] for group in groups} - {NO_VARIANT}))
    rows = {number: row for row, number in enumerate(kept)} | {NO_VARIANT: NO_VARIANT}
    found = tuple(rows[group[0]] for group in groups)
    return Rows(kept, () if found == tuple(range(len(kept))) else found, False)


def _rows_of_launches(specialisation: Specialisation, first_alike: Sequence[int]) -> Rows:
    axis = specialisation.axes[-1] if specialisation.axes else None
    hints = axis if isinstance(axis, HintsAxis) else None
    together: dict[tuple[int, ...], list[tuple[Hints, int]]] = {}
    for selection, number in specialisation.combinations():
        case = () if hints is None else hints.cases[selection[-1]]
        calls = selection if hints is None else selection[:-1]
        together.setdefault(calls, []).append((case, first_alike[number]))
    for cases in together.values():
        while len(cases) > 1 and cases[-2][1] == cases[-1][1]:
            del cases[-2]  # what it assumes makes no other image
    kept = sorted({number for cases in together.values() for _, number in cases})
    rows = {number: row for row, number in enumerate(kept)}
    combinations = (
        Combination(selection, tuple((case, rows[number]) for case, number in cases))
        for selection, cases in together.items()
    )
    return Rows(tuple(kept), (), True, tuple(combinations))
