"""Calls: of functions that C has too, of tensors' methods, and of Python functions, inlined."""

from __future__ import annotations

import ast
import functools
import inspect
import math
from collections.abc import Callable
from dataclasses import replace
from types import FunctionType
from typing import Any

from codegen.expressions import c_arithmetic, c_logic
from codegen.expressions.c_value import CValue, literal
from codegen.expressions.comprehensions import all_or_any
from codegen.expressions.evaluation import (
    arguments_of,
    condition,
    evaluate,
    following,
    integer,
    rule_for,
    translate,
)
from codegen.expressions.function_source import find_function
from codegen.expressions.functions import KnownFunction, known_function
from codegen.expressions.intervals import EXACT_IN_FLOAT, POSITIVE
from codegen.expressions.refusals import KNOWN, PLAIN, unsupported
from codegen.expressions.scope import Scope, bind, close_to, names_in
from codegen.expressions.statements import MOST_ROUNDS, result_of
from codegen.expressions.tensors import entry_of, fact, method_of, sizes_of
from codegen.expressions.values import (
    Constant,
    DeviceProperties,
    Items,
    Meta,
    Quotient,
    Sizes,
    Tensor,
    Unusable,
    Value,
    numbers_in,
)


@rule_for(ast.Call)
def _call(node: ast.Call, scope: Scope) -> Value:
    if _asks_tritons_driver(node, scope):
        return DeviceProperties()
    if isinstance(node.func, ast.Attribute):
        method = node.func.attr
        match owner := evaluate(node.func.value, scope):
            case Tensor():
                return method_of(owner, method, node, scope)
            case Sizes(tensor=tensor, kind="shape") if method == "numel" and not arguments_of(node):
                return fact(tensor, "numel")
            case CValue() if method == "bit_length" and not arguments_of(node):
                return c_arithmetic.bit_length(owner)
            case Meta() if method == "get":
                return _entry(owner, node, scope)
            case Unusable():
                return integer(owner, node.func.value, scope)
            case Constant():
                pass
            case _:
                raise unsupported(node, scope)
    match evaluate(node.func, scope):
        case Constant(value=function):
            return _called(function, node, scope)
    raise unsupported(node, scope)


def _called(function: object, node: ast.Call, scope: Scope) -> Value:
    known = known_function(function)
    if known:
        return _known_call(known, node, scope)
    for builtin, rule in _BUILTINS:
        if function is builtin:
            return rule(node, scope)
    if _name_of(function) == ("torch.cuda", "get_device_properties"):
        return DeviceProperties()
    function = _unwrapped(function)
    if isinstance(function, FunctionType):
        return _inlined(node, function, scope)
    message = f"{scope.quote(node)} calls a function that is not known in C"
    raise scope.error(node, message, f"{KNOWN}; or {scope.remedy}")


def _known_call(known: KnownFunction, node: ast.Call, scope: Scope) -> CValue:
    nodes = [argument for _, argument in arguments_of(node)]
    arguments = [evaluate(argument, scope) for argument in nodes]
    match arguments:
        case [Items(values=values)] if known.most > 2:
            arguments, nodes = list(values), nodes * len(values)
    if not _is_plain(node) or not known.fewest <= len(arguments) <= known.most:
        raise scope.error(node, f"expected {known.use}, got {scope.quote(node)}", PLAIN)
    numbers = [integer(*pair, scope) for pair in zip(arguments, nodes, strict=True)]
    is_bool = known.is_one_of_its_arguments and all(number.is_bool for number in numbers)
    return replace(known.rule(*numbers), is_bool=is_bool)


def _entry(meta: Meta, node: ast.Call, scope: Scope) -> Value:
    """`META.get("name")`."""
    match [evaluate(argument, scope) for _, argument in arguments_of(node)]:
        case [Constant(value=str() as key)] | [Constant(value=str() as key), _]:
            if key in meta.entries:
                return meta.entries[key]
            message = f"{scope.quote(node)}: `{key}` is no parameter of the kernel"
            raise scope.error(node, message, close_to(key, meta.entries))
    raise unsupported(node, scope)


