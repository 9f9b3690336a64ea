"""Kernels as they are found: methods, products of factories, launchers around them, odd names."""

import enum
import functools
from dataclasses import dataclass
from typing import NamedTuple

import triton
import triton.language as tl

from codegen.export import export

SCALE = tl.constexpr(3)


class Methods:
    @export("tests.found.inside", types={"out": "*fp32"}, grid="explicit")
    @staticmethod
    @triton.jit
    def inside(out):
        tl.store(out, 1.5)

    @staticmethod
    @export("tests.found.outside", types={"out": "*fp32"}, grid="explicit")
    @triton.jit
    def outside(out):
        tl.store(out, 2.5)


def make_adder(number, dtype, step):
    """Two products have the same name, line and source; what they close over makes them differ."""
    number = tl.constexpr(number)

    @triton.jit
    def adder(out):
        tl.store(out, step(tl.load(out) + number).to(dtype).to(tl.float32))

    return adder


@triton.jit
def twice(value):
    return value * 2.0


@triton.jit
def thrice(value):
    return value * 3.0


for name, given in {
    "adds_5": (5.0, tl.float32, twice),
    "adds_6": (6.0, tl.float32, twice),
    "adds_5_half": (5.0, tl.float16, twice),
    "adds_5_brain": (5.0, tl.bfloat16, twice),
    "adds_5_thrice": (5.0, tl.float32, thrice),
}.items():
    export(f"tests.found.{name}", types={"out": "*fp32"}, grid="explicit")(make_adder(*given))


@triton.jit(noinline=True)
def apart(value):
    return value * 7.0


@export("tests.found.calls_apart", types={"out": "*fp32"}, grid="explicit")
@triton.jit
def calls_apart(out):
    tl.store(out, apart(tl.load(out)))


@export("tests.found.reads_a_global", types={"out": "*fp32"}, grid="explicit")
@triton.jit
def reads_a_global(out):
    tl.store(out, tl.load(out) + SCALE)


@export(
    "tests.found.named",
    types={"out": "*fp32"},
    constexprs={"SIZE": [16, 32]},
    grid="explicit",
)
@triton.jit(repr=lambda made: f"fill_{made.constants['SIZE']}_{made.signature['out'][1:]}")
def named(out, SIZE: tl.constexpr):
    tl.store(out + tl.arange(0, SIZE), tl.zeros((SIZE,), tl.float32))


def make_activation(slope):
    slope = tl.constexpr(slope)

    @triton.jit
    def activation(value):
        return tl.where(value > 0, value, value * slope)

    return activation


for name, given in {
    "leaky_4": make_activation(0.25),
    "leaky_8": make_activation(0.125),
    "cubed": thrice,
}.items():

    def body(out, ACTIVATION: tl.constexpr):
        tl.store(out, ACTIVATION(tl.load(out)))

    export(
        f"tests.found.{name}",
        types={"out": "*fp32"},
        constexprs={"ACTIVATION": given},
        grid="explicit",
    )(triton.jit(body))


class Mode(enum.Enum):
    PLAIN = 1
    SQUARED = 2


@dataclass(frozen=True)
class Tile:
    rows: int
    columns: int


class Pair(NamedTuple):
    first: int
    step: object


@export(
    "tests.found.of_many_constants",
    types={"out": "*fp32"},
    constexprs={
        "TYPE": tl.bfloat16,
        "SIZES": (2, 3),
        "STEPS": (twice, thrice),
        "PAIR": Pair(11, thrice),
        "MODE": Mode.SQUARED,
        "TILE": Tile(4, 13),
    },
    grid="explicit",
)
@triton.jit
def of_many_constants(
    out,
    TYPE: tl.constexpr,
    SIZES: tl.constexpr,
    STEPS: tl.constexpr,
    PAIR: tl.constexpr,
    MODE: tl.constexpr,
    TILE: tl.constexpr,
):
    value = STEPS[1](tl.load(out)) + SIZES[1] + PAIR.first
    tl.store(out, value.to(TYPE).to(tl.float32))
    tl.store(out + 1, PAIR.step(TILE.columns + value))


@export(
    "tests.found.of_odd_names",
    types=dict.fromkeys(
        ("default", "double", "stream", "num_stages", "result", "grid", "_x", "register"), "i32"
    )
    | {"int": "*i32", "self": "i32:16", "num_warps": "i64", "launch_pdl": "i32"},
    grid=lambda default, num_warps, stream: (default, num_warps, stream),
)
@triton.jit
def of_odd_names(
    int,
    default,
    double,
    stream,
    num_warps,
    num_stages,
    self,
    launch_pdl,
    result,
    grid,
    _x,
    register,
):
    total = default + double + stream + num_warps + num_stages + self
    tl.store(int, (total + launch_pdl + result + grid + _x + register).to(tl.int32))


class Launcher:
    """As packages have them: knows a faster way to launch, and keeps the kernel."""

    def __init__(self, kernel):
        self.jit_function = kernel


@functools.partial(export, types={"out": "*fp32"}, grid="explicit")("tests.found.launched")
@Launcher
@triton.jit
def launched(out):
    tl.store(out, 8.5)


@export("tests.found.tuned", types={"out": "*fp32"}, grid="explicit")
@triton.autotune(
    [triton.Config({"STEP": step, "TYPE": tl.float16}) for step in (twice, thrice)], key=[]
)
@triton.jit
def tuned(out, STEP: tl.constexpr, TYPE: tl.constexpr):
    tl.store(out, STEP(tl.load(out)).to(TYPE).to(tl.float32))
