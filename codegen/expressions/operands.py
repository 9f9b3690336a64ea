"""What the generator says of a kernel's parameters, and what it gets back for an expression."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from codegen.expressions.c_value import CValue, operand
from codegen.expressions.intervals import INT64, Interval
from codegen.expressions.reads import PointerRead, ScalarRead, SmCountRead
from codegen.expressions.scope import bind
from codegen.expressions.values import Items, Nullable, Real, Tensor, Unusable, Value
from codegen.model import TensorFact
from codegen.nest import Nest


@dataclass(frozen=True)
class Operand:
    """An integer parameter that expressions may read."""

    c: str
    """A C variable, literal or cast, of type int64_t; where `nullable`, a pointer variable."""
    low: int
    high: int
    """The range of its values, `high` included."""
    is_bool: bool = False
    """Python passes True or False."""
    nullable: bool = False
    """It may be None: `c` is then NULL, and points to an integer of any width elsewhere."""

    def __post_init__(self) -> None:
        if not Interval(self.low, self.high).within(INT64):
            raise ValueError(f"{self.c} ranges over {self.low}..{self.high}, beyond 64 bits")


@dataclass(frozen=True)
class FloatOperand:
    """A scalar that C has as a float or a double; it can be compared with numbers."""

    c: str
    """A C variable; where `nullable`, a pointer variable."""
    dtype: str
    """fp32 or fp64."""
    nullable: bool = False


@dataclass(frozen=True)
class OpaqueOperand:
    """A scalar that is no number in C, of which only None can be told."""

    c: str
    """A pointer variable in C, read where `nullable` alone."""
    reason: str
    """`of type fp32`."""
    nullable: bool = False


ScalarOperand = Operand | FloatOperand | OpaqueOperand


@dataclass(frozen=True)
class TensorOperand:
    """A pointer parameter."""

    c: str
    """Its variable in C, a `void *`."""
    nullable: bool = False
    dtype: object = None
    """Where calls have no choice of it, as the tensor itself says it."""
    element_size: int = 0
    """Bytes, likewise."""
    partners: tuple[str, ...] = ()
    """The variables of those that are None in the same calls."""


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


def bindings(
    operands: Mapping[str, ScalarOperand],
    unusable: Mapping[str, str],
    tensors: Mapping[str, TensorOperand],
    constants: Mapping[str, object],
    tuples: Mapping[str, Nest] = {},
    order: Sequence[str] = (),
) -> dict[str, Value]:
    """The kernel's parameters, as expressions see them, in the order of its signature."""
    bound: dict[str, Value] = {
        **{name: _scalar(name, operand) for name, operand in operands.items()},
        **{name: Unusable(reason) for name, reason in unusable.items()},
        **{
            name: Tensor(name, t.c, t.nullable, t.dtype, t.element_size, t.partners)
            for name, t in tensors.items()
        },
        **{name: bind(value) for name, value in constants.items()},
    }
    whole = {name: _items(nest, bound) for name, nest in tuples.items()}
    parts = {leaf for nest in tuples.values() for leaf, _ in nest.paths(())}
    found = {**{name: value for name, value in bound.items() if name not in parts}, **whole}
    places = {name: place for place, name in enumerate(order)}
    for name, nest in tuples.items():  # where its entries are
        places[name] = min((places.get(leaf, len(order)) for leaf, _ in nest.paths(())), default=0)
    return dict(sorted(found.items(), key=lambda item: places.get(item[0], len(order))))


def _items(nest: Nest, bound: Mapping[str, Value]) -> Items:
    entries = (_items(e, bound) if isinstance(e, Nest) else bound[e] for e in nest.entries)
    return Items(tuple(entries), nest.fields or ())


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


def _scalar(name: str, given: ScalarOperand) -> Value:
    read = ScalarRead(name)
    if isinstance(given, OpaqueOperand):
        return Nullable(name, given.c, given.nullable, Unusable(given.reason))
    if isinstance(given, FloatOperand) and given.nullable:
        return Nullable(name, given.c, True, Real(name, f"*{given.c}", given.dtype))
    if isinstance(given, FloatOperand):
        return Real(name, given.c, given.dtype)
    if not given.nullable:
        return operand(given.c, given.low, given.high, read, given.is_bool)
    # The cast, since C would compute with the width that the pointer points to.
    value = operand(f"(int64_t)*{given.c}", given.low, given.high, read, given.is_bool)
    return Nullable(name, given.c, True, value)