def _asks_tritons_driver(node: ast.Call, scope: Scope) -> bool:
    """`driver.active.utils.get_device_properties(0)`, which Python can't evaluate without a GPU."""
    parts, root = [], node.func
    while isinstance(root, ast.Attribute):
        parts.append(root.attr)
        root = root.value
        if parts == ["get_device_properties", "utils", "active"]:
            match evaluate(root, scope):
                case Constant(value=value):
                    return _name_of(type(value)) == ("triton.runtime.driver", "DriverConfig")
            return False
    return False


def _is_plain(node: ast.Call) -> bool:
    return all(name == "" for name, _ in arguments_of(node))


def _only_argument(use: str, node: ast.Call, scope: Scope) -> ast.expr:
    match arguments_of(node):
        case [("", value)]:
            return value
    raise scope.error(node, f"expected {use}, got {scope.quote(node)}", PLAIN)


def _bool(node: ast.Call, scope: Scope) -> Value:
    return c_logic.as_bool(condition(_only_argument("bool(x)", node, scope), scope))


def _float(node: ast.Call, scope: Scope) -> Value:
    """`float("-inf")`."""
    match evaluate(_only_argument("float(x)", node, scope), scope):
        case Constant(value=str() | float() as constant) | CValue(constant=int() as constant):
            try:
                return Constant(float(constant))
            except ValueError as error:
                raise scope.error(node, f"{scope.quote(node)}: {error}") from None
    raise unsupported(node, scope)


def _len(node: ast.Call, scope: Scope) -> Value:
    argument = _only_argument("len(x)", node, scope)
    match value := evaluate(argument, scope):
        case Tensor():
            return entry_of(sizes_of(value, argument, scope), 0)
        case Sizes(tensor=tensor):
            return fact(tensor, "ndim")
        case Items(values=values):
            return following(numbers_in(value), literal(len(values)), node, scope)
        case Constant(value=str() | tuple() | list() | dict() as constant):
            return literal(len(constant))
    raise unsupported(node, scope)


def _sum(node: ast.Call, scope: Scope) -> Value:
    return _folded(_only_argument("sum(values)", node, scope), c_arithmetic.add, 0, node, scope)


def _product(node: ast.Call, scope: Scope) -> Value:
    argument = _only_argument("math.prod(values)", node, scope)
    match evaluate(argument, scope):
        case Sizes(tensor=tensor, kind="shape"):
            return fact(tensor, "numel")
    return _folded(argument, c_arithmetic.multiply, 1, node, scope)


def _all(node: ast.Call, scope: Scope) -> Value:
    return all_or_any(_only_argument("all(values)", node, scope), True, node, scope)


def _any(node: ast.Call, scope: Scope) -> Value:
    return all_or_any(_only_argument("any(values)", node, scope), False, node, scope)


def _folded(
    argument: ast.expr,
    rule: Callable[[CValue, CValue], CValue],
    start: int,
    node: ast.Call,
    scope: Scope,
) -> Value:
    match evaluate(argument, scope):
        case Items(values=values):
            numbers = [integer(value, argument, scope) for value in values]
            return replace(functools.reduce(rule, numbers, literal(start)), is_bool=False)
    raise unsupported(node, scope)


def _range(node: ast.Call, scope: Scope) -> Value:
    ends = [translate(argument, scope).constant for _, argument in arguments_of(node)]
    known = [end for end in ends if end is not None]
    if len(known) < len(ends) or not _is_plain(node):
        raise scope.error(node, f"{scope.quote(node)} must be of constant ints")
    try:
        numbers = range(*known)
    except (TypeError, ValueError) as error:
        raise scope.error(node, f"{scope.quote(node)}: {error}") from None
    if len(numbers) > MOST_ROUNDS:
        message = f"{scope.quote(node)} has more than {MOST_ROUNDS} entries, to be written out in C"
        raise scope.error(node, message)
    return Items(tuple(map(literal, numbers)))


