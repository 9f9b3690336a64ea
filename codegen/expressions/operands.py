"""A kernel's parameters as expressions read them, and what is known of an expression in C."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from codegen.expressions.c_value import CValue, operand
from codegen.expressions.intervals import INT64, Interval
from codegen.expressions.reads import PointerRead, ScalarRead, SmCountRead
from codegen.expressions.values import Items, Nullable, Real, Unusable, Value
from codegen.model.computed import TensorFact
from codegen.model.tuple_shapes import TupleShape


def int_parameter(
    name: str, c: str, low: int, high: int, is_bool: bool = False, nullable: bool = False
) -> Value:
    """An integer from `low` to `high`; `c` is a C variable, literal or cast, of type int64_t.

    Where it may be None, `c` is a pointer: NULL, or to an integer of any width.
    """
    if not Interval(low, high).within(INT64):
        raise ValueError(f"{c} ranges over {low}..{high}, beyond 64 bits")
    # The cast, since C would compute with the width that the pointer points to.
    text = f"(int64_t)*{c}" if nullable else c
    value = operand(text, low, high, ScalarRead(name), is_bool)
    return Nullable(name, c, True, value) if nullable else value


def float_parameter(name: str, c: str, dtype: str, nullable: bool = False) -> Value:
    """A float or a double in C, or a pointer to one; `dtype` is fp32 or fp64."""
    if nullable:
        return Nullable(name, c, True, Real(name, f"*{c}", dtype))
    return Real(name, c, dtype)


def opaque_parameter(name: str, c: str, reason: str, nullable: bool = False) -> Value:
    """A scalar that is no number in C: what it is (`of type fp16`), or a pointer to it."""
    return Nullable(name, c, nullable, Unusable(reason))


def in_tuples(
    parameters: Mapping[str, Value], tuples: Iterable[tuple[str, TupleShape]]
) -> dict[str, Value]:
    """The parameters, with each tuple where the first of its entries is, instead of these."""
    places = {name: place for place, name in enumerate(parameters)}
    found = dict(parameters)
    for name, shape in tuples:
        leaves = [leaf for leaf, _ in shape.paths(())]
        found[name] = _items(shape, parameters)
        places[name] = min((places[leaf] for leaf in leaves), default=0)
        for leaf in leaves:
            del found[leaf]
    return dict(sorted(found.items(), key=lambda item: places[item[0]]))


def _items(shape: TupleShape, parameters: Mapping[str, Value]) -> Items:
    entries = (
        _items(e, parameters) if isinstance(e, TupleShape) else parameters[e] for e in shape.entries
    )
    return Items(tuple(entries), shape.fields or ())


@dataclass(frozen=True)
class CExpression:
    """A C expression; `?:` at its top level is not in parentheses."""

    text: str
    low: int
    high: int
    """The range of its values; 0 is among them when it can fail."""
    names: frozenset[str]
    """The scalar operands that the text reads; those of one value are literals in it."""
    can_fail: bool
    """The text mentions `failed`, an int that is 0 before."""
    facts: frozenset[TensorFact] = frozenset()
    """The facts of tensors that the text reads."""
    pointers: frozenset[str] = frozenset()
    """The tensors that the text compares with NULL."""
    reads_sm_count: bool = False
    """The text reads `sm_count`, an int64_t from 1 on."""
    is_bool: bool = False
    """Python would give True or False."""


def finished(value: CValue) -> CExpression:
    reads = value.reads
    return CExpression(
        text=value.text,
        low=value.interval.low,
        high=value.interval.high,
        names=frozenset(read.name for read in reads if isinstance(read, ScalarRead)),
        can_fail=value.can_fail,
        facts=frozenset(read for read in reads if isinstance(read, TensorFact)),
        pointers=frozenset(read.name for read in reads if isinstance(read, PointerRead)),
        reads_sm_count=SmCountRead() in reads,
        is_bool=value.is_bool,
    )
