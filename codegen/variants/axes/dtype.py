"""The element type of tensors: those with equal choices of types have the same one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from codegen.model.descriptors import ParameterType
from codegen.model.kernel import KernelSource, Variant
from codegen.model.parameters import Parameter
from codegen.variants.axes.kind import CallAxis
from codegen.variants.c_steps import Decisions, among
from codegen.variants.combinations import Combination


@dataclass(frozen=True)
class DtypeAxis(CallAxis):
    kind = "dtype"
    types: tuple[tuple[ParameterType, ...], ...]
    """For each choice, the type of each parameter."""

    @classmethod
    def of(cls, kernel: KernelSource) -> Iterator[DtypeAxis]:
        together: dict[tuple[str, ...], list[Parameter]] = {}
        for parameter in kernel.parameters:
            if isinstance(parameter, Parameter) and parameter.is_tensor:
                dtypes = tuple(type_.dtype.name for type_ in parameter.types)
                together.setdefault(dtypes, []).append(parameter)
        for dtypes, parameters in together.items():
            if len(dtypes) > 1:
                yield cls.together(parameters)

    @classmethod
    def together(cls, parameters: Sequence[Parameter]) -> DtypeAxis:
        """The axis of parameters with the same choice of dtypes."""
        dtypes = tuple(type_.dtype.name for type_ in parameters[0].types)
        types = tuple(zip(*(p.types for p in parameters), strict=True))
        return cls(tuple(p.name for p in parameters), dtypes, dtypes, types)

    @classmethod
    def of_launches(cls, parameters: Sequence[Parameter]) -> DtypeAxis:
        """The same, with a choice more for launches in which all of them are None."""
        axis = cls.together(parameters)
        if not all(parameter.nullable for parameter in parameters):
            return axis
        return replace(axis, labels=(*axis.labels, ""), values=(*axis.values, None))

    @property
    def untold(self) -> int:
        """The choice of a call without any of the tensors."""
        return len(self.labels) - 1 if len(self.labels) > len(self.types) else 0

    def chosen(self, kernel: KernelSource, combination: Combination, index: int) -> Combination:
        types = dict(zip(self.parameters, self.types[index], strict=True))
        return replace(combination, types={**combination.types, **types})

    def may_all_be_none(self, kernel: KernelSource) -> bool:
        """Whether a call may have no tensor that tells; then the choice means nothing."""
        own = (p for p in kernel.parameters if p.name in self.parameters)
        return all(isinstance(p, Parameter) and p.nullable for p in own)

    def conditions(self, choices: Sequence[int], variant: Variant) -> list[dict[str, Any]]:
        """None of calls without such a tensor."""
        is_told = any(name in variant.types for name in self.parameters)
        return super().conditions(choices, variant) if is_told else []

    def choice_of(self, one: Combination) -> int:
        for name, types in zip(self.parameters, zip(*self.types, strict=True), strict=True):
            if name in one.types:
                return types.index(one.types[name])
        return self.untold

    @property
    def texts(self) -> tuple[str, ...]:
        told = tuple(f"{self.parameters[0]}={types[0].dtype.label}" for types in self.types)
        return (*told, "")[: len(self.labels)]

    def decide(self, made: Decisions) -> None:
        argument = made.arguments[self.parameters[0]]
        variable = made.dtypes[argument.name]
        failure = f"tb_fail_dtype(function, {argument.index}, {variable})"
        choice = among(variable, argument.choices, failure)
        if self.may_all_be_none(made.kernel):
            places = (made.arguments[name].place for name in self.parameters)
            choice = (
                f"{' && '.join(f'{place} == NULL' for place in places)} ? {self.untold} : {choice}"
            )
        made.digit(self, f"{argument.c_name}_choice", choice, " < 0")
