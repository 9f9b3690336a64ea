"""Integers in C: their text, what is known of them, and how larger texts are put together.

What fails gives 0 in C and the evaluation goes on, so the range of what can fail holds 0.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum

from codegen.expressions.intervals import INT32, INT64, ONE, TRUTH, ZERO, Interval
from codegen.expressions.reads import Read


class AlwaysFails(Exception):
    """An operation has no result for any value of its operands."""

    def __init__(self, reason: str, hint: str) -> None:
        super().__init__(reason)
        self.reason = reason
        """What the operation does, said after its source."""
        self.hint = hint


class Precedence(IntEnum):
    """How tightly a text binds. Compilers want parentheses around and inside BITS."""

    CONDITIONAL = 1
    OR = 2
    AND = 3
    BITS = 4
    COMPARISON = 5
    ADDITION = 6
    MULTIPLICATION = 7
    UNARY = 8
    ATOM = 9


@dataclass(frozen=True)
class CValue:
    """An integer in C, and what is known of it."""

    text: str
    interval: Interval
    precedence: Precedence = Precedence.ATOM
    reads: frozenset[Read] = frozenset()
    """What the text reads."""
    can_fail: bool = False
    certain: frozenset[str] = frozenset()
    """The texts in it that can fail and that C evaluates whenever it evaluates the whole."""
    is_bool: bool = False
    """Python's type is bool."""
    is_int: bool = False
    """The C type is int, not int64_t: literals, comparisons and what is made of them."""
    is_test: bool = False
    """C takes it as a condition without `!= 0`."""
    when_true: Mapping[str, Interval] = field(default_factory=dict)
    """The ranges of C texts that follow from this condition."""
    when_false: Mapping[str, Interval] = field(default_factory=dict)
    """The ranges of C texts that follow from its opposite."""

    @property
    def constant(self) -> int | None:
        return self.interval.low if self.interval.is_point and not self.can_fail else None

    def within(self, fact: Interval) -> CValue:
        """The same value, known to lie in `fact`; a contradiction means that nothing reads it."""
        interval = self.interval.intersection(fact) or self.interval
        return folded(replace(self, interval=interval))

    def binding(self, precedence: Precedence) -> str:
        """The text, in parentheses if it binds less tightly than `precedence`."""
        return self.text if self.precedence >= precedence else f"({self.text})"


def operand(text: str, low: int, high: int, read: Read, is_bool: bool = False) -> CValue:
    """An `int64_t` C variable, literal or cast."""
    precedence = Precedence.ATOM if re.fullmatch(r"\w+", text) else Precedence.UNARY
    reads = frozenset({read})
    return folded(CValue(text, Interval(low, high), precedence, reads, is_bool=is_bool))


def null_test(text: str, symbol: str, read: Read) -> CValue:
    """Whether a C pointer is NULL (`==`) or is not (`!=`); its range tells who knows it already."""
    same, other = f"{text} {symbol} NULL", f"{text} {_OTHER[symbol]} NULL"
    return CValue(
        same,
        TRUTH,
        Precedence.COMPARISON,
        frozenset({read}),
        is_bool=True,
        is_int=True,
        is_test=True,
        when_true={same: ONE, other: ZERO},
        when_false={same: ZERO, other: ONE},
    )


def literal(value: int) -> CValue:
    if not Interval(value, value).within(INT64):
        raise AlwaysFails("does not fit in 64 bits", _TOO_LARGE)
    is_int = abs(value) <= INT32.high
    magnitude = str(abs(value)) if is_int else f"INT64_C({abs(value)})"
    text = "INT64_MIN" if value == INT64.low else f"-{magnitude}" if value < 0 else magnitude
    precedence = Precedence.UNARY if value < 0 else Precedence.ATOM
    return CValue(text, Interval(value, value), precedence, is_int=is_int)


def folded(value: CValue) -> CValue:
    """The literal, where only one value is possible."""
    if value.constant is None:
        return value
    return replace(literal(value.constant), is_bool=value.is_bool)


def respelt(x: CValue, text: str, precedence: Precedence) -> CValue:
    """Another text around that of `x`."""
    certain = x.certain | {text} if x.can_fail else x.certain
    return replace(x, text=text, precedence=precedence, certain=certain)


