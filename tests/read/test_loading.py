"""Finding the kernel below a declaration, what it is made of, and the values it is given."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import pytest
import triton
from triton.runtime.autotuner import Autotuner, Heuristics

from codegen.model.constexpr_values import Held, restored
from codegen.model.errors import CodegenError
from codegen.model.parameters import Constexpr
from codegen.read.callees import reached, source_key
from codegen.read.introspect import introspect
from codegen.read.loading import load, within
from tests.support.project import HEADER, new_project


@triton.jit
def kernel(x, N):
    pass


class Holder:
    """A wrapper that keeps what it wraps by the name it is told."""

    def __init__(self, name: str, inner: object) -> None:
        setattr(self, name, inner)


class CachedAutotuner(Autotuner):
    pass


def test_every_wrapper_is_found_from_the_outside_in() -> None:
    heuristics = Heuristics(kernel, ["x", "N"], {"N": lambda given: 1})
    tuner = CachedAutotuner(heuristics, ["x", "N"], [], [], [], [])
    launcher = Holder("_kernel", Holder("jit_function", tuner))
    chain = (launcher, launcher._kernel, tuner, heuristics)  # type: ignore[attr-defined]
    assert within(launcher) == (kernel, chain)
    assert within(staticmethod(heuristics)) == (kernel, (heuristics,))
    assert within(kernel) == (kernel, ())


def test_what_holds_no_kernel() -> None:
    endless = Holder("fn", None)
    endless.fn = endless  # type: ignore[attr-defined]
    for thing in (endless, len, 3, lambda: None):
        assert within(thing)[0] is None


MADE = f"""{HEADER}
from typing import NamedTuple
from . import sizes
from .sizes import Sizes, two


class Pair(NamedTuple):
    first: int


pair = Pair(1)


@triton.jit
def inner(x):
    return x + sizes.NUMBER + two() + pair.first


@export("demo.made", types={{"out": "*i32"}}, grid="explicit")
@triton.jit
def made(out):
    tl.store(out, inner(1) + sizes.wrapped(2) + Sizes.MORE)
"""
SIZES = f"""{HEADER}
NUMBER = tl.constexpr(1)
TABLE = 10
NAMED = {{"a": 20, "b": None}}
ROWS = [{{"d": 60}}]
ALLOWED = {{30, 31}}


class Sizes:
    MORE = tl.constexpr(100)
    NAMED = {{"c": 40}}


class Device:
    def __init__(self):
        self.warps = 50


device = Device()


@triton.constexpr_function
def two():
    return TABLE + NAMED["a"] + min(ALLOWED) + Sizes.NAMED["c"] + device.warps + ROWS[0]["d"]


@triton.jit
def three(x):
    return x + 1000


wrapped = tl.constexpr(three)
UNRELATED = tl.constexpr(7)
"""


def made(folder: Path, sizes: str = SIZES, source: str = MADE) -> Any:
    folder.mkdir(exist_ok=True)
    project = new_project(folder, {"kernels/made.py": source, "kernels/sizes.py": sizes})
    with project.inside():
        (declaration,) = load(project.folder / "kernels", "made.py")
        found: Any = declaration.kernel
        return [callee.function.__name__ for callee in reached(found)], source_key(found)


CHANGES = {
    "a part of a module": ("NUMBER = tl.constexpr(1)", "NUMBER = tl.constexpr(2)"),
    "what a constexpr function reads": ("TABLE = 10", "TABLE = 11"),
    "a table that it reads": ('"a": 20', '"a": 21'),
    "a table in a list": ('"d": 60', '"d": 61'),
    "a set that it reads": ("{30, 31}", "{29, 31}"),
    "a table of a class": ('"c": 40', '"c": 41'),
    "a part of an object": ("self.warps = 50", "self.warps = 51"),
    "a part of a class": ("MORE = tl.constexpr(100)", "MORE = tl.constexpr(101)"),
    "a function in a constexpr": ("x + 1000", "x + 1001"),
}


def test_the_functions_that_a_kernel_may_call(tmp_path: Path) -> None:
    names, key = made(tmp_path)
    assert sorted(names) == ["inner", "made", "three", "two"]
    unrelated = SIZES.replace("UNRELATED = tl.constexpr(7)", "UNRELATED = tl.constexpr(8)")
    assert made(tmp_path / "other", unrelated)[1] == key


@pytest.mark.parametrize("case", CHANGES)
def test_the_source_key_has_what_the_compiler_reads(tmp_path: Path, case: str) -> None:
    old, new = CHANGES[case]
    assert old in SIZES
    assert made(tmp_path / "a")[1] != made(tmp_path / "b", SIZES.replace(old, new))[1]


def test_the_source_key_has_named_tuples(tmp_path: Path) -> None:
    changed = MADE.replace("Pair(1)", "Pair(2)")
    assert made(tmp_path / "a")[1] != made(tmp_path / "b", source=changed)[1]


def test_without_anything_beyond_it_is_tritons_own() -> None:
    assert source_key(kernel) == kernel.cache_key


def test_a_kernel_that_triton_cannot_read(tmp_path: Path) -> None:
    source = f"""{HEADER}
