"""What an expression can be besides an integer in C."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from codegen.expressions.c_value import CValue, operand
from codegen.expressions.intervals import INT32
from codegen.expressions.reads import PointerRead, Read, ScalarRead, SmCountRead
from codegen.model.computed import FactKind


@dataclass(frozen=True)
class Unusable:
    """A name that stands for nothing that can be read."""

    reason: str
    """What it is instead: `a pointer`."""


@dataclass(frozen=True)
class Constant:
    """A Python object, known when translating, that is no integer of 64 bits."""

    value: object


@dataclass(frozen=True)
class Tensor:
    """A pointer parameter."""

    name: str
    c: str
    nullable: bool = False
    dtype: object = None
    """None where calls choose it, as the size of its elements is 0 then."""
    element_size: int = 0
    partners: tuple[str, ...] = ()
    """The variables of those that are None in the same calls."""


@dataclass(frozen=True)
class Sizes:
    """`x.shape` or `x.stride()`, of as many entries as the tensor has dimensions."""

    tensor: Tensor
    kind: FactKind


@dataclass(frozen=True)
class Real:
    """A parameter that is a float or a double in C."""

    name: str
    c: str
    dtype: str
    """fp32 or fp64."""


@dataclass(frozen=True)
class Nullable:
    """A scalar parameter that may be None, or that is no number."""

    name: str
    c: str
    """A C pointer, NULL for None, where `nullable`."""
    nullable: bool
    value: CValue | Real | Unusable
    """What it is where it is not None."""


@dataclass(frozen=True)
class Items:
    """A tuple or a list."""

    values: tuple[Value, ...]
    fields: tuple[str, ...] = ()
    """The names of a namedtuple's entries."""


@dataclass(frozen=True)
class Quotient:
    """`x / y`, a float that an expression around it rounds to an integer."""

    x: CValue
    y: CValue


@dataclass(frozen=True)
class DeviceProperties:
    """What torch and Triton tell of the device."""


@dataclass(frozen=True)
class Meta:
    """The one mapping in which Triton passes all of a kernel's parameters."""

    entries: Mapping[str, Value]


Value = (
    CValue
    | Unusable
    | Constant
    | Tensor
    | Sizes
    | Real
    | Nullable
    | Items
    | Quotient
    | DeviceProperties
    | Meta
)

SM_COUNT = operand("sm_count", 1, INT32.high, SmCountRead())


def null_read_of(value: Tensor | Nullable) -> Read:
    return PointerRead(value.name) if isinstance(value, Tensor) else ScalarRead(value.name)


def numbers_in(value: Value) -> list[CValue]:
    """The integers that a value is made of."""
    match value:
        case CValue():
            return [value]
        case Items(values=values):
            return [number for part in values for number in numbers_in(part)]
        case Quotient(x=x, y=y):
            return [x, y]
    return []