def unary(symbol: str, x: CValue, exact: Interval) -> CValue:
    if x.is_int and not exact.within(INT32):
        x = cast(x)
    inner = Precedence.ATOM if x.text.startswith(symbol) else Precedence.UNARY  # no `--`
    text = f"{symbol}{x.binding(inner)}"
    return _joined(text, exact, x, precedence=Precedence.UNARY, is_int=x.is_int)


def infix(symbol: str, x: CValue, y: CValue, exact: Interval) -> CValue:
    precedence, left, right = _INFIX[symbol]
    is_int = x.is_int and (y.is_int or symbol in ("<<", ">>"))
    if is_int and not exact.within(INT32):
        x, is_int = cast(x), False
    text = f"{x.binding(left)} {symbol} {y.binding(right)}"
    is_int = is_int or precedence in (Precedence.OR, Precedence.AND, Precedence.COMPARISON)
    certain = x.certain if symbol in ("&&", "||") else x.certain | y.certain
    return _joined(text, exact, x, y, precedence=precedence, is_int=is_int, certain=certain)


def call(name: str, arguments: tuple[CValue, ...], exact: Interval, is_safe: bool = True) -> CValue:
    """`tb_<name>`, or `tb_checked_<name>` where not every value of the arguments has a result."""
    texts = [argument.text for argument in arguments]
    if is_safe and exact.within(INT64):
        return _joined(f"tb_{name}({', '.join(texts)})", exact, *arguments)
    result = exact.intersection(INT64)
    if result is None:
        raise AlwaysFails("always exceeds 64 bits", _TOO_LARGE)
    text = f"tb_checked_{name}({', '.join([*texts, '&failed'])})"
    return _joined(text, result.hull(ZERO), *arguments, can_fail=True)


def conditional(test: CValue, x: CValue, y: CValue) -> CValue:
    interval = x.interval.hull(y.interval)
    if x.text == y.text:
        same = replace(x, interval=interval, when_true={}, when_false={})
        return after(test, same) if test.can_fail else same
    branch = Precedence.OR
    text = f"{test.binding(branch)} ? {x.binding(branch)} : {y.text}"
    is_int = x.is_int and y.is_int
    precedence, certain = Precedence.CONDITIONAL, test.certain | (x.certain & y.certain)
    return _joined(
        text, interval, test, x, y, precedence=precedence, is_int=is_int, certain=certain
    )


def cast(x: CValue) -> CValue:
    text = f"(int64_t){x.binding(Precedence.UNARY)}"
    return replace(respelt(x, text, Precedence.UNARY), is_int=False, is_test=False)


def after(first: CValue, x: CValue) -> CValue:
    """`x`, with `first` evaluated before it for its failure alone."""
    text = f"((void){first.binding(Precedence.UNARY)}, {x.text})"
    return replace(_joined(text, x.interval, first, x, is_int=x.is_int), is_bool=x.is_bool)


def _joined(
    text: str,
    interval: Interval,
    *parts: CValue,
    precedence: Precedence = Precedence.ATOM,
    can_fail: bool = False,
    is_int: bool = False,
    certain: frozenset[str] | None = None,
) -> CValue:
    reads = frozenset().union(*(part.reads for part in parts))
    can_fail = can_fail or any(part.can_fail for part in parts)
    if certain is None:
        certain = frozenset().union(*(part.certain for part in parts))
    if can_fail:
        certain |= {text}
    return folded(CValue(text, interval, precedence, reads, can_fail, certain, is_int=is_int))


_OTHER = {"==": "!=", "!=": "=="}
_TOO_LARGE = "sizes and grids are 64-bit integers; check the constants"

_INFIX: dict[str, tuple[Precedence, Precedence, Precedence]] = {
    **dict.fromkeys(
        ("*", "/", "%"), (Precedence.MULTIPLICATION, Precedence.MULTIPLICATION, Precedence.UNARY)
    ),
    **dict.fromkeys(
        ("+", "-"), (Precedence.ADDITION, Precedence.ADDITION, Precedence.MULTIPLICATION)
    ),
    **dict.fromkeys(
        ("<<", ">>", "&", "|", "^"), (Precedence.BITS, Precedence.UNARY, Precedence.UNARY)
    ),
    **dict.fromkeys(
        ("<", "<=", ">", ">=", "==", "!="),
        (Precedence.COMPARISON, Precedence.ADDITION, Precedence.ADDITION),
    ),
    "&&": (Precedence.AND, Precedence.AND, Precedence.AND),
    "||": (Precedence.OR, Precedence.OR, Precedence.OR),
}
"""How tightly each operator binds, and its left and right operands must."""
