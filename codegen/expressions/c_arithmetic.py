"""Python's integer arithmetic as C text: plain where the ranges allow it, checked elsewhere."""

from __future__ import annotations

from codegen.expressions import intervals
from codegen.expressions.c_value import AlwaysFails, CValue, call, cast, infix, literal, unary
from codegen.expressions.intervals import INT64, POSITIVE, ZERO, Interval


def add(x: CValue, y: CValue) -> CValue:
    if x.constant == 0:
        return y
    if y.constant == 0:
        return x
    return _infix_or_call("+", "add", x, y, intervals.add(x.interval, y.interval))


def subtract(x: CValue, y: CValue) -> CValue:
    if y.constant == 0:
        return x
    return _infix_or_call("-", "sub", x, y, intervals.subtract(x.interval, y.interval))


def multiply(x: CValue, y: CValue) -> CValue:
    if x.constant == 1:
        return y
    if y.constant == 1:
        return x
    if x.text == y.text:
        return _infix_or_call("*", "mul", x, y, intervals.square(x.interval))
    return _infix_or_call("*", "mul", x, y, intervals.multiply(x.interval, y.interval))


def power(x: CValue, y: CValue) -> CValue:
    exponent = y.constant
    if exponent is None or not 0 <= exponent < 64:
        raise AlwaysFails(
            "needs a constant exponent from 0 to 63", "write `1 << n` for a power of 2"
        )
    if exponent == 0:
        return add(multiply(x, literal(0)), literal(1))
    product = x
    for _ in range(exponent - 1):
        product = multiply(product, x)
    return product


def floor_divide(x: CValue, y: CValue) -> CValue:
    _refuse_zero(y)
    if y.constant == 1:
        return x
    exact = intervals.floor_divide(x.interval, y.interval)
    return _division("/", "floordiv", x, y, exact)


def modulo(x: CValue, y: CValue) -> CValue:
    _refuse_zero(y)
    return _division("%", "mod", x, y, intervals.modulo(x.interval, y.interval))


def ceil_divide(x: CValue, y: CValue) -> CValue:
    _refuse_zero(y)
    if y.constant == 1:
        return x
    exact = intervals.ceil_divide(x.interval, y.interval)
    return call("cdiv", (x, y), exact, is_safe=y.interval.within(POSITIVE))


def minimum(x: CValue, y: CValue) -> CValue:
    return call("min", (x, y), intervals.minimum(x.interval, y.interval))


def maximum(x: CValue, y: CValue) -> CValue:
    return call("max", (x, y), intervals.maximum(x.interval, y.interval))


def absolute(x: CValue) -> CValue:
    return call("abs", (x,), intervals.absolute(x.interval))


def next_power_of_2(x: CValue) -> CValue:
    return call("next_power_of_2", (x,), intervals.next_power(x.interval))


def bit_length(x: CValue) -> CValue:
    """Python's `x.bit_length()`, of the magnitude."""
    return call("bit_length", (x,), intervals.bit_length(x.interval))


def shift_left(x: CValue, y: CValue) -> CValue:
    _refuse_negative_count(y)
    exact = intervals.shift_left(x.interval, y.interval)
    is_count = y.interval.within(Interval(0, 62))
    if is_count and x.interval.low >= 0 and exact.within(INT64):
        return infix("<<", x, y, exact)
    if is_count and y.constant is not None:
        return multiply(x, literal(1 << y.constant))
    return call("shift_left", (x, y), exact, is_safe=False)


def shift_right(x: CValue, y: CValue) -> CValue:
    _refuse_negative_count(y)
    exact = intervals.shift_right(x.interval, y.interval)
    # A count up to 63 is right for int64_t alone.
    if y.interval.within(Interval(0, 31 if x.is_int else 63)):
        return infix(">>", x, y, exact)
    return call("shift_right", (x, y), exact, is_safe=False)


def bit_and(x: CValue, y: CValue) -> CValue:
    return infix("&", _number(x), _number(y), intervals.bit_and(x.interval, y.interval))


def bit_or(x: CValue, y: CValue) -> CValue:
    return infix("|", _number(x), _number(y), intervals.bit_or(x.interval, y.interval))


def bit_xor(x: CValue, y: CValue) -> CValue:
    return infix("^", _number(x), _number(y), intervals.bit_xor(x.interval, y.interval))


def invert(x: CValue) -> CValue:
    if x.is_test:  # compilers take `~` for a misspelt `!` there
        return subtract(literal(-1), x)
    return unary("~", x, Interval(~x.interval.high, ~x.interval.low))


def negate(x: CValue) -> CValue:
    exact = Interval(-x.interval.high, -x.interval.low)
    return unary("-", x, exact) if exact.within(INT64) else subtract(literal(0), x)


def _infix_or_call(symbol: str, name: str, x: CValue, y: CValue, exact: Interval) -> CValue:
    if exact.within(INT64):
        return infix(symbol, x, y, exact)
    return call(name, (x, y), exact)


def _division(symbol: str, name: str, x: CValue, y: CValue, exact: Interval) -> CValue:
    """C rounds towards 0, which is down where neither side is negative."""
    if x.interval.low >= 0 and y.interval.within(POSITIVE):
        return infix(symbol, x, y, exact)
    return call(name, (x, y), exact, is_safe=not y.interval.has_zero)


def _number(x: CValue) -> CValue:
    """Compilers warn of a comparison among bits."""
    return cast(x) if x.is_test else x


def _refuse_zero(divisor: CValue) -> None:
    if divisor.interval == ZERO:
        raise AlwaysFails("always divides by zero", "guard it, as in `n // d if d else 0`")


def _refuse_negative_count(count: CValue) -> None:
    if count.interval.high < 0:
        raise AlwaysFails("always shifts by a negative count", "shift the other way")
