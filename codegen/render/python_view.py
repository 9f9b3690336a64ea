"""What the Python template prints: every decision about the typed module of a plan, made here."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from codegen.model.identifiers import GRID_NAMES, python_identifier
from codegen.model.parameters import Constexpr, Default, Origin, Parameter
from codegen.model.plan import Plan
from codegen.model.wording import (
    choices_text,
    constexpr_doc,
    grid_doc,
    parameter_doc,
)
from codegen.render.prefix import external


@dataclass(frozen=True)
class PythonArgument:
    """One parameter of the generated function."""

    name: str
    annotation: str
    default: str
    """Its source, or nothing."""
    doc: str


@dataclass(frozen=True)
class PythonFunction:
    """One function of the generated module."""

    name: str
    symbol: str
    """Its name in the library."""
    doc: tuple[str, ...]
    arguments: tuple[PythonArgument, ...]
    """Those before the stream."""


def python_function(plan: Plan, prefix: str) -> PythonFunction:
    """The view of one plan."""
    kernel = plan.kernel
    arguments = list(_arguments(plan))
    for index, argument in enumerate(arguments):
        follows = arguments[index + 1 :]
        if argument.default and any(not later.default for later in follows):
            arguments[index] = PythonArgument(argument.name, argument.annotation, "", argument.doc)
    return PythonFunction(
        name=python_identifier(kernel.symbol),
        symbol=external(kernel.symbol, prefix),
        doc=tuple(kernel.doc.splitlines()) or (f"Launch `{kernel.name}`.",),
        arguments=tuple(arguments),
    )


def _arguments(plan: Plan) -> Iterator[PythonArgument]:
    kernel = plan.kernel
    for parameter in kernel.arguments:
        if isinstance(parameter, Constexpr):
            annotation = f"Literal[{choices_text(parameter)}]"
            doc = constexpr_doc(parameter)
        else:
            annotation = _annotation(parameter)
            doc = parameter_doc(parameter, plan.uses, none="None", quote="`")
        name = python_identifier(parameter.name)
        default = _default(parameter.default)
        if isinstance(parameter, Parameter) and parameter.origin is not None:
            annotation = f"{annotation} | None"
            default = default or "None"
            doc = f"{doc}; None: {_origin_doc(parameter.origin)}"
        yield PythonArgument(name, annotation, default, doc)
    if kernel.grid.axes is None:
        for name in GRID_NAMES:
            yield PythonArgument(name, "int", "", grid_doc(name))


def _origin_doc(origin: Origin) -> str:
    return f"`{python_identifier(origin.tensor)}.shape[{origin.dimension}]`"


def _annotation(parameter: Parameter) -> str:
    if parameter.descriptor is not None:
        return "Tensor"
    annotation = "Pointer" if parameter.is_pointer else parameter.storage.dtype.python_type
    return f"{annotation} | None" if parameter.nullable else annotation


def _default(default: Default | None) -> str:
    if default is None:
        return ""
    value = default.value
    is_special = isinstance(value, float) and not math.isfinite(value)
    return f'float("{value}")' if is_special else repr(value)
