"""What the Python template prints: every decision about the typed module of a plan, made here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from codegen.c_view import GRID_NAMES, signature_text
from codegen.model import Constexpr, Default, Kernel, Parameter, python_identifier


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
    global_name: str
    doc: tuple[str, ...]
    signature: str
    arguments: tuple[PythonArgument, ...]
    stream: str
    """The name of the last parameter."""


def python_function(kernel: Kernel) -> PythonFunction:
    """The view of one kernel."""
    arguments = list(_arguments(kernel))
    for index, argument in enumerate(arguments):
        follows = arguments[index + 1 :]
        if argument.default and any(not later.default for later in follows):
            arguments[index] = PythonArgument(argument.name, argument.annotation, "", argument.doc)
    return PythonFunction(
        name=python_identifier(kernel.symbol),
        symbol=kernel.symbol,
        global_name=kernel.name,
        doc=tuple(kernel.doc.splitlines()) or (f"Launch `{kernel.name}`.",),
        signature=signature_text(kernel),
        arguments=tuple(arguments),
        stream="stream",
    )


def _arguments(kernel: Kernel) -> Iterator[PythonArgument]:
    for parameter in kernel.arguments:
        name = python_identifier(parameter.name)
        if isinstance(parameter, Constexpr):
            choices = ", ".join(repr(choice) for choice in parameter.choices)
            doc = f"{parameter.comment or 'constexpr'}: one of {choices}"
            yield PythonArgument(name, f"Literal[{choices}]", _default(parameter.default), doc)
            continue
        yield PythonArgument(
            name, _annotation(parameter), _default(parameter.default), _doc(parameter)
        )
    if kernel.grid.axes is None:
        for name in GRID_NAMES:
            yield PythonArgument(name, "int", "", f"programs of the launch grid along {name[1]}")


def _annotation(parameter: Parameter) -> str:
    if not parameter.is_pointer:
        return parameter.types[0].dtype.python_type
    return "Pointer | None" if parameter.nullable else "Pointer"


def _doc(parameter: Parameter) -> str:
    """The type, what the comment in the kernel says, and the shape that is checked."""
    types = " or ".join(f"`{type_}`" for type_ in parameter.types)
    shape = f", shape {parameter.shape.source}" if parameter.shape else ""
    comment = f": {parameter.comment}" if parameter.comment else ""
    return f"{types}{shape}{comment}"


def _default(default: Default | None) -> str:
    return "" if default is None else repr(default.value)
