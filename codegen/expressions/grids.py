"""The launch grid and the tensor shapes of a declaration, as C expressions."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping

from codegen.expressions.c_value import CValue
from codegen.expressions.readable import Parameters, readable, reads_of
from codegen.expressions.translate import translate_grid, translate_text
from codegen.expressions.values import Constant, Nullable, Real, Unusable, Value
from codegen.model.computed import Grid
from codegen.model.declaration import Declaration
from codegen.model.errors import CodegenError, about
from codegen.model.identifiers import c_identifier
from codegen.model.parameters import Constexpr, Origin, Parameter, Shape
from codegen.model.tuple_shapes import TupleShape


def grid_of(
    declaration: Declaration, parameters: Parameters, tuples: Iterable[tuple[str, TupleShape]]
) -> Grid:
    """The declared grid, over `int64_t` variables named as the parameters."""
    if not callable(declaration.grid):
        return Grid(None)
    axes = translate_grid(declaration.grid, readable(parameters, tuples))
    x, y, z = axes
    can_fail = x.can_fail or y.can_fail or z.can_fail
    return Grid((x.text, y.text, z.text), reads_of(parameters, axes), can_fail)


def with_shapes(declaration: Declaration, parameters: Parameters) -> Parameters:
    """The parameters, with the declared shapes on the pointers they belong to."""
    kernel = readable(parameters, spell=lambda name: f"(int64_t){c_identifier(name)}")
    sizes = {name: _in_sizes(value) for name, value in kernel.items()}
    shapes = {}
    for parameter in parameters:
        if parameter.name in declaration.shapes:
            with about(f"parameter `{parameter.name}`"):
                shapes[parameter.name] = _shape(declaration, parameter, sizes)
    origins = _origins(declaration, parameters)
    return tuple(
        (
            dataclasses.replace(
                parameter, shape=shapes.get(parameter.name), origin=origins.get(parameter.name)
            )
            if isinstance(parameter, Parameter)
            else parameter
        )
        for parameter in parameters
    )


def _origins(declaration: Declaration, parameters: Parameters) -> dict[str, Origin]:
    """The ints that are sizes of tensors; tensors that are never None are asked first."""
    pointers = [p for p in parameters if isinstance(p, Parameter) and p.name in declaration.shapes]
    ints = {
        p.name
        for p in parameters
        if isinstance(p, Parameter) and p.types[0].dtype.is_integer and not p.nullable
    }
    origins: dict[str, Origin] = {}
    for pointer in sorted(pointers, key=lambda pointer: pointer.nullable):
        entries = list(declaration.shapes[pointer.name])
        for dimension, entry in enumerate(entries):
            if entry in ints:
                origins.setdefault(str(entry), Origin(pointer.name, dimension, len(entries)))
    return origins


def _shape(
    declaration: Declaration,
    parameter: Parameter | Constexpr,
    kernel: Mapping[str, Value],
) -> Shape:
    entries = declaration.shapes[parameter.name]
    if not isinstance(parameter, Parameter) or not parameter.is_pointer:
        raise CodegenError("only a pointer has a shape", hint="leave it out")
    if isinstance(entries, (str, bytes)) or not hasattr(entries, "__iter__"):
        raise CodegenError(
            f"a shape must be a tuple of ints and expressions, got {entries!r}",
            hint='write it as ("rows", 64)',
        )
    sizes = []
    for entry in entries:
        text = str(entry)
        is_size = isinstance(entry, (int, str)) and not isinstance(entry, bool)
        if not is_size or (text.startswith("-") and text[1:].isdecimal()):
            raise CodegenError(
                f"a size must be an int from 0 on or an expression, got {entry!r}",
                hint='write it as ("rows", 64)',
            )
        if isinstance(whole := kernel.get(text), Unusable):
            raise CodegenError(
                f"its shape reads `{text}`, which is {whole.reason}",
                hint="a shape may read the kernel's ints",
            )
        size = translate_text(text, kernel, declaration.location)
        if size.can_fail:
            raise CodegenError(
                f"the size `{text}` may overflow or divide by zero",
                hint="give the product as separate sizes, and divide by constants",
            )
        sizes.append(c_identifier(text) if text in size.names else size.text)
    source = ", ".join(str(entry) for entry in entries)
    return Shape(f"({source},)" if len(sizes) == 1 else f"({source})", tuple(sizes))


def _in_sizes(value: Value) -> Value:
    """A parameter as a size reads it: an int that is never None, or why it is none."""
    match value:
        case CValue() | Unusable():
            return value
        case Nullable(value=Unusable() as unusable):
            return unusable
        case Real(dtype=dtype) | Nullable(value=Real(dtype=dtype)):
            return Unusable(f"of type {dtype}")
        case Nullable():
            return Unusable("None in some calls")
        case Constant(value=int() as constant):
            return Unusable(f"a constexpr beyond 64 bits: {constant}")
        case Constant(value=constant):
            return Unusable(f"a constexpr that is no int: {constant!r}")
    return Unusable("a pointer")
