"""Tuples, descriptors, dtypes, functions and options that a launch chooses: as by the JIT."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable
from typing import Any

import pytest
import triton.language as tl
from triton.tools.tensor_descriptor import TensorDescriptor

from tests.kernels.served import copied, mixed, thrice, twice
from tests.support import standin
from tests.support.jit_on_standin import ADDRESS, on_device
from tests.support.served import Served, same_launches
from tritonbind.serve import NotServedError

HALF, BRAIN = on_device(64, dtype="fp16"), on_device(64, dtype="bf16", address=ADDRESS + 0x1000)
OUT = on_device(64, address=ADDRESS + 0x2000)
WIDE = 1 << 40
Sizes = namedtuple("Sizes", "rows rest")


def mix(x: Any = HALF, **changes: Any) -> None:
    arguments = {"sizes": (48, (WIDE, None)), "flag": True, "APPLY": twice, "TO": tl.float32}
    mixed[(1,)](x, OUT, **{**arguments, "OUT": tl.float32, "num_warps": 2, **changes})


def copy(**changes: Any) -> None:
    source = on_device(128, 64, address=ADDRESS + 0x8000)
    shape, strides = changes.pop("shape", [128, 64]), changes.pop("strides", [64, 1])
    block = changes.pop("block", [16, 16])
    copied[(1,)](TensorDescriptor(source, shape, strides, block, **changes), OUT, ROWS=block[0])


LAUNCHES: dict[str, Callable[[], None]] = {
    "mixed": mix,
    "another_dtype": lambda: mix(BRAIN),
    "another_number_of_warps": lambda: mix(num_warps=8),
    "another_constexpr": lambda: mix(OUT=tl.float16),
    "a_wrapped_constexpr": lambda: mix(OUT=tl.constexpr(tl.float16)),
    "no_flag": lambda: mix(flag=False),
    "numbers_that_are_not_divisible": lambda: mix(sizes=(5, (WIDE + 1, None))),
    "a_named_tuple": lambda: mix(sizes=Sizes(48, (WIDE, None))),
    "a_descriptor": copy,
}


@pytest.mark.parametrize("name", LAUNCHES)
def test_it_is_the_same_launch(program: Served, name: str) -> None:
    assert len(same_launches(program, LAUNCHES[name])) == 1


def test_a_wide_variant_takes_what_the_jit_would_compile_for_less(program: Served) -> None:
    program.serve()
    mix(sizes=(48, (7, None)))
    assert standin.launch().value(3, "i64") == 7


def test_a_function_that_has_changed_is_another(program: Served) -> None:
    program.serve()
    mix()
    changed = type(twice)(twice.fn)
    changed._src = twice.src.replace("2 *", "4 *")
    with pytest.raises(NotServedError) as caught:
        mix(APPLY=changed)
    assert "twice, got tests.kernels.served:twice of another source\n" in str(caught.value)
    assert len(standin.launches()) == 1


REFUSED: dict[str, tuple[Callable[[], None], str]] = {
    "longer_tuple": (
        lambda: mix(sizes=(48, (7, None), 3)),
        "`sizes` must be a tuple of 2, got (48, (7, None), 3)",
    ),
    "list": (lambda: mix(sizes=[48, (7, None)]), "`sizes` must be a tuple of 2, got [48, (7,"),
    "flat_tuple": (lambda: mix(sizes=(48, 7)), "`sizes[1]` must be a tuple of 2, got 7"),
    "in_a_tuple": (lambda: mix(sizes=(48, (7, 8))), "`sizes[1][1]` must be None, got 8"),
    "kind_in_a_tuple": (lambda: mix(sizes=(0.5, (7, None))), "`sizes_0` must be i32, got 0.5"),
    "int_for_bool": (lambda: mix(flag=1), "`flag` must be i1, got 1"),
    "function": (
        lambda: mix(APPLY=thrice),
        "`APPLY` must be tests.kernels.served:twice, got tests.kernels.served:thrice",
    ),
    "dtype_that_is_compiled_in": (lambda: mix(TO=tl.float16), "`TO` must be fp32, got fp16"),
    "combination": (
        lambda: mix(BRAIN, OUT=tl.float16),
        "no such launch was built: this one has OUT='fp16', and the nearest that was built has "
        "OUT='fp32'",
    ),
    "dtype": (lambda: mix(OUT=tl.float64), "`OUT` must be fp16 or fp32, got fp64"),
    "name_of_a_dtype": (lambda: mix(OUT="fp16"), "`OUT` must be fp16 or fp32, got 'fp16'"),
    "number_of_warps": (lambda: mix(num_warps=4), "`num_warps` must be 2 or 8, got 4"),
    "tritons_own_number": (lambda: mix(num_warps=None), "`num_warps` must be 2 or 8, got 4"),
    "tensor_for_a_descriptor": (
        lambda: copied[(1,)](OUT, OUT, ROWS=16),
        "`source` must be a TensorDescriptor, got <tests",
    ),
    "block": (
        lambda: copy(block=[16, 32]),
        "`source` must be tensordesc<fp32[16, 16]>, got tensordesc<fp32[16, 32]>",
    ),
    "padding": (
        lambda: copy(padding="nan"),
        "`source` must be padded with zeros and not rounded to tf32",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_the_package_does_not_have(program: Served, name: str) -> None:
    launch, reason = REFUSED[name]
    program.serve()
    with pytest.raises(NotServedError) as caught:
        launch()
    said = str(caught.value).partition("\n")[0].partition(" by program.")[2]
    assert said.partition(": ")[2].startswith(reason)
    assert standin.launches() == []
