"""The element type of tensors: those with equal choices of types have the same one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from codegen.model.descriptors import ParameterType
from codegen.model.kernel import KernelSource
from codegen.model.parameters import Parameter
from codegen.variants.axes.kind import AxisKind
from codegen.variants.c_steps import Decisions, among
from codegen.variants.combinations import Combination


@dataclass(frozen=True)
class DtypeAxis(AxisKind):
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
                types = tuple(zip(*(p.types for p in parameters), strict=True))
                yield cls(tuple(p.name for p in parameters), dtypes, dtypes, types)

    def chosen(self, kernel: KernelSource, combination: Combination, index: int) -> Combination:
        types = dict(zip(self.parameters, self.types[index], strict=True))
        return replace(combination, types={**combination.types, **types})

    def decide(self, made: Decisions) -> None:
        argument = made.arguments[self.parameters[0]]
        variable = made.dtypes[argument.name]
        failure = f"tb_fail_dtype(function, {argument.index}, {variable})"
        choice = among(variable, argument.choices, failure)
        made.digit(self, f"{argument.c_name}_choice", choice, " < 0")
