"""Every rule on every small interval: nothing a value can become is left out."""

from __future__ import annotations

import itertools
import operator
from collections.abc import Callable

import pytest

from codegen.expressions import intervals
from codegen.expressions.intervals import Interval
from codegen.model.rounding import cdiv, next_power_of_2

ENDS = range(-4, 5)
SMALL = [Interval(low, high) for low in ENDS for high in ENDS if low <= high]
SMALL += [Interval(low, high, without_zero=True) for low in ENDS for high in ENDS if low < 0 < high]


def values(interval: Interval) -> set[int]:
    every = set(range(interval.low, interval.high + 1))
    return every if interval.has_zero else every - {0}


def results(function: Callable[..., int], *operands: Interval) -> set[int]:
    found = set()
    for arguments in itertools.product(*map(values, operands)):
        try:
            found.add(function(*arguments))
        except (ZeroDivisionError, ValueError):
            continue
    return found


@pytest.mark.parametrize(
    ("rule", "function"),
    [
        (intervals.add, operator.add),
        (intervals.subtract, operator.sub),
        (intervals.multiply, operator.mul),
        (intervals.floor_divide, operator.floordiv),
        (intervals.ceil_divide, cdiv),
        (intervals.modulo, operator.mod),
        (intervals.minimum, min),
        (intervals.maximum, max),
        (intervals.shift_left, operator.lshift),
        (intervals.shift_right, operator.rshift),
        (intervals.bit_and, operator.and_),
        (intervals.bit_or, operator.or_),
        (intervals.bit_xor, operator.xor),
    ],
)
def test_rule_of_two(
    rule: Callable[[Interval, Interval], Interval], function: Callable[[int, int], int]
) -> None:
    for x, y in itertools.product(SMALL, SMALL):
        expected = results(function, x, y)
        if expected:
            found = rule(x, y)
            assert expected <= values(found), (x, y)
            assert found.is_point or not (x.is_point and y.is_point), (x, y)


@pytest.mark.parametrize(
    ("rule", "function"),
    [
        (intervals.absolute, abs),
        (intervals.square, lambda value: value * value),
        (intervals.next_power, next_power_of_2),
    ],
)
def test_rule_of_one(rule: Callable[[Interval], Interval], function: Callable[[int], int]) -> None:
    for x in SMALL:
        assert results(function, x) <= values(rule(x)), x


def test_intersection_and_hull() -> None:
    for x, y in itertools.product(SMALL, SMALL):
        common = x.intersection(y)
        assert (values(common) if common else set()) == values(x) & values(y)
        assert values(x) | values(y) <= values(x.hull(y))


def test_functions_are_tritons() -> None:
    triton = pytest.importorskip("triton")
    for x in [*ENDS, 63, 64, 65, 2**31, 2**62 - 1, 2**62]:
        assert next_power_of_2(x) == triton.next_power_of_2(x)
        assert all(cdiv(x, y) == triton.cdiv(x, y) for y in ENDS if y)


def test_no_empty_interval() -> None:
    with pytest.raises(ValueError, match="no integer lies between 2 and 1"):
        Interval(2, 1)
