"""What is assumed of ints and pointers: a call gets the case that holds and assumes most."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from codegen.model.kernel import GENERIC, HINTED, Hints, KernelSource, Variant
from codegen.model.parameters import Parameter
from codegen.variants.axes.kind import AxisKind
from codegen.variants.c_steps import Decisions
from codegen.variants.combinations import Combination
from codegen.variants.limits import MOST_FACTS, MOST_HINT_GROUPS, check_limit

_LONGEST_CASE = 80


@dataclass(frozen=True)
class HintsAxis(AxisKind):
    kind = "hints"
    is_merged = False
    cases: tuple[Hints, ...]
    """The last assumes nothing."""

    @classmethod
    def of(cls, kernel: KernelSource, cases: tuple[Hints, ...] | None) -> Iterator[HintsAxis]:
        """The axis of these cases; by default, of one that has each parameter's hint."""
        runtime = [p for p in kernel.parameters if isinstance(p, Parameter)]
        if cases is None:
            hinted = tuple((p.name, p.hint) for p in runtime if p.hint is not None)
            cases = (hinted,) if hinted else ()
        if not cases:
            return
        nullable = [p.name for p in runtime if p.nullable]
        groups = len(_groups(cases)) + len(_decisive_nones(cases, nullable))
        check_limit(kernel, groups, MOST_HINT_GROUPS, "groups of hints that go together")
        pointers = [p.name for p in runtime if p.is_pointer]
        labels = [_label(pointers, case) for case in cases] if len(cases) > 1 else [HINTED]
        if max(map(len, labels)) > _LONGEST_CASE:
            labels = [f"case_{number}" for number in range(1, len(cases) + 1)]
        yield cls((), (*labels, GENERIC), (*labels, GENERIC), (*cases, ()))

    @classmethod
    def of_launches(cls, kernel: KernelSource, cases: Iterable[Hints]) -> HintsAxis | None:
        """The axis of what launches assumed; most first, so that a call gets what the JIT would
        compile for it. None where they assumed nothing."""
        ordered = sorted({case for case in cases if case}, key=lambda case: (-len(case), case))
        facts = len(cls.facts_together(ordered))
        hint = "leave out some launches, or declare some of them under another name"
        check_limit(kernel, facts, MOST_FACTS, "groups of hints that go together", hint)
        labels = (*(f"case_{number}" for number in range(1, len(ordered) + 1)), GENERIC)
        return cls((), labels, labels, (*ordered, ())) if ordered else None

    def label(self, one: Combination, index: int) -> str:
        """What a launch's variant is called: by what is assumed of what it passes."""
        if not self.cases[index]:
            return GENERIC
        label = _label([name for name, t in one.types.items() if t.is_pointer], self.cases[index])
        return label if len(label) <= _LONGEST_CASE else self.labels[index]

    def chosen(self, kernel: KernelSource, combination: Combination, index: int) -> Combination:
        return replace(combination, hints=self.cases[index])

    def conditions(self, choices: Sequence[int], variant: Variant) -> list[dict[str, Any]]:
        facts = self._facts(choices, variant)
        return [{"kind": self.kind, "of": list(facts), "is": [facts]}] if facts else []

    def rank(self, choices: Sequence[int], variant: Variant) -> tuple[int, int]:
        return -len(self._facts(choices, variant)), choices[0]

    def _facts(self, choices: Sequence[int], variant: Variant) -> dict[str, int]:
        """What is assumed of the parameters that are not None."""
        (case,) = choices
        nones = {name for name, value in variant.constexprs.items() if value is None}
        return {name: hint for name, hint in self.cases[case] if name not in nones}

    @staticmethod
    def facts_together(cases: Sequence[Hints]) -> list[list[tuple[str, int]]]:
        """All that some case assumes; what the same cases assume is told together."""
        return list(_groups(cases).values())

    def decide(self, made: Decisions) -> None:
        """By a table over the facts that go together."""
        groups = _groups(self.cases)
        conditions = [
            made.step("bool", name, " && ".join(condition_of(made, fact) for fact in group))
            for name, group in zip(group_names(len(groups)), groups.values(), strict=True)
        ]
        if len(conditions) == 1:
            made.digit(self, "hints", f"{conditions[0]} ? 0 : 1")
            return
        nones = _decisive_nones(self.cases, made.nones)
        numbers = []
        for mask in range(1 << (len(groups) + len(nones))):
            lacking = [cases for bit, cases in enumerate(groups) if not mask >> bit & 1]
            missing = {case for cases in lacking for case in cases}
            given = [case for case in range(len(self.cases)) if case not in missing]
            without = [name for bit, name in enumerate(nones, len(groups)) if mask >> bit & 1]
            numbers.append(_best(self.cases, given, without))
        table = made.table("hints", "uint16_t", [str(number) for number in numbers])
        conditions += [made.nones[name] for name in nones]
        bits = [f"{name} << {bit}" if bit else name for bit, name in enumerate(conditions)]
        made.digit(self, "hints", f"{table}[{' | '.join(bits)}]")


def _label(pointers: Sequence[str], case: Hints) -> str:
    """The ints that are hinted; that pointers are aligned goes without saying."""
    facts = dict(case)
    parts = [f"{name}_{number}" for name, number in case if name not in pointers]
    parts += [f"{name}_any" for name in pointers if name not in facts]
    return "_".join(parts) or HINTED


def _groups(cases: Sequence[Hints]) -> dict[tuple[int, ...], list[tuple[str, int]]]:
    """The facts that go together, by the cases that assume them: a call tests each group once."""
    groups: dict[tuple[int, ...], list[tuple[str, int]]] = {}
    for fact in dict.fromkeys(fact for case in cases for fact in case):
        numbers = tuple(number for number, case in enumerate(cases) if fact in case)
        groups.setdefault(numbers, []).append(fact)
    return groups


def _decisive_nones(cases: Sequence[Hints], nullable: Collection[str]) -> tuple[str, ...]:
    """The parameters whose being None changes which case assumes most: of None nothing is assumed,
    and some cases assume something of them and others do not."""
    named = [{name for name, _ in case} for case in cases if case]
    names = dict.fromkeys(name for case in cases for name, _ in case)
    return tuple(n for n in names if n in nullable and not all(n in case for case in named))


def _best(cases: Sequence[Hints], holding: Collection[int], nones: Collection[str]) -> int:
    """Of the cases that hold, the one that assumes most of what is not None; then the first."""
    facts = {case: sum(name not in nones for name, _ in cases[case]) for case in holding}
    return min(holding, key=lambda case: (-facts[case], case))


def group_names(count: int) -> Iterator[str]:
    return iter(["aligned"]) if count == 1 else (f"aligned_{number}" for number in range(count))


def condition_of(made: Decisions, fact: tuple[str, int]) -> str:
    name, hint = fact
    argument = made.arguments[name]
    if argument.element_sizes:
        return f"tb_divisible_by_16({argument.place})"
    read = f"*{argument.place}" if argument.stored_type else argument.place
    test = f"{read} == 1" if hint == 1 else f"{read} % 16 == 0"
    return f"({argument.place} == NULL || {test})" if argument.stored_type else test
