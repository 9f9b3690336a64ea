"""The combinations of choices that a call can make, while they are being worked out."""

from __future__ import annotations

from dataclasses import dataclass, replace

from codegen.model.descriptors import ParameterType
from codegen.model.kernel import Axis, Hints, KernelSource
from codegen.model.options import OPTIONS, Options, check_options, with_given


@dataclass(frozen=True)
class Combination:
    """One combination of choices: what is known of a call that makes them."""

    selection: tuple[int, ...]
    labels: tuple[str, ...]
    types: dict[str, ParameterType]
    """The type of each run-time parameter that is not None."""
    values: dict[str, object]
    """What is compiled in, None too."""
    options: Options
    hints: Hints = ()
    reachable: bool = True
    """Some call makes these choices."""

    def extended(self, axis: Axis, index: int) -> Combination:
        """This with the place of one more choice."""
        told = [axis.labels[index]] if len(axis.labels) > 1 and axis.labels[index] else []
        return replace(self, selection=(*self.selection, index), labels=(*self.labels, *told))

    def with_value(self, kernel: KernelSource, name: str, value: object) -> Combination:
        """This with the value of a constexpr, or an option of the compiler, or both of one name."""
        made = self
        if name in OPTIONS:
            made = replace(self, options=with_given(self.options, {name: value}))
            if self.reachable:
                check_options(made.options)
            if name not in {parameter.name for parameter in kernel.parameters}:
                return made
        return replace(made, values={**self.values, name: value})

    def known(self, name: str) -> tuple[object, ...]:
        """The value of a constexpr or an option, if it has one here."""
        if name in self.values:
            return (self.values[name],)
        return (getattr(self.options, name),) if hasattr(self.options, name) else ()
