"""Constexprs of every kind, whose values the kernel asserts when it is compiled."""

import enum
from typing import NamedTuple

import triton
import triton.language as tl

from codegen.export import export


class Mode(enum.Enum):
    ADD = "add"
    MULTIPLY = (1, 2.5)


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 7


class Tile(NamedTuple):
    rows: int
    columns: object


@triton.jit
def twice(x):
    return 2 * x


MULTIPLY = tl.constexpr(Mode.MULTIPLY)
ODD_TEXT = tl.constexpr('a "quoted"\n\\ \u00e9\u2603 %d /* */ ??/')
HUGE = tl.constexpr(2**70 + 1)
VALUES = {
    "MODE": Mode.MULTIPLY,
    "LEVEL": Level.HIGH,
    "TILE": Tile(3, (None, Tile(1, 2))),
    "TEXT": 'a "quoted"\n\\ \u00e9\u2603 %d /* */ ??/',
    "LIMITS": (float("-inf"), float("nan"), -0.0, 5e-324),
    "NUMBER": 2**70 + 1,
    "MIXED": ((1, None), tl.float16, twice, tl.constexpr(3), True, "x"),
    "WRAPPED": tl.constexpr((tl.constexpr(4), 5)),
}


@export("tests.constants.kinds", types={"out": "*fp32"}, constexprs=VALUES, grid=lambda: (1,))
@triton.jit
def kinds(
    out,
    MODE: tl.constexpr,
    LEVEL: tl.constexpr,
    TILE: tl.constexpr,
    TEXT: tl.constexpr,
    LIMITS: tl.constexpr,
    NUMBER: tl.constexpr,
    MIXED: tl.constexpr,
    WRAPPED: tl.constexpr,
    DEFAULT: tl.constexpr = (1, (2, None)),
):
    tl.static_assert(MODE == MULTIPLY and MODE.value.value[1] == 2.5)
    tl.static_assert(LEVEL == 7)
    tl.static_assert(TILE.rows == 3 and TILE.columns[0] is None and TILE.columns[1].columns == 2)
    tl.static_assert(TEXT == ODD_TEXT)
    tl.static_assert(LIMITS[0] < -1e308 and LIMITS[1] != LIMITS[1] and LIMITS[3] > 0)
    tl.static_assert(NUMBER == HUGE)
    tl.static_assert(MIXED[0][0] == 1 and MIXED[0][1] is None and MIXED[1] == tl.float16)
    tl.static_assert(MIXED[3] == 3 and MIXED[4] and MIXED[5] == "x")
    tl.static_assert(WRAPPED[0] == 4 and WRAPPED[1] == 5)
    tl.static_assert(DEFAULT[1][0] == 2 and DEFAULT[1][1] is None)
    tl.store(out, MIXED[2](tl.full((), LIMITS[0], MIXED[1])))


@export(
    "tests.constants.cast",
    types={"out": "*u8", "x": "fp32"},
    constexprs={"OUT": [tl.float16, tl.bfloat16, tl.int32]},
    grid=lambda: (1,),
)
@triton.jit
def cast(out, x, OUT: tl.constexpr = tl.bfloat16):
    """Store x as one of several types."""
    tl.store(out.to(tl.pointer_type(OUT)), x.to(OUT))
