"""The combinations of choices that a call can make, while they are being worked out."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from codegen.model.kernel import Axis, Hints
from codegen.model.options import Options


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
        told = axis.labels[index : index + 1] if len(axis.labels) > 1 else ()
        return replace(self, selection=(*self.selection, index), labels=(*self.labels, *told))

    def known(self, name: str) -> tuple[object, ...]:
        """The value of a constexpr or an option, if it has one here."""
        if name in self.values:
            return (self.values[name],)
        return (getattr(self.options, name),) if hasattr(self.options, name) else ()


def hint_groups(cases: Sequence[Hints]) -> dict[tuple[int, ...], list[tuple[str, int]]]:
    """The facts that go together, by the cases that assume them: a call tests each group once."""
    groups: dict[tuple[int, ...], list[tuple[str, int]]] = {}
    for fact in dict.fromkeys(fact for case in cases for fact in case):
        numbers = tuple(number for number, case in enumerate(cases) if fact in case)
        groups.setdefault(numbers, []).append(fact)
    return groups


def decisive_nones(cases: Sequence[Hints], nullable: Collection[str]) -> tuple[str, ...]:
    """The parameters whose being None changes which case assumes most: of None nothing is assumed,
    and some cases assume something of them and others do not."""
    named = [{name for name, _ in case} for case in cases if case]
    names = dict.fromkeys(name for case in cases for name, _ in case)
    return tuple(n for n in names if n in nullable and not all(n in case for case in named))


def best_case(cases: Sequence[Hints], holding: Collection[int], nones: Collection[str]) -> int:
    """Of the cases that hold, the one that assumes most of what is not None; then the first."""
    facts = {case: sum(name not in nones for name, _ in cases[case]) for case in holding}
    return min(holding, key=lambda case: (-facts[case], case))
