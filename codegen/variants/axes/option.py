"""The value of one of Triton's options that calls pass, as `num_warps`."""

from __future__ import annotations

from dataclasses import dataclass, replace

from codegen.model.kernel import KernelSource
from codegen.model.options import with_given
from codegen.model.parameters import Constexpr
from codegen.variants.axes.constexpr import place_among_choices
from codegen.variants.axes.kind import CallAxis, labels_of
from codegen.variants.c_steps import Decisions
from codegen.variants.combinations import Combination


@dataclass(frozen=True)
class OptionAxis(CallAxis):
    kind = "option"

    @classmethod
    def of(cls, name: str, values: tuple[object, ...]) -> OptionAxis:
        return cls((name,), labels_of(name, values), values)

    @property
    def argument(self) -> Constexpr:
        return Constexpr(self.parameters[0], self.values, None, "an option of Triton's")

    def chosen(self, kernel: KernelSource, combination: Combination, index: int) -> Combination:
        given = {self.parameters[0]: self.values[index]}
        return replace(combination, options=with_given(combination.options, given))

    def choice_of(self, one: Combination) -> int:
        return self.values.index(getattr(one.options, self.parameters[0]))

    def decide(self, made: Decisions) -> None:
        argument = made.arguments[self.parameters[0]]
        made.digit(self, f"{argument.c_name}_choice", place_among_choices(argument), " < 0")
