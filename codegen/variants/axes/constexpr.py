"""The value of a constexpr that calls pass."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from codegen.model.constexpr_values import identity
from codegen.model.kernel import KernelSource
from codegen.model.options import OPTIONS
from codegen.model.parameters import Constexpr, Parameter
from codegen.variants.axes.kind import CallAxis, labels_of
from codegen.variants.c_steps import CArgument, Decisions, among
from codegen.variants.combinations import Combination
from codegen.variants.hash_tables import FEW


@dataclass(frozen=True)
class ConstexprAxis(CallAxis):
    kind = "constexpr"
    compiled: tuple[object, ...]
    """What is compiled in for each choice."""

    @classmethod
    def of(cls, kernel: KernelSource, parameter: Parameter | Constexpr) -> Iterator[ConstexprAxis]:
        if isinstance(parameter, Constexpr) and parameter.is_argument:
            name, passed = parameter.name, parameter.passed
            yield cls((name,), labels_of(name, passed), passed, parameter.choices)

    def chosen(self, kernel: KernelSource, combination: Combination, index: int) -> Combination:
        (name,) = self.parameters
        if name in OPTIONS and name not in kernel.apart:
            return combination.with_value(kernel, name, self.compiled[index])
        return replace(combination, values={**combination.values, name: self.compiled[index]})

    def choice_of(self, one: Combination) -> int:
        value = identity(one.values[self.parameters[0]])
        return [*map(identity, self.compiled)].index(value)

    def decide(self, made: Decisions) -> None:
        argument = made.arguments[self.parameters[0]]
        made.digit(self, f"{argument.c_name}_choice", place_among_choices(argument), " < 0")


def place_among_choices(argument: CArgument) -> str:
    """C for the place of what is passed among what may be; below 0 after failing."""
    passed = f"(function, {argument.index}, {argument.place})"
    if argument.getter == "tb_get_string_choice":
        return f"tb_choose_string{passed}"
    if len(argument.choices) > FEW:
        return f"tb_choose_int{passed}"
    return among(argument.place, argument.choices, f"tb_fail_int{passed}")
