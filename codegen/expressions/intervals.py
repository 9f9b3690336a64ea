"""Ranges of integers: what Python's integer operations make of all the values in a range."""

from __future__ import annotations

import itertools
import operator
from collections.abc import Callable
from dataclasses import dataclass

from codegen.model.rounding import cdiv, next_power_of_2

IntegerFunction = Callable[[int, int], int]


@dataclass(frozen=True)
class Interval:
    """The integers from `low` to `high`, or all of them but 0."""

    low: int
    high: int
    without_zero: bool = False

    def __post_init__(self) -> None:
        if self.low > self.high:
            raise ValueError(f"no integer lies between {self.low} and {self.high}")

    @property
    def has_zero(self) -> bool:
        return self.low <= 0 <= self.high and not self.without_zero

    @property
    def is_point(self) -> bool:
        return self.low == self.high

    def within(self, other: Interval) -> bool:
        return other.low <= self.low and self.high <= other.high

    def intersection(self, other: Interval) -> Interval | None:
        """The common integers; None if there are none."""
        low, high = max(self.low, other.low), min(self.high, other.high)
        without_zero = not (self.has_zero and other.has_zero)
        if without_zero:
            low, high = low + (low == 0), high - (high == 0)
        return Interval(low, high, without_zero) if low <= high else None

    def hull(self, other: Interval) -> Interval:
        """The smallest interval that holds both."""
        without_zero = not (self.has_zero or other.has_zero)
        return Interval(min(self.low, other.low), max(self.high, other.high), without_zero)


Rule = Callable[[Interval, Interval], Interval]

INT32 = Interval(-(2**31), 2**31 - 1)
INT64 = Interval(-(2**63), 2**63 - 1)
POSITIVE = Interval(1, INT64.high)
NONZERO = Interval(INT64.low, INT64.high, without_zero=True)
ZERO = Interval(0, 0)
ONE = Interval(1, 1)
TRUTH = Interval(0, 1)
EXACT_IN_FLOAT = Interval(-(2**53), 2**53)
"""Of two such integers, Python's `/` is an integer only where the quotient is."""
BELOW_FLOAT = Interval(1 - 2**53, 2**53 - 1)
"""Below these products of `y` and `z`, `x / y` and `z` differ by more than half of a float's last
digit, where they do."""
LARGEST_SHIFT = 64
"""A left shift by as much takes every int64_t but 0 out of range."""


def add(x: Interval, y: Interval) -> Interval:
    return Interval(x.low + y.low, x.high + y.high)


def subtract(x: Interval, y: Interval) -> Interval:
    return Interval(x.low - y.high, x.high - y.low)


def multiply(x: Interval, y: Interval) -> Interval:
    return _at_corners(operator.mul, x, [y])


def square(x: Interval) -> Interval:
    return Interval(absolute(x).low ** 2, absolute(x).high ** 2)


def floor_divide(x: Interval, y: Interval) -> Interval:
    return _at_corners(operator.floordiv, x, _parts_without_zero(y))


def ceil_divide(x: Interval, y: Interval) -> Interval:
    return _at_corners(cdiv, x, _parts_without_zero(y))


def modulo(x: Interval, y: Interval) -> Interval:
    if x.is_point and y.is_point:
        return _at_corners(operator.mod, x, [y])
    if x.low >= 0 and y.low > x.high:
        return x
    low, high = min(0, y.low + 1), max(0, y.high - 1)
    return Interval(low, min(high, x.high) if x.low >= 0 else high)


def minimum(x: Interval, y: Interval) -> Interval:
    return Interval(min(x.low, y.low), min(x.high, y.high))


def maximum(x: Interval, y: Interval) -> Interval:
    return Interval(max(x.low, y.low), max(x.high, y.high))


def absolute(x: Interval) -> Interval:
    ends = abs(x.low), abs(x.high)
    return Interval(int(x.without_zero) if x.low < 0 < x.high else min(ends), max(ends))


def next_power(x: Interval) -> Interval:
    return Interval(next_power_of_2(x.low), next_power_of_2(x.high))


def bit_length(x: Interval) -> Interval:
    magnitude = absolute(x)
    return Interval(magnitude.low.bit_length(), magnitude.high.bit_length())


def shift_left(x: Interval, y: Interval) -> Interval:
    return _at_corners(operator.lshift, x, [_clamped(y)])


def shift_right(x: Interval, y: Interval) -> Interval:
    return _at_corners(operator.rshift, x, [_clamped(y)])


def bit_and(x: Interval, y: Interval) -> Interval:
    nonnegative = [side.high for side in (x, y) if side.low >= 0]
    if not nonnegative or (x.is_point and y.is_point):
        return _of_bits(operator.and_)(x, y)
    return Interval(0, min(nonnegative))


def bit_or(x: Interval, y: Interval) -> Interval:
    """No bit is lost: two numbers above 0 give at least the larger, one below 0 stays there."""
    bits = _of_bits(operator.or_)(x, y)
    low = max(x.low, y.low, bits.low) if x.low >= 0 and y.low >= 0 else bits.low
    high = min(-1, bits.high) if x.high < 0 or y.high < 0 else bits.high
    return Interval(low, high, not (x.has_zero and y.has_zero))


def bit_xor(x: Interval, y: Interval) -> Interval:
    return _of_bits(operator.xor)(x, y)


def _at_corners(function: IntegerFunction, x: Interval, parts: list[Interval]) -> Interval:
    """For a function that is monotonic in x, and in y on each part of it."""
    ends = itertools.chain.from_iterable((part.low, part.high) for part in parts)
    values = [function(a, b) for a, b in itertools.product((x.low, x.high), ends)]
    return Interval(min(values), max(values))


def _parts_without_zero(x: Interval) -> list[Interval]:
    negative = [Interval(x.low, min(x.high, -1))] if x.low < 0 else []
    return negative + ([Interval(max(x.low, 1), x.high)] if x.high > 0 else [])


def _clamped(count: Interval) -> Interval:
    """The shift counts that Python accepts, cut where larger ones change nothing."""
    low, high = (min(max(end, 0), LARGEST_SHIFT) for end in (count.low, count.high))
    return Interval(low, high)


def _of_bits(function: IntegerFunction) -> Rule:
    def rule(x: Interval, y: Interval) -> Interval:
        if x.is_point and y.is_point:
            return _at_corners(function, x, [y])
        bits = max(
            (end if end >= 0 else ~end).bit_length() for end in (x.low, x.high, y.low, y.high)
        )
        return Interval(0 if x.low >= 0 and y.low >= 0 else -(1 << bits), (1 << bits) - 1)

    return rule
