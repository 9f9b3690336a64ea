"""Whether parameters are None: one, and those that are None together with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from codegen.model.kernel import KernelSource
from codegen.model.none_together import groups
from codegen.model.parameters import Constexpr, Parameter
from codegen.variants.axes.kind import CallAxis
from codegen.variants.c_steps import CStep, Decisions
from codegen.variants.combinations import Combination


@dataclass(frozen=True)
class NoneAxis(CallAxis):
    kind = "none"
    untyped: tuple[str, ...]
    """Those that have no type where they are None: for the others there is a null pointer."""

    @classmethod
    def of(cls, kernel: KernelSource, parameter: Parameter | Constexpr) -> Iterator[NoneAxis]:
        if isinstance(parameter, Parameter) and parameter.nullable and not parameter.partner:
            name = parameter.name
            names = groups(kernel.parameters)[name]
            runtime = (p for p in kernel.parameters if isinstance(p, Parameter))
            untyped = tuple(p.name for p in runtime if p.name in names and not p.takes_null)
            yield cls(names, (name, f"no_{name}"), (False, True), untyped)

    def chosen(self, kernel: KernelSource, combination: Combination, index: int) -> Combination:
        if not self.values[index]:
            return combination
        types = {n: type_ for n, type_ in combination.types.items() if n not in self.untyped}
        values = {**combination.values, **dict.fromkeys(self.parameters)}
        return replace(combination, types=types, values=values)

    def choice_of(self, one: Combination) -> int:
        return int(self.parameters[0] not in one.types)

    @property
    def texts(self) -> tuple[str, ...]:
        return f"{self.parameters[0]} given", f"{self.parameters[0]}=None"

    def decide(self, made: Decisions) -> None:
        first, *others = (made.arguments[name] for name in self.parameters)
        digit = made.digit(self, f"no_{first.c_name}", f"{first.place} == NULL")
        made.nones.update(dict.fromkeys(self.parameters, digit))
        for other in others:
            failure = f"({other.place} == NULL) != {digit}"
            sentence = f"tb_fail_together(function, {other.index}, {first.index}, {digit})"
            made.steps.append(CStep("", "", failure, sentence))
