"""The combinations of choices that a call can make, while they are being worked out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from codegen.model import Axis, Hints, Options


@dataclass(frozen=True)
class Cell:
    """One combination of choices: what is known of a call that makes them."""

    selection: tuple[int, ...]
    labels: tuple[str, ...]
    types: dict[str, str]
    """The Triton type of each run-time parameter that is not None."""
    values: dict[str, object]
    """What is compiled in, None too."""
    options: Options
    hints: Hints = ()
    reachable: bool = True
    """Some call makes these choices."""

    def extended(self, axis: Axis, index: int) -> Cell:
        """This cell with one more choice."""
        return replace(
            self,
            selection=(*self.selection, index),
            labels=(*self.labels, axis.labels[index]),
        )


def hint_groups(cases: Sequence[Hints]) -> dict[tuple[int, ...], list[tuple[str, int]]]:
    """The facts that go together, by the cases that assume them: a call tests each group once."""
    groups: dict[tuple[int, ...], list[tuple[str, int]]] = {}
    for fact in dict.fromkeys(fact for case in cases for fact in case):
        numbers = tuple(number for number, case in enumerate(cases) if fact in case)
        groups.setdefault(numbers, []).append(fact)
    return groups
