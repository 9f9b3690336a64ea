"""What C and Python have in common: operators and functions, one row each."""

from __future__ import annotations

import ast
import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from codegen.expressions import c_arithmetic
from codegen.expressions.c_value import CValue
from codegen.expressions.values import SM_COUNT
from codegen.model.sm_count import sm_count


@dataclass(frozen=True)
class KnownFunction:
    """A function that C has too."""

    use: str
    fewest: int
    most: int
    rule: Callable[..., CValue]
    is_one_of_its_arguments: bool = False
    """The result has their type then."""


def known_function(value: object) -> KnownFunction | None:
    """What C has for a Python function, from wherever that was imported."""
    if value is sm_count:
        return FUNCTIONS["sm_count"]
    for known in (min, max, abs, int):
        if value is known:
            return FUNCTIONS[known.__name__]
    package = str(getattr(value, "__module__", "")).partition(".")[0]
    name = str(getattr(value, "__name__", ""))
    is_triton = package in ("triton", "codegen") and name in ("cdiv", "next_power_of_2")
    return FUNCTIONS[name] if is_triton else None


def _folding(rule: Callable[[CValue, CValue], CValue]) -> Callable[..., CValue]:
    return lambda *values: functools.reduce(rule, values)


FUNCTIONS = {
    "cdiv": KnownFunction("cdiv(x, y)", 2, 2, c_arithmetic.ceil_divide),
    "next_power_of_2": KnownFunction("next_power_of_2(x)", 1, 1, c_arithmetic.next_power_of_2),
    "min": KnownFunction("min(x, y, ...)", 2, 255, _folding(c_arithmetic.minimum), True),
    "max": KnownFunction("max(x, y, ...)", 2, 255, _folding(c_arithmetic.maximum), True),
    "abs": KnownFunction("abs(x)", 1, 1, c_arithmetic.absolute),
    "int": KnownFunction("int(x)", 1, 1, lambda x: x),
    "sm_count": KnownFunction("sm_count()", 0, 0, lambda: SM_COUNT),
}

BINARY: Mapping[type[ast.operator], Callable[[CValue, CValue], CValue]] = {
    ast.Add: c_arithmetic.add,
    ast.Sub: c_arithmetic.subtract,
    ast.Mult: c_arithmetic.multiply,
    ast.FloorDiv: c_arithmetic.floor_divide,
    ast.Mod: c_arithmetic.modulo,
    ast.Pow: c_arithmetic.power,
    ast.LShift: c_arithmetic.shift_left,
    ast.RShift: c_arithmetic.shift_right,
    ast.BitAnd: c_arithmetic.bit_and,
    ast.BitOr: c_arithmetic.bit_or,
    ast.BitXor: c_arithmetic.bit_xor,
}

BITWISE = ast.BitAnd, ast.BitOr, ast.BitXor
"""Of two bools they make a bool."""

UNARY: Mapping[type[ast.unaryop], Callable[[CValue], CValue]] = {
    ast.UAdd: lambda x: x,
    ast.USub: c_arithmetic.negate,
    ast.Invert: c_arithmetic.invert,
}

COMPARISONS: Mapping[type[ast.cmpop], str] = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
}