def _ceil(node: ast.Call, scope: Scope) -> Value:
    def ceil_divide(x: CValue, y: CValue) -> CValue:
        if y.interval.within(POSITIVE):
            return c_arithmetic.ceil_divide(x, y)
        return c_arithmetic.negate(c_arithmetic.floor_divide(c_arithmetic.negate(x), y))

    return _rounded("math.ceil(x / y)", "cdiv({0}, {1})", ceil_divide, node, scope)


def _floor(node: ast.Call, scope: Scope) -> Value:
    return _rounded("math.floor(x / y)", "{0} // {1}", c_arithmetic.floor_divide, node, scope)


def _rounded(
    use: str,
    better: str,
    rule: Callable[[CValue, CValue], CValue],
    node: ast.Call,
    scope: Scope,
) -> Value:
    argument = _only_argument(use, node, scope)
    match value := evaluate(argument, scope):
        case CValue():
            return replace(value, is_bool=False)
        case Quotient(x=x, y=y):
            if all(side.interval.within(EXACT_IN_FLOAT) for side in (x, y)):
                return rule(x, y)
            sides = ("x", "y")
            if isinstance(argument, ast.BinOp):
                sides = scope.source.quote(argument.left), scope.source.quote(argument.right)
            message = f"{scope.quote(node)} goes through a float, which is inexact beyond 2**53"
            raise scope.error(node, message, f"write `{better.format(*sides)}`; or {scope.remedy}")
    raise unsupported(node, scope)


def _inlined(node: ast.Call, function: FunctionType, scope: Scope) -> Value:
    """What a Python function returns for these arguments."""
    if function.__code__ in scope.callers:
        raise scope.error(node, f"{scope.quote(node)} is recursive")
    arguments = arguments_of(node)
    if any(name.startswith("*") for name, _ in arguments):
        raise scope.error(node, f"{scope.quote(node)} unpacks its arguments", PLAIN)
    given = [(name, evaluate(argument, scope)) for name, argument in arguments]
    signature = inspect.signature(function, follow_wrapped=False)
    try:
        bound = signature.bind(
            *(value for name, value in given if not name),
            **{name: value for name, value in given if name},
        )
    except TypeError as error:
        hint = f"its parameters are {signature}"
        raise scope.error(node, f"{scope.quote(node)}: {error}", hint) from None
    source, definition = find_function(function)
    inner = Scope(
        source=source,
        subject=scope.subject,
        remedy=scope.remedy,
        kernel={},
        names=_arguments(signature, bound.arguments),
        resolve=names_in(function),
        facts=scope.facts,
        callers=(*scope.callers, function.__code__),
    )
    for _, value in given:
        inner = inner.having(value)
    return result_of(definition, inner, lambda value, *_: value)


def _arguments(signature: inspect.Signature, given: dict[str, Any]) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for name, parameter in signature.parameters.items():
        if parameter.kind is parameter.VAR_POSITIONAL:
            found[name] = Items(given.get(name, ()))
        elif parameter.kind is parameter.VAR_KEYWORD:
            found[name] = Unusable("a dict of arguments")
        else:
            found[name] = given[name] if name in given else bind(parameter.default)
    return found


def _unwrapped(function: object) -> object:
    """The function behind `functools.cache` and `triton.constexpr_function`."""
    if isinstance(function, functools._lru_cache_wrapper):
        return function.__wrapped__
    if _name_of(type(function)) == ("triton.runtime.jit", "ConstexprFunction"):
        return getattr(function, "fn", None)
    return function


def _name_of(value: object) -> tuple[str, str]:
    return str(getattr(value, "__module__", "")), str(getattr(value, "__name__", ""))


_BUILTINS: tuple[tuple[object, Callable[[ast.Call, Scope], Value]], ...] = (
    (bool, _bool),
    (float, _float),
    (len, _len),
    (range, _range),
    (sum, _sum),
    (all, _all),
    (any, _any),
    (math.prod, _product),
    (math.ceil, _ceil),
    (math.floor, _floor),
)
