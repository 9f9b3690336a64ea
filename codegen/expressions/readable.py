"""What grids, shapes and heuristics may read of a kernel's parameters, and how C spells it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable

import triton.language as tl

from codegen.expressions.operands import (
    CExpression,
    float_parameter,
    in_tuples,
    int_parameter,
    opaque_parameter,
)
from codegen.expressions.scope import bind
from codegen.expressions.values import Tensor, Unusable, Value
from codegen.model.computed import Reads, united
from codegen.model.dtypes import DType
from codegen.model.identifiers import c_identifier
from codegen.model.none_together import groups
from codegen.model.parameters import Constexpr, Parameter
from codegen.model.tuple_shapes import TupleShape

INT64_MAX = (1 << 63) - 1
Parameters = tuple[Parameter | Constexpr, ...]
Spell = Callable[[str], str]


def readable(
    parameters: Parameters,
    tuples: Iterable[tuple[str, TupleShape]] = (),
    spell: Spell = c_identifier,
) -> dict[str, Value]:
    """The parameters, as expressions read them; `spell` says how C has an int, as an `int64_t`."""
    together = groups(parameters)
    found = {}
    for parameter in parameters:
        name = parameter.name
        if isinstance(parameter, Parameter):
            partners = (other for other in together.get(name, ()) if other != name)
            found[name] = _run_time(parameter, spell, tuple(map(c_identifier, partners)))
        else:
            found[name] = _compile_time(parameter, spell)
    return in_tuples(found, tuples)


def tensor_dtype(dtype: DType) -> object:
    """As the tensor's own library has it: torch's where the kernel's file uses torch."""
    torch = sys.modules.get("torch")
    return getattr(torch, dtype.label, None) or getattr(tl, dtype.label, dtype.label)


def _run_time(parameter: Parameter, spell: Spell, partners: tuple[str, ...]) -> Value:
    name, dtype, nullable = parameter.name, parameter.storage.dtype, parameter.nullable
    c_name = c_identifier(name)
    if parameter.is_tensor:
        only = parameter.types[0].dtype if len(parameter.types) == 1 else None
        known = (tensor_dtype(only), only.size) if only else (None, 0)
        return Tensor(name, c_name, nullable, *known, partners)
    if dtype.high > INT64_MAX:
        reason = f"of type {dtype.name}, which exceeds signed 64-bit arithmetic"
        return opaque_parameter(name, c_name, reason, nullable)
    if dtype.is_integer or dtype.name == "i1":
        c = c_name if nullable else spell(name)
        return int_parameter(name, c, dtype.low, dtype.high, dtype.name == "i1", nullable)
    if dtype.c_type in ("float", "double"):
        return float_parameter(name, c_name, dtype.name, nullable)
    return opaque_parameter(name, c_name, f"of type {dtype.name}", nullable)


def _compile_time(parameter: Constexpr, spell: Spell) -> Value:
    name, values = parameter.name, parameter.choices
    numbers = [] if parameter.texts else [value for value in values if isinstance(value, int)]
    if len(values) == 1:
        (value,) = values
        return bind(value)
    if not values:
        return Unusable("computed later")
    if len(numbers) == len(values):
        is_bool = all(isinstance(value, bool) for value in values)
        return int_parameter(name, spell(name), min(numbers), max(numbers), is_bool)
    other = next((value for value in values if not isinstance(value, int)), parameter.texts)
    return Unusable(f"a constexpr that is no int: {other!r}")


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
