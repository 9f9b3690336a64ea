"""Choosing among many: ints, strings, what heuristics give, and tuned keys."""

from __future__ import annotations

import random

import pytest

from tests.support import made

INTS = sorted({0, -1, 1, 2**31, -(2**63), 2**63 - 1, *(7 * n for n in range(300))})
STRINGS = ["", "é", *(f"mode_{n}" for n in range(60)), *("x" * n for n in range(1, 25))]
SOURCE = f"""
@export("tests.ints", types={{"x": "*fp32"}}, cases=[], constexprs={{"K": {INTS}}},
        grid=lambda: (1,))
@triton.jit
def ints(x, K: tl.constexpr): pass

@export("tests.strings", types={{"x": "*fp32"}}, cases=[], constexprs={{"K": {STRINGS}}},
        grid=lambda: (1,))
@triton.jit
def strings(x, K: tl.constexpr): pass

@export("tests.computed", types={{"x": "*fp32", "n": "i64"}}, cases=[],
        constexprs={{"K": {INTS}}}, grid=lambda: (1,))
@triton.heuristics({{"K": lambda args: args["n"]}})
@triton.jit
def computed(x, n, K: tl.constexpr): pass

@export("tests.tuned", types={{"x": "*fp32", "n": "i64", "m": "i32"}}, cases=[], grid=lambda: (1,),
        tuned={{(n, n % 3 - 1): {{"K": 1 + i % 8}} for i, n in enumerate({INTS})}})
@triton.autotune([triton.Config({{"K": n}}) for n in range(9)], key=["n", "m"])
@triton.jit
def tuned(x, n, m, K: tl.constexpr): pass
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> made.Library:
    return made.library(tmp_path_factory.mktemp("lookup"), SOURCE)


def chosen(built: made.Library, name: str, *arguments: object) -> object:
    return dict(built.chosen(name, 4096, *arguments).constexprs)["K"]


def test_each_is_found(built: made.Library) -> None:
    for number in INTS:
        assert chosen(built, "ints", number) == number
        assert chosen(built, "computed", number) == number
    for text in STRINGS:
        assert chosen(built, "strings", text) == text


def test_others_are_not(built: made.Library) -> None:
    dice = random.Random(1)
    for number in {dice.randrange(-3000, 3000) for _ in range(300)} - {*INTS}:
        for name in ("ints", "computed"):
            with pytest.raises(ValueError, match=rf"{number}\b"):
                chosen(built, name, number)
    for text in ("mode", "mode_60", "x" * 25, "mode_1\0", "\0", "e", "mode_00"):
        with pytest.raises(ValueError, match="must be one of"):
            chosen(built, "strings", text)


def test_keys(built: made.Library) -> None:
    for place, number in enumerate(INTS):
        assert chosen(built, "tuned", number, number % 3 - 1) == 1 + place % 8
        assert chosen(built, "tuned", number, 5) == 0
    assert chosen(built, "tuned", 6, -1) == 0