def plain(x):
    return x


@export("demo.a", types={{"x": "*i32"}}, grid="explicit")
@triton.jit
def a(x):
    plain(x)
"""
    with pytest.raises(CodegenError) as caught:
        declared(tmp_path, source)
    (error,) = caught.value.errors  # type: ignore[attr-defined]
    assert error.message == (
        "`demo.a`: `a` uses `plain`, which is a plain Python function, in `plain(x)`"
    )


def declared(folder: Path, source: str) -> Any:
    project = new_project(folder, {"kernels/a.py": textwrap.dedent(source)})
    with project.inside():
        root = project.folder / "kernels"
        (found,) = introspect(root, "a.py")
        (declaration,) = load(root, "a.py")
        return found, declaration


def test_values_that_stay_in_the_process_are_found_again(tmp_path: Path) -> None:
    source = f"""{HEADER}
def make():
    @triton.jit
    def step(x):
        return x
    return step


STEPS = tl.constexpr((make(), 3, (make(),)))


@export("demo.a", types={{"x": "*i32"}}, constexprs={{"A": STEPS}}, grid="explicit")
@triton.jit
def a(x, A: tl.constexpr):
    pass
"""
    kernel, declaration = declared(tmp_path, source)
    (parameter,) = (p for p in kernel.parameters if isinstance(p, Constexpr))
    value: Any
    (value,) = parameter.choices
    first, number, (last,) = value
    assert isinstance(first, Held) and isinstance(last, Held) and number == 3
    assert (first.place, last.place) == (("A", 0, 0), ("A", 0, 2, 0))
    assert repr(first) == "JITFunction(kernels.a:make.<locals>.step)"
    steps = declaration.constexprs["A"]
    again: Any = restored(value, lambda name, which: steps)
    assert again[0] is steps.value[0] and again[2][0] is steps.value[2][0]


REFUSED = {
    "torch.float16": "give tl.float16",
    "torch.bool": "give tl.int1",
    "torch.float8_e4m3fn": "give tl.float8e4nv",
}


@pytest.mark.torch
@pytest.mark.parametrize("dtype", REFUSED)
def test_a_type_of_torch(tmp_path: Path, dtype: str) -> None:
    source = f"""{HEADER}
import torch

@export("demo.a", types={{"x": "*i32"}}, constexprs={{"A": {dtype}}}, grid="explicit")
@triton.jit
def a(x, A: tl.constexpr):
    pass
"""
    with pytest.raises(CodegenError) as caught:
        declared(tmp_path, source)
    (error,) = caught.value.errors  # type: ignore[attr-defined]
    assert (error.message, error.hint) == (
        f"`demo.a` parameter `A`: its value is {dtype}, and a kernel knows Triton's types alone",
        REFUSED[dtype],
    )


def test_a_layout_without_gluon(tmp_path: Path) -> None:
    source = f"""{HEADER}
@export("demo.a", types={{"x": "tensordesc<fp16[64], NVMMASharedLayout(0, 16, 1)>"}},
        grid="explicit")
@triton.jit
def a(x):
    pass
"""
    with pytest.raises(CodegenError) as caught:
        declared(tmp_path, source)
    (error,) = caught.value.errors  # type: ignore[attr-defined]
    assert (error.message, error.hint) == (
        "`demo.a` parameter `x`: its type is `tensordesc<fp16[64], NVMMASharedLayout(0, 16, 1)>`, "
        "and only a Gluon kernel's descriptors have layouts",
        "leave the layout out",
    )
