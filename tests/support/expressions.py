"""A kernel's parameters as expressions see them, and kernel files to import."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import triton.language as tl

from codegen.expressions.operands import (
    CExpression,
    float_parameter,
    int_parameter,
    opaque_parameter,
)
from codegen.expressions.scope import bind
from codegen.expressions.translate import translate_grid, translate_heuristic, translate_text
from codegen.expressions.values import Tensor, Unusable, Value
from codegen.model.errors import SourceLocation

HERE = SourceLocation("kernels/softmax.py", 12)
I32 = -(2**31), 2**31 - 1
I64 = -(2**63), 2**63 - 1


def ints(**ranges: tuple[int, int]) -> dict[str, Value]:
    """Parameters of these ranges, which C has under their own names."""
    return {name: int_parameter(name, name, *range_) for name, range_ in ranges.items()}


KERNEL = {
    **ints(seq_len=I32, heads=I32, rows=(0, 2**31 - 1), n=I64, m=I64),
    "BLOCK": bind(64),
    **ints(SPLITS=(1, 8)),
    "cast": int_parameter("cast", "(int64_t)cast", *I32),
    "x_ptr": Unusable("a pointer"),
    "MODE": Unusable("a string constexpr"),
}


PRELUDE = """\
import math
from types import SimpleNamespace

import triton
import triton.language as tl
from triton import cdiv

TILE = 16
FLAG = True
WIDTH = tl.constexpr(32)
HUGE = 2**64
SCALE = 0.5
CONFIG = SimpleNamespace(tile=8)


def blocks(size, block=TILE):
    '''How many blocks cover `size`.'''
    return (size + block - 1) // block


def guarded(value, divisor):
    return value if divisor else 0


def forever(n):
    return forever(n - 1)


def halved(n):
    while n:
        n //= 2


def loop(n):
    return loop(n) if n else (1, 2)


def first(value, unread):
    return value


"""


def load(folder: Path, source: str) -> ModuleType:
    """Import a kernel file of this text."""
    path = folder / "kernel_file.py"
    path.write_text(source, encoding="utf-8")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def text(source: str) -> str:
    return translate_text(source, KERNEL, HERE).text


def grid(function: Callable[..., object]) -> list[str]:
    return [axis.text for axis in translate_grid(function, KERNEL)]


OPTIONAL = {
    **ints(n=I32, m=I64),
    "BLOCK": bind(64),
    "flag": int_parameter("flag", "flag", 0, 1, is_bool=True),
    "limit": int_parameter("limit", "limit", *I32, nullable=True),
    "scale": float_parameter("scale", "scale", "fp32", nullable=True),
    "alpha": float_parameter("alpha", "alpha", "fp32"),
    "beta": float_parameter("beta", "beta", "fp64"),
    "half": opaque_parameter("half", "half", "of type fp16"),
}
TENSORS = {"x": Tensor("x", "x"), "bias": Tensor("bias", "bias", nullable=True)}
CONSTANTS = {
    name: bind(value)
    for name, value in {"ACT": "gelu", "DTYPE": tl.float16, "EPS": 2.5, "GONE": None}.items()
}
OPTIONAL_PRELUDE = """\
import functools
import math

import torch
import triton
import triton.language as tl
from triton import cdiv
from triton.runtime import driver

from codegen.export import sm_count
from codegen.model.sm_count import SmCount

NUM_SMS = SmCount(132)
TWICE_THE_SMS = 2 * NUM_SMS
PER_SM = 4096 // (NUM_SMS + 1)
DEVICE = {"multiprocessor_count": NUM_SMS, "warp_size": 32}
TILE = "BLOCK"


@functools.cache
def sms(device):
    return torch.cuda.get_device_properties(device).multi_processor_count


@triton.constexpr_function
def doubled(value):
    return value * 2


class Broken:
    @property
    def active(self):
        raise RuntimeError("no GPU here")


broken = Broken()


def present(tensor):
    return tensor is not None


def total(*sizes, **options):
    return sum(sizes)


"""


def optional_grid(function: Callable[..., object]) -> tuple[CExpression, CExpression, CExpression]:
    return translate_grid(function, {**OPTIONAL, **TENSORS, **CONSTANTS})


def heuristic(function: Callable[..., object], name: str = "EVEN_K") -> CExpression:
    kernel = {**OPTIONAL, "state": Unusable("a tuple"), **TENSORS, **CONSTANTS}
    return translate_heuristic(function, kernel, name)
