"""What to build of a kernel: every choice a call can make, hinted and generic."""

from __future__ import annotations

import itertools
import re

from codegen.errors import CodegenError
from codegen.model import Axis, Constexpr, Kernel, Parameter, Variant

HINTED, GENERIC = "aligned", "generic"
# What the C runtime has room for: TB_MOST_PARAMETERS and TB_MOST_DTYPE_AXES of tb_runtime.h.
MOST_PARAMETERS, MOST_TYPE_VARIABLES = 254, 8


def axes_of(kernel: Kernel) -> tuple[Axis, ...]:
    """What a call decides, in order; the hints come last and vary fastest.

    Pointers with the same choice of types make it together, as one axis.
    """
    axes = []
    _check_limits(kernel)
    for types, names in _type_variables(kernel).items():
        axes.append(Axis("dtype", names, types))
    for parameter in kernel.parameters:
        if isinstance(parameter, Constexpr) and parameter.is_argument:
            labels = tuple(f"{parameter.name}_{_file_safe(v)}" for v in parameter.choices)
            if len(set(labels)) < len(labels):
                raise CodegenError(
                    f"`{kernel.name}` constexpr `{parameter.name}`: its choices "
                    f"{parameter.choices!r} differ only in characters that file names lack",
                    where=kernel.location,
                    hint="export the kernel once for each of them, under several names",
                )
            axes.append(Axis("constexpr", (parameter.name,), labels))
        elif isinstance(parameter, Parameter) and parameter.nullable:
            labels = (parameter.name, f"no_{parameter.name}")
            axes.append(Axis("none", (parameter.name,), labels))
    if any(isinstance(p, Parameter) and p.divisible for p in kernel.parameters):
        axes.append(Axis("hints", (), (HINTED, GENERIC)))
    return tuple(axes)


def variants_of(kernel: Kernel, axes: tuple[Axis, ...]) -> tuple[Variant, ...]:
    """One variant for each combination of choices, in mixed-radix order of the axes."""
    selections = itertools.product(*(range(len(axis.labels)) for axis in axes))
    return tuple(_variant(kernel, axes, selection) for selection in selections)


def _type_variables(kernel: Kernel) -> dict[tuple[str, ...], tuple[str, ...]]:
    variables: dict[tuple[str, ...], tuple[str, ...]] = {}
    for parameter in kernel.parameters:
        if isinstance(parameter, Parameter) and len(parameter.types) > 1:
            key = tuple(type_.dtype.name for type_ in parameter.types)
            variables[key] = (*variables.get(key, ()), parameter.name)
    return variables


def _check_limits(kernel: Kernel) -> None:
    parameters = sum(isinstance(parameter, Parameter) for parameter in kernel.parameters)
    for count, most, what in (
        (parameters, MOST_PARAMETERS, "run-time parameters"),
        (len(_type_variables(kernel)), MOST_TYPE_VARIABLES, "choices of types"),
    ):
        if count > most:
            raise CodegenError(
                f"`{kernel.name}` has {count} {what}, and a generated function can have {most}",
                where=kernel.location,
                hint="split the kernel, or export it several times with fixed types",
            )


def _variant(kernel: Kernel, axes: tuple[Axis, ...], selection: tuple[int, ...]) -> Variant:
    chosen = {
        (axis.kind, name): choice
        for axis, choice in zip(axes, selection, strict=True)
        for name in axis.parameters
    }
    hinted = bool(axes) and axes[-1].kind == "hints" and selection[-1] == 0
    signature: list[tuple[str, str]] = []
    constexprs: list[tuple[str, object]] = []
    divisible: list[str] = []
    for parameter in kernel.parameters:
        name = parameter.name
        if isinstance(parameter, Constexpr):
            signature.append((name, "constexpr"))
            constexprs.append((name, parameter.choices[chosen.get(("constexpr", name), 0)]))
        elif chosen.get(("none", name)) == 1:
            signature.append((name, "constexpr"))
            constexprs.append((name, None))
        else:
            signature.append((name, parameter.types[chosen.get(("dtype", name), 0)].triton))
            if hinted and parameter.divisible:
                divisible.append(name)
    labels = [axis.labels[choice] for axis, choice in zip(axes, selection, strict=True)]
    return Variant(
        "-".join(labels) or GENERIC,
        selection,
        tuple(signature),
        tuple(constexprs),
        tuple(divisible),
    )


def _file_safe(value: object) -> str:
    return re.sub(r"[^A-Za-z0-9_]+", "_", str(value).replace("-", "minus_"))
