"""Comparisons: integers in C, constants while translating, `is None`, and `in`."""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from codegen.expressions import c_arithmetic, c_logic
from codegen.expressions.c_real import compare_real, compare_with_float
from codegen.expressions.c_value import CValue, literal
from codegen.expressions.evaluation import (
    evaluate,
    following,
    integer,
    is_none,
    rule_for,
)
from codegen.expressions.functions import COMPARISONS
from codegen.expressions.intervals import BELOW_FLOAT, POSITIVE
from codegen.expressions.refusals import unsupported
from codegen.expressions.scope import Scope, bind
from codegen.expressions.values import (
    Constant,
    Items,
    Meta,
    Nullable,
    Quotient,
    Real,
    Tensor,
    Unusable,
    Value,
    numbers_in,
)


@dataclass(frozen=True)
class _Place:
    """The two sides of one sign, as written."""

    left: ast.expr
    right: ast.expr
    whole: ast.Compare
    scope: Scope


@rule_for(ast.Compare)
def _comparison(node: ast.Compare, scope: Scope) -> Value:
    return replace(
        _comparisons([node.left, *node.comparators], node.ops, node, scope), is_bool=True
    )


def _comparisons(
    parts: Sequence[ast.expr],
    signs: Sequence[ast.cmpop],
    whole: ast.Compare,
    scope: Scope,
) -> CValue:
    """`a < b < c` is `a < b and b < c`."""
    left, right = parts[:2]
    sides = evaluate(left, scope), evaluate(right, scope)
    first = _compared(type(signs[0]), *sides, _Place(left, right, whole, scope))
    if len(signs) == 1 or first.constant == 0:
        return first
    rest = _comparisons(parts[1:], signs[1:], whole, scope.knowing(first.when_true))
    return rest if first.constant else c_logic.both(first, rest)


def _compared(sign: type[ast.cmpop], x: Value, y: Value, place: _Place) -> CValue:
    if sign in (ast.In, ast.NotIn):
        test = _membership(x, y, place)
        test = c_logic.logical_not(test) if sign is ast.NotIn else test
    elif sign in (ast.Is, ast.IsNot):
        test = _identity("==" if sign is ast.Is else "!=", x, y, place)
    else:
        test = _values(COMPARISONS[sign], x, y, place)
    return integer(
        following(numbers_in(Items((x, y))), test, place.whole, place.scope),
        place.whole,
        place.scope,
    )


def _values(symbol: str, x: Value, y: Value, place: _Place) -> CValue:
    """< <= > >= == !="""
    is_equality = symbol in ("==", "!=")
    if isinstance(x, CValue) and isinstance(y, CValue):
        return c_logic.compare(symbol, x, y)
    if is_equality and _NONE in (x, y):
        return _identity(symbol, x, y, place)
    if _is_known(x) and _is_known(y):
        return _decided(_OPERATORS[symbol], x, y, place)
    if isinstance(x, Quotient) and _as_integer(y) is not None:
        return _of_quotient(symbol, x, y, place)
    if isinstance(y, Quotient) and _as_integer(x) is not None:
        return _of_quotient(c_logic.MIRRORED[symbol], y, x, place)
    real = _with_real(symbol, x, y) or _with_real(c_logic.MIRRORED[symbol], y, x)
    if real is not None:
        return real
    if is_equality and any(isinstance(side, Constant) and _is_no_number(side) for side in (x, y)):
        number = x if isinstance(y, Constant) else y
        integer(number, place.left if number is x else place.right, place.scope)
        return literal(int(symbol == "!="))
    return c_logic.compare(
        symbol,
        integer(x, place.left, place.scope),
        integer(y, place.right, place.scope),
    )


def _of_quotient(symbol: str, quotient: Quotient, other: Value, place: _Place) -> CValue:
    """`x / y < z` as `x < z * y`: the same while the float of `x / y` cannot be rounded to `z`."""
    z = _as_integer(other)
    if z is not None and quotient.y.interval.within(POSITIVE):
        product = c_arithmetic.multiply(z, quotient.y)
        if product.interval.within(BELOW_FLOAT):
            return c_logic.compare(symbol, quotient.x, product)
    text = place.scope.quote(place.whole)
    message = f"{text} goes through a float, which may be inexact"
    raise place.scope.error(place.whole, message, f"multiply instead; or {place.scope.remedy}")


def _as_integer(value: Value) -> CValue | None:
    """An integer, also one that is written as a float."""
    match value:
        case CValue():
            return value
        case Constant(value=float() as number) if number.is_integer() and abs(number) < 1 << 53:
            return literal(int(number))
    return None


def _with_real(symbol: str, x: Value, y: Value) -> CValue | None:
    """A float parameter with another of its type or with a number, or an integer with a float."""
    if isinstance(x, Real) and isinstance(y, Real):
        return compare_real(symbol, x, y) if x.dtype == y.dtype else None
    number = _known(y) if _is_known(y) else None
    if not isinstance(number, (int, float)) or math.isnan(number):
        return None
    if isinstance(x, Real):
        return compare_real(symbol, x, number)
    if isinstance(x, CValue) and isinstance(number, float):
        return compare_with_float(symbol, x, number)
    return None


def _identity(symbol: str, x: Value, y: Value, place: _Place) -> CValue:
    """`is` and `is not`."""
    if _is_known(x) and _is_known(y):
        is_same = _known(x) is _known(y)
        return literal(int(is_same == (symbol == "==")))
    if _NONE not in (x, y):
        raise unsupported(place.whole, place.scope)
    other, node = (x, place.left) if y == _NONE else (y, place.right)
    if isinstance(other, (Unusable, Meta)):
        return integer(other, node, place.scope)
    if isinstance(other, (Tensor, Nullable)):
        return is_none(other, symbol, place.scope)
    return literal(int(symbol == "!="))


def _membership(x: Value, container: Value, place: _Place) -> CValue:
    """`in` a tuple, a list or a constant."""
    match container:
        case Items(values=values):
            pass
        case Constant(value=str()) if isinstance(x, Constant):
            return _decided(lambda part, text: part in text, x, container, place)
        case Constant(value=(tuple() | list() | set() | frozenset() | dict()) as constant):
            values = tuple(bind(entry) for entry in constant)
        case _:
            raise unsupported(place.whole, place.scope)
    found: CValue | None = None
    for value in values:
        test = _values("==", x, value, place)
        if test.constant == 1:
            return test
        if test.constant is None:
            found = c_logic.either(found, test) if found else test
    return found or literal(0)


def _decided(decide: Callable[[Any, Any], object], x: Value, y: Value, place: _Place) -> CValue:
    """What Python itself says of two constants."""
    try:
        answer = decide(_known(x), _known(y))
    except Exception as error:
        raise place.scope.error(place.whole, f"{place.scope.quote(place.whole)}: {error}") from None
    if not isinstance(answer, bool):
        raise unsupported(place.whole, place.scope)
    return literal(int(answer))


def _is_known(value: Value) -> bool:
    return isinstance(value, Constant) or (isinstance(value, CValue) and value.constant is not None)


def _known(value: Value) -> object:
    if isinstance(value, CValue):
        return bool(value.constant) if value.is_bool else value.constant
    return value.value if isinstance(value, Constant) else None


def _is_no_number(side: Constant) -> bool:
    """Whether no integer equals it: a string, None, a dtype of torch or Triton."""
    return (
        isinstance(side.value, (str, bytes, tuple, list, dict))
        or type(side.value).__name__ == "dtype"
    )


_NONE = Constant(None)
_OPERATORS: dict[str, Callable[[Any, Any], object]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
