"""Whether an int fits in 32 bits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from codegen.model.descriptors import ParameterType
from codegen.model.kernel import KernelSource
from codegen.model.parameters import Constexpr, Parameter
from codegen.variants.axes.kind import CallAxis
from codegen.variants.c_steps import Decisions
from codegen.variants.combinations import Combination


@dataclass(frozen=True)
class WidthAxis(CallAxis):
    kind = "width"
    types: tuple[ParameterType, ...]

    @classmethod
    def of(cls, kernel: KernelSource, parameter: Parameter | Constexpr) -> Iterator[WidthAxis]:
        if not isinstance(parameter, Parameter) or parameter.is_tensor:
            return
        if len(parameter.types) > 1:
            values = tuple(type_.triton for type_ in parameter.types)
            labels = tuple(f"{parameter.name}_{value}" for value in values)
            yield cls((parameter.name,), labels, values, parameter.types)

    def chosen(self, kernel: KernelSource, combination: Combination, index: int) -> Combination:
        (name,) = self.parameters
        if name not in combination.types:
            return combination
        return replace(combination, types={**combination.types, name: self.types[index]})

    def choice_of(self, one: Combination) -> int:
        """The first for None."""
        (name,) = self.parameters
        return self.types.index(one.types[name]) if name in one.types else 0

    @property
    def texts(self) -> tuple[str, ...]:
        return tuple(f"{self.parameters[0]} of {value}" for value in self.values)

    def decide(self, made: Decisions) -> None:
        argument = made.arguments[self.parameters[0]]
        name, place = argument.c_name, argument.place
        is_small = f"{place} == NULL || tb_fits_int32(*{place})"
        test = is_small if argument.stored_type else f"tb_fits_int32({place})"
        made.digit(self, f"{name}_width", f"{test} ? 0 : 1")
