"""The launch grid and the tensor shapes of a declaration, as C expressions."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Iterator

from codegen.errors import CodegenError
from codegen.export import Declaration
from codegen.expressions import Operand, translate_grid, translate_text
from codegen.identifiers import c_identifier
from codegen.model import Constexpr, Grid, Parameter, Shape

Parameters = tuple[Parameter | Constexpr, ...]


def grid_of(declaration: Declaration, parameters: Parameters) -> Grid:
    """The declared grid, over `int64_t` variables named as the parameters."""
    if not callable(declaration.grid):
        return Grid(None)
    readable, unusable = _operands(parameters, c_identifier)
    with _naming(declaration, f"`{declaration.name}`"):
        x, y, z = translate_grid(declaration.grid, readable, unusable)
    reads = x.names | y.names | z.names
    names = tuple(p.name for p in parameters if p.name in reads)
    return Grid((x.text, y.text, z.text), names, x.can_fail or y.can_fail or z.can_fail)


def with_shapes(declaration: Declaration, parameters: Parameters) -> Parameters:
    """The parameters, with the declared shapes on the pointers they belong to."""
    readable, unusable = _operands(parameters, lambda name: f"(int64_t){c_identifier(name)}")
    return tuple(
        (
            _with_shape(declaration, parameter, readable, unusable)
            if parameter.name in declaration.shapes
            else parameter
        )
        for parameter in parameters
    )


def _with_shape(
    declaration: Declaration,
    parameter: Parameter | Constexpr,
    readable: dict[str, Operand],
    unusable: dict[str, str],
) -> Parameter:
    entries = declaration.shapes[parameter.name]
    where = f"`{declaration.name}` parameter `{parameter.name}`"
    if not isinstance(parameter, Parameter) or not parameter.is_pointer:
        raise CodegenError(
            f"{where}: only a pointer has a shape", where=declaration.location, hint="leave it out"
        )
    if isinstance(entries, (str, bytes)) or not hasattr(entries, "__iter__"):
        raise CodegenError(
            f"{where}: a shape must be a tuple of ints and expressions, got {entries!r}",
            where=declaration.location,
            hint='write it as ("rows", 64)',
        )
    sizes = []
    for entry in entries:
        text = str(entry)
        if isinstance(entry, bool) or not isinstance(entry, (int, str)):
            raise CodegenError(
                f"{where}: a size must be an int or an expression, got {entry!r}",
                where=declaration.location,
                hint='write it as ("rows", 64)',
            )
        if text in unusable:
            raise CodegenError(
                f"{where}: its shape reads `{text}`, which is {unusable[text]}",
                where=declaration.location,
                hint="a shape may read the kernel's ints",
            )
        with _naming(declaration, where):
            size = translate_text(text, readable, declaration.location)
        if size.can_fail:
            raise CodegenError(
                f"{where}: the size `{text}` may overflow or divide by zero",
                where=declaration.location,
                hint="give the product as separate sizes, and divide by constants",
            )
        sizes.append(c_identifier(text) if text in readable and text in size.names else size.text)
    source = ", ".join(str(entry) for entry in entries)
    return dataclasses.replace(
        parameter, shape=Shape(f"({source},)" if len(sizes) == 1 else f"({source})", tuple(sizes))
    )


@contextlib.contextmanager
def _naming(declaration: Declaration, what: str) -> Iterator[None]:
    """Errors about an expression, with what it belongs to, and at the @export if nowhere else."""
    try:
        yield
    except CodegenError as error:
        place = error.where or declaration.location
        raise CodegenError(f"{what}: {error.message}", where=place, hint=error.hint) from error


def _operands(
    parameters: Parameters, spell: Callable[[str], str]
) -> tuple[dict[str, Operand], dict[str, str]]:
    """What an expression may read, and why it may not read the rest."""
    readable, unusable = {}, {}
    for parameter in parameters:
        reason = _why_unreadable(parameter)
        if reason:
            unusable[parameter.name] = reason
        elif isinstance(parameter, Parameter):
            dtype = parameter.storage.dtype
            readable[parameter.name] = Operand(spell(parameter.name), dtype.low, dtype.high)
        else:
            values = [value for value in parameter.choices if isinstance(value, int)]
            text = spell(parameter.name) if len(values) > 1 else str(int(values[0]))
            readable[parameter.name] = Operand(text, min(values), max(values))
    return readable, unusable


def _why_unreadable(parameter: Parameter | Constexpr) -> str:
    if isinstance(parameter, Constexpr):
        others = [value for value in parameter.choices if not isinstance(value, int)]
        return f"a constexpr that is no int: {others[0]!r}" if others else ""
    dtype = parameter.storage.dtype
    if parameter.is_pointer:
        return "a pointer"
    if parameter.nullable:
        return "None in some calls"
    if not dtype.is_integer and dtype.name != "i1":
        return f"of type {dtype.name}"
    return "of type u64, which exceeds signed 64-bit arithmetic" if dtype.name == "u64" else ""
