"""What the rest of the generator calls: grids, heuristics and shape entries in, C expressions out.

Every text is an integer expression without side effects, except that it sets `failed` where Python
would raise ZeroDivisionError or a result would leave 64 bits. The ranges of the operands prove the
rest, so that what needs no check has none. The C functions are in `core/tb_arithmetic.h`.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Mapping
from types import FunctionType, SimpleNamespace

from codegen.expressions import calls, comparisons, rules
from codegen.expressions.c_value import literal
from codegen.expressions.derived import FOR_ALL, takes_all
from codegen.expressions.evaluation import integer, translate
from codegen.expressions.function_source import (
    FunctionNode,
    Source,
    find_function,
    parse_expression,
)
from codegen.expressions.operands import CExpression, finished
from codegen.expressions.scope import Scope, bind, close_to, names_in
from codegen.expressions.statements import Finish, result_of
from codegen.expressions.values import Items, Meta, Value, numbers_in
from codegen.model.errors import CodegenError, SourceLocation
from codegen.model.rounding import cdiv, next_power_of_2

Function = Callable[..., object]
Kernel = Mapping[str, Value]
"""A kernel's parameters, in the order of its signature."""
Axes = tuple[CExpression, CExpression, CExpression]

RULES = calls, comparisons, rules
"""The modules that hold a rule for each kind of expression; importing them registers those."""


def translate_grid(function: Function, kernel: Kernel) -> Axes:
    """The grid that `function` returns: x, y and z."""
    subject, remedy = "the grid", 'compute it before the call and use grid="explicit"'
    grid = _checked(function, "a grid", "write it as grid=lambda n: (cdiv(n, 64),)")
    x, y, z = numbers_in(_result(grid, kernel, subject, remedy, True, _three_axes))
    return finished(x), finished(y), finished(z)


def translate_heuristic(
    function: Function, kernel: Kernel, name: str, is_by_name: bool = False
) -> CExpression:
    """The value that a heuristic gives to the constexpr `name`: an int or a bool.

    `function` takes a dict of all of the kernel's arguments, as `@triton.heuristics` has it; where
    `is_by_name`, it may take arguments by their names, as a grid does.
    """
    subject = f"the heuristic `{name}`"
    remedy = f'give its value instead: constexprs={{"{name}": ...}}'
    heuristic = _checked(function, subject, remedy)
    (number,) = numbers_in(_result(heuristic, kernel, subject, remedy, is_by_name, integer))
    return finished(number)


def translate_text(source: str, kernel: Kernel, where: SourceLocation) -> CExpression:
    """An expression over the kernel's parameters and the functions that C knows."""
    parsed, node = parse_expression(source, where)
    scope = Scope(
        source=parsed,
        subject=f"the expression `{source}`",
        remedy="write an expression of the kernel's ints",
        kernel=kernel,
        names=kernel,
        resolve=_TEXT_NAMES.__getitem__,
    )
    return finished(translate(node, scope))


def _checked(function: Function, subject: str, hint: str) -> FunctionType:
    if isinstance(function, FunctionType):
        return function
    message = f"{subject} must be a lambda or a def, got {type(function).__name__}"
    raise CodegenError(message, hint=hint)


def _result(
    function: FunctionType,
    kernel: Kernel,
    subject: str,
    remedy: str,
    is_by_name: bool,
    finish: Finish,
) -> Value:
    source, node = find_function(function)
    names = (
        _named_parameters(function, kernel, source, node, subject)
        if is_by_name
        else _heuristic_parameters(function, kernel, source, node, remedy)
    )
    scope = Scope(
        source=source,
        subject=subject,
        remedy=remedy,
        kernel=kernel,
        names=names,
        resolve=names_in(function),
        callers=(function.__code__,),
    )
    return result_of(node, scope, finish)


def _named_parameters(
    function: FunctionType,
    kernel: Kernel,
    source: Source,
    node: FunctionNode,
    subject: str,
) -> dict[str, Value]:
    parameters = inspect.signature(function, follow_wrapped=False).parameters
    if takes_all(function, kernel.keys()):
        return {next(iter(parameters)): Meta(kernel)}
    bound: dict[str, Value] = {}
    for name, parameter in parameters.items():
        if name in kernel:
            bound[name] = kernel[name]
        elif parameter.default is not parameter.empty:
            bound[name] = bind(parameter.default)
        else:
            message = f"{subject}'s parameter `{parameter}` is no parameter of the kernel"
            hint = close_to(name, kernel)
            others = [other for other in parameters if other != name]
            if name.lower() in FOR_ALL and others:
                message = (
                    f"{subject} takes `{name}` beside `{others[0]}`, and what stands for all "
                    "parameters stands alone"
                )
                hint = f'write `lambda {name}: ...` and read {name}["{others[0]}"], or name each '
                hint += "parameter that it reads"
            raise CodegenError(message, where=source.location(node), hint=hint)
    return bound


def _heuristic_parameters(
    function: FunctionType,
    kernel: Kernel,
    source: Source,
    node: FunctionNode,
    remedy: str,
) -> dict[str, Value]:
    signature = inspect.signature(function, follow_wrapped=False)
    parameters = list(signature.parameters.values())
    others = parameters[1:]
    takes_one = parameters and parameters[0].kind in (
        inspect.Parameter.POSITIONAL_ONLY,
        inspect.Parameter.POSITIONAL_OR_KEYWORD,
    )
    if not takes_one or any(other.default is other.empty for other in others):
        raise CodegenError(
            f"a heuristic takes one dict of the kernel's arguments, got the parameters {signature}",
            where=source.location(node),
            hint=f"write it as `lambda args: ...`; or {remedy}",
        )
    defaults = {other.name: bind(other.default) for other in others}
    return {parameters[0].name: Meta(kernel), **defaults}


def _three_axes(value: Value, node: ast.expr, scope: Scope) -> Value:
    """A grid as Triton fills it up, with 1 for each axis that is missing."""
    if not isinstance(value, Items):
        return Items((integer(value, node, scope), literal(1), literal(1)))
    if not 1 <= len(value.values) <= 3:
        message = f"a grid has 1 to 3 entries, got {scope.quote(node)}"
        raise scope.error(node, message, "write it as (x,), (x, y) or (x, y, z)")
    nodes = [node] * len(value.values)
    if isinstance(node, (ast.Tuple, ast.List)) and len(node.elts) == len(value.values):
        nodes = node.elts
    axes = [integer(*pair, scope) for pair in zip(value.values, nodes, strict=True)]
    return Items((*axes, *[literal(1)] * (3 - len(axes))))


_TRITON = SimpleNamespace(cdiv=cdiv, next_power_of_2=next_power_of_2)
_TEXT_NAMES: Mapping[str, object] = {
    "triton": _TRITON,
    "tl": _TRITON,
    **vars(_TRITON),
    **{function.__name__: function for function in (min, max, abs, int, bool)},
}
