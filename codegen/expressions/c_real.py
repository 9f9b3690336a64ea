"""Floats in comparisons: with numbers as C's float or double, with integers exactly."""

from __future__ import annotations

import math
import struct

from codegen.expressions import c_logic
from codegen.expressions.c_value import CValue, Precedence, literal
from codegen.expressions.intervals import INT64, TRUTH, Interval
from codegen.expressions.reads import ScalarRead
from codegen.expressions.values import Real


def compare_real(symbol: str, x: Real, y: Real | float) -> CValue:
    """A parameter with a number, which is rounded as the parameter is, or with another of them."""
    reads = {ScalarRead(x.name)}
    if isinstance(y, Real):
        other = y.c
        reads.add(ScalarRead(y.name))
    else:
        other = _real_literal(y, x.dtype)
    return CValue(
        f"{x.c} {symbol} {other}",
        TRUTH,
        Precedence.COMPARISON,
        frozenset(reads),
        is_bool=True,
        is_int=True,
        is_test=True,
    )


def compare_with_float(symbol: str, x: CValue, y: float) -> CValue:
    """An integer with a float that is no nan."""
    if not math.isinf(y) and Interval(math.floor(y), math.ceil(y)).within(INT64):
        if y == math.floor(y):
            return c_logic.compare(symbol, x, literal(int(y)))
        if symbol in ("==", "!="):
            return _decided(symbol == "!=", x)
        bound = math.floor(y) if symbol in ("<=", ">") else math.ceil(y)
        return c_logic.compare(symbol, x, literal(bound))
    is_below = y > 0
    return _decided(is_below if symbol in ("<", "<=") else symbol == "!=" or not is_below, x)


def _decided(answer: bool, x: CValue) -> CValue:
    """The answer, which still fails where `x` does."""
    return c_logic.compare("==" if answer else "!=", x, x)


def _real_literal(value: float, dtype: str) -> str:
    suffix, rounded = ("f", _as_float(value)) if dtype == "fp32" else ("", float(value))
    if math.isinf(rounded):
        return f"{'-' * (rounded < 0)}__builtin_inf{suffix}()"
    texts = (f"{rounded:.{digits}g}" for digits in range(1, 18))
    rounds = _as_float if dtype == "fp32" else float
    shortest = next(text for text in texts if rounds(float(text)) == rounded)
    return f"{shortest if set('.e') & set(shortest) else shortest + '.0'}{suffix}"


def _as_float(value: float) -> float:
    """The nearest fp32."""
    try:
        (rounded,) = struct.unpack("f", struct.pack("f", value))
    except OverflowError:
        return math.copysign(math.inf, value)
    return float(rounded)
