"""Calls of the kernels in tests/kernels/tuples.py, with what numpy has for them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from .bfloat16 import from_bf16, to_bf16


@dataclass(frozen=True)
class Fixed:
    """An entry of a tuple that the declaration compiles in, and that no call passes."""

    value: object


class Matrix(NamedTuple):
    data: Any
    rows: Any
    columns: Any
    strides: Any


class Scaling(NamedTuple):
    factor: float
    offset: float


@dataclass(frozen=True)
class TupleCase:
    """One call: numbers, arrays (uint16 holds bf16), and tuples of them, as a JIT call has them."""

    function: str
    arguments: dict[str, Any]
    """By the kernel's parameters."""
    output: np.ndarray[Any, Any]
    """The array among the arguments that the kernel writes."""
    expected: np.ndarray[Any, Any]
    variant: str
    """The label of the one that the call leads to, where arrays are aligned."""

    @property
    def flat(self) -> list[Any]:
        """What a generated function is passed, in order."""
        return list(opened(self.arguments.values()))


def opened(values: Iterable[Any]) -> Iterator[Any]:
    """The leaves that a call passes."""
    for value in values:
        if isinstance(value, tuple):
            yield from opened(value)
        elif not isinstance(value, Fixed):
            yield value


def refilled(arguments: Mapping[str, Any], passed: Iterable[Any]) -> dict[str, Any]:
    """A case's arguments, with what a launch passed in the places that are not compiled in."""
    values = iter(passed)
    return {name: _refilled(value, values) for name, value in arguments.items()}


def _refilled(value: Any, values: Iterator[Any]) -> Any:
    if isinstance(value, tuple):
        parts = [_refilled(part, values) for part in value]
        return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)
    return value.value if isinstance(value, Fixed) else next(values)


def cases(random: np.random.Generator) -> list[TupleCase]:
    """Every case; the arrays are new ones."""
    return [
        _strided(random, np.float16, 1, "fp16-strides_1_i32-aligned"),
        _strided(random, np.uint16, 1, "bf16-strides_1_i32-aligned"),
        _strided(random, np.float16, 3, "fp16-strides_1_i32-generic"),
        _named(random),
        _variadic(random, is_whole=True),
        _variadic(random, is_whole=False),
    ]


def _strided(
    random: np.random.Generator, dtype: type[np.generic], step: int, variant: str
) -> TupleCase:
    rows, columns = 16, 45
    memory = random.standard_normal((2, rows, columns * step)).astype(np.float32)
    first, second = memory[0], to_bf16(memory[1]) if dtype is np.uint16 else memory[1].astype(dtype)
    values = from_bf16(second) if dtype is np.uint16 else second.astype(np.float32)
    out = np.full((rows, columns), np.nan, np.float32)
    arguments = {
        "out": out,
        "sources": (first, second),
        "shape": (rows, columns),
        "strides": (columns * step, step),
    }
    expected = first[:, ::step] + 2 * values[:, ::step]
    return TupleCase("strided", arguments, out, expected, variant)


def _named(random: np.random.Generator) -> TupleCase:
    rows, columns = 3, 70
    x = random.standard_normal((rows, columns)).astype(np.float32)
    out = np.full((rows, columns + 2), np.nan, np.float32)
    arguments = {
        "out": Matrix(out, Fixed(None), columns, (columns + 2, Fixed(1))),
        "x": Matrix(x, rows, Fixed(None), (columns, Fixed(1))),
        "scaling": Scaling(1.5, -0.1),
    }
    expected = out.copy()
    expected[:, :columns] = x * np.float32(1.5) + np.float64(-0.1)
    return TupleCase("rescale", arguments, out, expected, "aligned")


def _variadic(random: np.random.Generator, is_whole: bool) -> TupleCase:
    size = 130
    x = random.standard_normal(size).astype(np.float32)
    y = random.standard_normal(size).astype(np.float16)
    z = random.standard_normal(size).astype(np.float32) if is_whole else None
    out = np.full(size, np.nan, np.float64)
    rest = (x, y, (z, -3), 2**63, True)
    expected = x.astype(np.float64) + y + (0 if z is None else z) + (-3 + 2.0**63 + 1)
    variant = "args_2_0-aligned" if is_whole else "no_args_2_0-aligned"
    return TupleCase("variadic", {"out": out, "args": rest, "n": size}, out, expected, variant)
