"""Kernels are taken out of a tutorial without running what stands around them."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kernels_of_others.tutorials.kernels import source

TUTORIAL = '''"""A tutorial."""
import os
import triton
import triton.language as tl

if "SMALL" in os.environ:
    SIZES = [64]
else:
    SIZES = [64, 128]
scale = tl.constexpr(2)
x = 1 / 0  # not what the kernel calls x


def configurations():
    return [triton.Config({"BLOCK": size}) for size in SIZES]


def benchmark():
    raise AssertionError


@triton.jit
def scaled(value):
    return value * scale


@triton.autotune(configurations(), key=["n"])
@triton.jit
def kernel(x, n, BLOCK: tl.constexpr):
    offsets = tl.arange(0, BLOCK)
    tl.store(x + offsets, scaled(tl.load(x + offsets)), mask=offsets < n)


benchmark()
'''


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv(source.VARIABLE, str(tmp_path))
    monkeypatch.delitem(sys.modules, source.PACKAGE, raising=False)
    yield tmp_path
    for name in [name for name in sys.modules if name.startswith(source.PACKAGE)]:
        del sys.modules[name]


def test_what_kernels_need_is_run_and_nothing_else(folder: Path) -> None:
    (folder / "00-demo.py").write_text(TUTORIAL)
    module = source.tutorial("00-demo")
    names = {name for name in vars(module) if not name.startswith("__")}
    kept = {"configurations", "kernel", "os", "scale", "scaled", "SIZES", "tl", "triton"}
    assert names == kept
    assert [one.kwargs["BLOCK"] for one in module.kernel.configs] == [64, 128]
    assert source.tutorial("00-demo") is module


def test_the_source_of_a_kernel_is_that_of_the_file(folder: Path) -> None:
    (folder / "00-demo.py").write_text(TUTORIAL)
    function = source.tutorial("00-demo").scaled.fn
    assert inspect.getsourcefile(function) == str(folder / "00-demo.py")
    assert inspect.getsource(function).splitlines()[-1] == "    return value * scale"


def test_without_a_folder_the_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(source.VARIABLE, "/no/such/folder")
    with pytest.raises(ImportError) as caught:
        source.tutorial("00-demo")
    assert str(caught.value) == (
        "Triton's tutorials are not here: set TUTORIALS_OF_TRITON to the folder python/tutorials "
        "of a checkout of Triton 3.6"
    )
