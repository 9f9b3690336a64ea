"""What the rest of the generator calls: a grid or a shape entry in, C expressions out.

Every text is an integer expression without side effects, except that it sets `failed` where Python
would raise ZeroDivisionError or a result would leave 64 bits. The ranges of the operands prove the
rest, so that what needs no check has none. The C functions are in `tb_arithmetic.h`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import FunctionType, SimpleNamespace

import libcst as cst

from codegen.errors import CodegenError, SourceLocation
from codegen.expressions import intervals
from codegen.expressions.c_value import CValue, operand
from codegen.expressions.function_source import (
    FunctionNode,
    Source,
    parse_expression,
    single_return,
)
from codegen.expressions.intervals import INT64, Interval
from codegen.expressions.rules import translate
from codegen.expressions.scope import Binding, Meta, Scope, Unusable, bind, close_to, names_in


@dataclass(frozen=True)
class Operand:
    """A parameter that expressions may read."""

    c: str
    """A C variable, literal or cast, of type int64_t."""
    low: int
    high: int
    """The range of its values, `high` included."""

    def __post_init__(self) -> None:
        if not Interval(self.low, self.high).within(INT64):
            raise ValueError(f"{self.c} ranges over {self.low}..{self.high}, beyond 64 bits")


@dataclass(frozen=True)
class CExpression:
    """A C expression; `?:` at its top level is not in parentheses."""

    text: str
    low: int
    high: int
    """The range of its values; 0 is among them when it can fail."""
    names: frozenset[str]
    """The operands that the text reads; those of one value are literals in it."""
    can_fail: bool
    """The text mentions `failed`, an int that is 0 before."""


Axes = tuple[CExpression, CExpression, CExpression]


def translate_grid(
    function: Callable[..., object],
    operands: Mapping[str, Operand],
    unusable: Mapping[str, str] = {},
) -> Axes:
    """The grid that `function` returns: x, y and z.

    `unusable` says of the kernel's other parameters what they are: `a pointer`.
    """
    if not isinstance(function, FunctionType):
        message = f"a grid must be a lambda or a def, got {type(function).__name__}"
        raise CodegenError(message, hint="write it as grid=lambda n: (cdiv(n, 64),)")
    kernel = _bindings(operands, unusable)
    source, node, body = single_return(function)
    scope = Scope(
        source=source,
        subject="the grid",
        remedy='compute it before the call and use grid="explicit"',
        kernel=kernel,
        parameters=_grid_parameters(function, kernel, source, node),
        resolve=names_in(function),
        callers=(function.__code__,),
    )
    entries = _grid_entries(body, scope)
    x, y, z = (*entries, *[_ONE] * (3 - len(entries)))
    return x, y, z


def translate_text(
    source: str,
    operands: Mapping[str, Operand],
    where: SourceLocation,
    unusable: Mapping[str, str] = {},
) -> CExpression:
    """An expression over the kernel's parameters and the functions that C knows."""
    parsed, node = parse_expression(source, where)
    kernel = _bindings(operands, unusable)
    scope = Scope(
        source=parsed,
        subject=f"the expression `{source}`",
        remedy="write an expression of the kernel's ints",
        kernel=kernel,
        parameters=kernel,
        resolve=_TEXT_NAMES.__getitem__,
    )
    return _finished(translate(node, scope))


def _bindings(operands: Mapping[str, Operand], unusable: Mapping[str, str]) -> dict[str, Binding]:
    readable = {name: operand(name, o.c, o.low, o.high) for name, o in operands.items()}
    return {**readable, **{name: Unusable(reason) for name, reason in unusable.items()}}


def _grid_parameters(
    function: FunctionType, kernel: Mapping[str, Binding], source: Source, node: FunctionNode
) -> dict[str, Binding | Meta]:
    parameters = inspect.signature(function, follow_wrapped=False).parameters
    if len(parameters) == 1 and not kernel.keys() & parameters.keys():
        (only,) = parameters.values()
        if only.kind is only.POSITIONAL_OR_KEYWORD and only.default is only.empty:
            return {only.name: Meta(kernel)}
    bound: dict[str, Binding | Meta] = {}
    for name, parameter in parameters.items():
        if name in kernel:
            bound[name] = kernel[name]
        elif parameter.default is not parameter.empty:
            bound[name] = bind(parameter.default)
        else:
            raise CodegenError(
                f"the grid's parameter `{parameter}` is no parameter of the kernel",
                where=source.location(node),
                hint=close_to(name, kernel),
            )
    return bound


def _grid_entries(body: cst.BaseExpression, scope: Scope) -> list[CExpression]:
    if not isinstance(body, (cst.Tuple, cst.List)):
        return [_finished(translate(body, scope))]
    starred = any(isinstance(element, cst.StarredElement) for element in body.elements)
    if starred or not 1 <= len(body.elements) <= 3:
        message = f"a grid has 1 to 3 entries, got {scope.quote(body)}"
        raise scope.error(body, message, "write it as (x,), (x, y) or (x, y, z)")
    return [_finished(translate(element.value, scope)) for element in body.elements]


def _finished(value: CValue) -> CExpression:
    low, high = value.interval.low, value.interval.high
    return CExpression(value.text, low, high, value.names, value.can_fail)


_ONE = CExpression("1", 1, 1, frozenset(), False)

_TRITON = SimpleNamespace(cdiv=intervals.cdiv, next_power_of_2=intervals.next_power_of_2)
_TEXT_NAMES: Mapping[str, object] = {
    "triton": _TRITON,
    "tl": _TRITON,
    **vars(_TRITON),
    **{function.__name__: function for function in (min, max, abs, int)},
    "True": True,
    "False": False,
}
