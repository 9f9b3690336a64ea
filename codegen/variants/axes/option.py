"""The value of one of Triton's options that calls pass, as `num_warps`."""

from __future__ import annotations

from dataclasses import dataclass, replace

from codegen.model.constexpr_values import texts_of
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
    options: tuple[object, ...]
    """The option for each choice; `values` has what a call passes for it."""

    @classmethod
    def of(cls, name: str, values: tuple[object, ...]) -> OptionAxis:
        passed = texts_of(values) or values
        return cls((name,), labels_of(name, passed), passed, values)

    @property
    def argument(self) -> Constexpr:
        name, comment = self.parameters[0], "an option of Triton's"
        return Constexpr(name, self.options, comment=comment, texts=texts_of(self.options))

    def chosen(self, kernel: KernelSource, combination: Combination, index: int) -> Combination:
        given = {self.parameters[0]: self.options[index]}
        return replace(combination, options=with_given(combination.options, given))

    def choice_of(self, one: Combination) -> int:
        return self.options.index(getattr(one.options, self.parameters[0]))

    def decide(self, made: Decisions) -> None:
        argument = made.arguments[self.parameters[0]]
        made.digit(self, f"{argument.c_name}_choice", place_among_choices(argument), " < 0")
