"""Which variants C has a row for, and whether hints decide anything.

Variants that differ in their hints alone share a row if their images are the same in each such
group.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from codegen.model.kernel import NO_VARIANT, Specialisation
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


def rows_of(specialisation: Specialisation, first_alike: Sequence[int]) -> Rows:
    """`first_alike` gives for each variant the first one that has the same images."""
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
