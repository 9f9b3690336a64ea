"""What grids, shapes and heuristics may read of a kernel's parameters, and how C spells it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field

import triton.language as tl

from codegen.dtypes import DType
from codegen.expressions import (
    CExpression,
    FloatOperand,
    OpaqueOperand,
    Operand,
    ScalarOperand,
    TensorOperand,
)
from codegen.identifiers import c_identifier
from codegen.model import Constexpr, Parameter, Reads, united
from codegen.partners import groups

INT64_MAX = (1 << 63) - 1
Parameters = tuple[Parameter | Constexpr, ...]
Spell = Callable[[str], str]


@dataclass
class Readable:
    """The parameters by what an expression can do with them."""

    operands: dict[str, ScalarOperand] = field(default_factory=dict)
    tensors: dict[str, TensorOperand] = field(default_factory=dict)
    constants: dict[str, object] = field(default_factory=dict)
    unusable: dict[str, str] = field(default_factory=dict)
    """Why the others cannot be read: `of type u64, ...`."""


def readable(parameters: Parameters, spell: Spell = c_identifier) -> Readable:
    """What an expression may read; `spell` says how C has an int, as an `int64_t`."""
    found = Readable()
    together = groups(parameters)
    for parameter in parameters:
        if isinstance(parameter, Parameter):
            others = (name for name in together.get(parameter.name, ()) if name != parameter.name)
            _run_time(found, parameter, spell, tuple(map(c_identifier, others)))
        else:
            _compile_time(found, parameter, parameter.choices, spell)
    return found


def tensor_dtype(dtype: DType) -> object:
    """As the tensor's own library has it: torch's where the kernel's file uses torch."""
    torch = sys.modules.get("torch")
    return getattr(torch, dtype.label, None) or getattr(tl, dtype.label, dtype.label)


def _run_time(
    found: Readable, parameter: Parameter, spell: Spell, partners: tuple[str, ...]
) -> None:
    name, dtype = parameter.name, parameter.storage.dtype
    if parameter.is_tensor:
        only = parameter.types[0].dtype if len(parameter.types) == 1 else None
        known = (tensor_dtype(only), only.size) if only else (None, 0)
        found.tensors[name] = TensorOperand(
            c_identifier(name), parameter.nullable, *known, partners
        )
    elif dtype.high > INT64_MAX:
        reason = f"of type {dtype.name}, which exceeds signed 64-bit arithmetic"
        found.operands[name] = OpaqueOperand(c_identifier(name), reason, parameter.nullable)
    elif dtype.is_integer or dtype.name == "i1":
        c_name = c_identifier(name) if parameter.nullable else spell(name)
        is_bool = dtype.name == "i1"
        found.operands[name] = Operand(
            c_name, dtype.low, dtype.high, is_bool=is_bool, nullable=parameter.nullable
        )
    elif dtype.c_type in ("float", "double"):
        found.operands[name] = FloatOperand(c_identifier(name), dtype.name, parameter.nullable)
    else:
        reason = f"of type {dtype.name}"
        found.operands[name] = OpaqueOperand(c_identifier(name), reason, parameter.nullable)


def _compile_time(
    found: Readable, constexpr: Constexpr, values: Collection[object], spell: Spell
) -> None:
    name = constexpr.name
    numbers = [value for value in values if isinstance(value, int)]
    if len(values) == 1:
        (found.constants[name],) = values
    elif not values:
        found.unusable[name] = "computed later"
    elif len(numbers) == len(values):
        is_bool = all(isinstance(value, bool) for value in values)
        found.operands[name] = Operand(spell(name), min(numbers), max(numbers), is_bool=is_bool)
    else:
        other = next(value for value in values if not isinstance(value, int))
        found.unusable[name] = f"a constexpr that is no int: {other!r}"


def reads_of(parameters: Parameters, expressions: Iterable[CExpression]) -> Reads:
    """What some expressions read together, in the kernel's order."""
    listed = list(expressions)
    names = {name for one in listed for name in (*one.names, *one.pointers)}
    order = [parameter.name for parameter in parameters]
    facts = united(fact for one in listed for fact in one.facts)
    return Reads(
        tuple(name for name in order if name in names),
        tuple(sorted(facts, key=lambda fact: (order.index(fact.tensor), fact.c_name))),
        any(one.reads_sm_count for one in listed),
    )
