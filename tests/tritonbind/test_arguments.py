"""A specialisation in words: each kind of type and value, and what has no spelling."""

from __future__ import annotations

import enum
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest
import triton.language as tl

from tests.kernels.launched import add
from tritonbind.arguments import arguments_of, value_of


class Sizes(NamedTuple):
    rows: str
    rest: str


class Level(enum.IntEnum):
    HIGH = 3


class Mode(enum.Enum):
    FAST = "fast"


def argument(
    kind: Any, constants: Any = None, attrs: Any = None, is_constexpr: bool = False
) -> Any:
    """What is said of a kernel's only parameter."""
    parameter = SimpleNamespace(name="x", is_constexpr=is_constexpr)
    source = SimpleNamespace(
        fn=SimpleNamespace(params=[parameter]),
        signature={"x": kind},
        constants=constants or {},
        attrs=attrs or {},
    )
    return arguments_of(source)["x"]


DIVISIBLE = {(0,): [["tt.divisibility", 16]]}


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("*bf16", "*bf16"),
        ("*kfp32", "const *fp32"),
        ("*fp8e4nv", "*fp8e4nv"),
        ("*i1", "*i1"),
        ("u1", "i1"),
        ("u64", "u64"),
        ("fp64", "fp64"),
        ("tensordesc<bf16[128, 64]>", "tensordesc<bf16[128, 64]>"),
        ("nvTmaDesc", {"repr": "nvTmaDesc"}),
        ("**fp32", {"repr": "**fp32"}),
        ("tensordesc<fp16[16],Layout()>", {"repr": "tensordesc<fp16[16],Layout()>"}),
        (("*fp16", ("i32", "u1")), ["*fp16", ["i32", "i1"]]),
        (Sizes("i32", "i64"), {"repr": "Sizes(rows, rest)"}),
        ((Sizes("i32", "i64"), "i32"), [{"repr": "Sizes(rows, rest)"}, "i32"]),
    ],
)
def test_types(kind: Any, expected: Any) -> None:
    assert argument(kind) == expected


def test_divisibility_is_the_only_attribute_with_a_spelling() -> None:
    assert argument("i64", attrs=DIVISIBLE) == "i64:16"
    assert argument("*fp32", attrs=DIVISIBLE) == "*fp32:16"
    other = {(0,): [["tt.divisibility", 16], ["tt.pointer_range", 32]]}
    assert argument("*fp32", attrs=other) == {
        "repr": "*fp32 [('tt.divisibility', 16), ('tt.pointer_range', 32)]"
    }


def test_what_is_compiled_in() -> None:
    assert argument("constexpr", {(0,): 1}) == "i32:1"
    assert argument("constexpr", {(0,): None}) is None
    assert argument("constexpr", {(0,): 1}, is_constexpr=True) == {"constexpr": 1}
    assert argument("constexpr", {(0,): None}, is_constexpr=True) == {"constexpr": None}
    assert argument("constexpr", {(0,): tl.constexpr(5)}) == {"constexpr": 5}
    assert argument(("constexpr", "i32"), {(0, 0): 1}) == ["i32:1", "i32"]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (True, True),
        (2**70, 2**70),
        (0.1, 0.1),
        (float("inf"), {"float": "inf"}),
        ("text", "text"),
        ((1, [None, "a"]), [1, [None, "a"]]),
        (tl.constexpr((2, 3)), [2, 3]),
        (tl.bfloat16, {"dtype": "bf16"}),
        (tl.uint8, {"dtype": "u8"}),
        (tl.int1, {"dtype": "i1"}),
        (add, {"function": "tests.kernels.launched:add"}),
        (Level.HIGH, 3),
        (Mode.FAST, {"repr": "<Mode.FAST: 'fast'>"}),
        (Path("a"), {"repr": "PosixPath('a')"}),
        (test_types.__call__, {"repr": "<method-wrapper '__call__' of function object>"}),
    ],
)
def test_values(value: Any, expected: Any) -> None:
    found = value_of(value)
    assert found == expected
    assert type(found) is type(expected)
