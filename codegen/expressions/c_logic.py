"""Python's comparisons, `not`, `and`, `or` as C text, with what they tell of their operands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from codegen.expressions.c_value import (
    CValue,
    Precedence,
    after,
    conditional,
    infix,
    literal,
    respelt,
)
from codegen.expressions.intervals import NONZERO, TRUTH, ZERO, Interval


def compare(symbol: str, x: CValue, y: CValue) -> CValue:
    """`symbol` is C's and Python's: < <= > >= == or !=."""
    for answer, certain in ((1, symbol), (0, _OPPOSITE[symbol])):
        if _is_certain(certain, x, y):
            return replace(_after_failures(x, y, literal(answer)), is_test=True)
    return replace(
        infix(symbol, x, y, TRUTH),
        is_test=True,
        when_true=_facts(symbol, x, y),
        when_false=_facts(_OPPOSITE[symbol], x, y),
    )


def truth(x: CValue) -> CValue:
    """The value as a condition; C tests a name, a call and the like for 0 itself."""
    if x.is_test:
        return x
    test = compare("!=", x, literal(0))
    if test.constant is not None or x.precedence < Precedence.UNARY:
        return test
    return replace(x, is_test=True, when_true=test.when_true, when_false=test.when_false)


def as_bool(x: CValue) -> CValue:
    """`bool(x)`: the condition as 0 or 1."""
    test = truth(x)
    if not test.interval.within(TRUTH):
        test = compare("!=", test, literal(0))
    return replace(test, is_bool=True)


def logical_not(x: CValue) -> CValue:
    test = truth(x)
    if test.constant is not None:
        return literal(int(not test.constant))
    if not x.is_test and x.precedence < Precedence.UNARY:
        return compare("==", x, literal(0))
    return replace(
        respelt(test, f"!{test.binding(Precedence.UNARY)}", Precedence.COMPARISON),
        interval=TRUTH,
        is_int=True,
        when_true=test.when_false,
        when_false=test.when_true,
    )


def both(x: CValue, y: CValue) -> CValue:
    """Two conditions; the second is translated knowing the first."""
    if y.constant == 1:
        return x
    if y.constant == 0 and not x.can_fail:
        return y
    facts = {**x.when_true, **y.when_true}
    return replace(infix("&&", x, y, TRUTH), is_test=True, when_true=facts)


def either(x: CValue, y: CValue) -> CValue:
    """Two conditions; the second is translated knowing that the first is false."""
    if y.constant == 0:
        return x
    if y.constant == 1 and not x.can_fail:
        return y
    facts = {**x.when_false, **y.when_false}
    infixed = infix("||", _parenthesized_and(x), _parenthesized_and(y), TRUTH)
    return replace(infixed, is_test=True, when_false=facts)


def value_and(x: CValue, y: CValue) -> CValue:
    """`x and y`, which is one of the two."""
    if y.interval.within(TRUTH) and y.constant is None:
        return both(truth(x), truth(y))
    return conditional(truth(x), y, literal(0))


def value_or(x: CValue, y: CValue) -> CValue:
    """`x or y`, which is one of the two."""
    if not x.interval.within(TRUTH):
        return conditional(truth(x), x.within(NONZERO), y)
    if y.interval.within(TRUTH) and y.constant is None:
        return either(truth(x), truth(y))
    return conditional(truth(x), literal(1), y)


_OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}
MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
"""The sign that says the same of the two sides the other way round."""


def _is_certain(symbol: str, x: CValue, y: CValue) -> bool:
    if x.text == y.text:
        return symbol in ("<=", ">=", "==")
    return _part(_OPPOSITE[symbol], x.interval, y.interval) is None


def _after_failures(x: CValue, y: CValue, result: CValue) -> CValue:
    for side in {y.text: y, x.text: x}.values():
        if side.can_fail:
            result = after(side, result)
    return result


def _facts(symbol: str, x: CValue, y: CValue) -> Mapping[str, Interval]:
    parts = {
        x.text: _part(symbol, x.interval, y.interval),
        y.text: _part(MIRRORED[symbol], y.interval, x.interval),
    }
    return {text: part for text, part in parts.items() if part}


def _part(symbol: str, x: Interval, y: Interval) -> Interval | None:
    """The values of x for which `x symbol y` holds with some value of y."""
    low, high, without_zero = x.low, x.high, False
    if symbol in (">", ">=", "=="):
        low = y.low + (symbol == ">")
    if symbol in ("<", "<=", "=="):
        high = y.high - (symbol == "<")
    if symbol == "==":
        without_zero = y.without_zero
    if symbol == "!=" and y.is_point:
        low, high = low + (low == y.low), high - (high == y.low)
        without_zero = y == ZERO
    return x.intersection(Interval(low, high, without_zero)) if low <= high else None


def _parenthesized_and(x: CValue) -> CValue:
    """Compilers warn of `&&` among `||`."""
    if x.precedence != Precedence.AND:
        return x
    return respelt(x, f"({x.text})", Precedence.ATOM)
