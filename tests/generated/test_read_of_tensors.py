"""What calls read of their tensors: numbers for the grid, and ints that are left out."""

from __future__ import annotations

import ctypes
import importlib
import inspect
import json
import re
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from codegen.project.library import build_library
from tests.support import made, standin
from tests.support.calls import declared, tensor

SOURCE = """
@export("tests.facts", types={"x": "*fp32", "y": "*fp32 | None", "n": "i32"},
        grid=lambda x, y, n: (x.shape[0] * x.stride(-2) + n,
                              y.numel() + y.ndim if y is not None else 1, x.size(-1)))
@triton.jit
def facts(x, y, n): pass

def sizes(x, y):
    batch, rows, columns = x.shape
    if y is None:
        return (rows, columns, x.shape[0])
    (size,) = y.stride()
    return (rows, columns, size)

@export("tests.unpacks", types={"x": "*fp32", "y": "*fp32 | None"}, grid=sizes)
@triton.jit
def unpacks(x, y): pass

@export("tests.sms", types={"x": "*fp32", "n": "i32"}, grid=lambda n: (min(n, sm_count()),))
@triton.jit
def sms(x, n): pass

@export("tests.left", types={"x": "*fp16", "y": "*fp16 | None", "rows": "i32", "columns": "i64",
                             "other": "i32", "scale": "fp32"},
        shapes={"y": ("other",), "x": ("rows", "columns", 2)}, grid=lambda rows: (rows,))
@triton.jit
def left(x, y, rows, columns, other, scale): pass

@export("tests.both", types={"y": "*fp16 | None", "x": "*fp16", "n": "i64"},
        shapes={"y": ("n",), "x": (2, "n")}, grid=lambda n: (n,))
@triton.jit
def both(y, x, n): pass
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> made.Library:
    return made.library(tmp_path_factory.mktemp("tensors"), SOURCE)


@pytest.fixture(scope="module")
def wrappers(built: made.Library) -> ModuleType:
    """The generated Python module."""
    built.module["facts"]  # the stand-in comes first
    package = built.folder.rename(built.folder.with_name("made_of_tensors"))
    sys.path.insert(0, str(package.parent))
    try:
        return importlib.import_module("made_of_tensors.made")
    finally:
        sys.path.pop(0)
        package.rename(built.folder)


def grid(built: made.Library, name: str, *arguments: Any) -> tuple[int, int, int]:
    return built.launch(name, *arguments).grid


def refused(call: Callable[..., Any], *arguments: Any, error: type[Exception] = ValueError) -> str:
    standin.reset()
    with pytest.raises(error, match=r"tests\.") as caught:
        call(*arguments)
    assert type(caught.value) is error
    assert standin.launches() == []
    return str(caught.value).partition("\n")[0]


def test_a_grid_reads_tensors(built: made.Library) -> None:
    x = tensor(3, 5, 4)
    assert grid(built, "facts", x, None, 1) == (3 * 4 + 1, 1, 4)
    assert grid(built, "facts", x, tensor(2, 3), 0) == (12, 6 + 2, 4)
    strided = tensor(3, 4, steps=(100, 7))
    assert grid(built, "facts", strided, tensor(), 0) == (300, 1 + 0, 4)


def test_an_address_has_no_shape(built: made.Library) -> None:
    call = built.module["facts"]
    assert refused(call, 4096, None, 1, error=TypeError) == (
        "tests.facts argument #0 `x` must be a tensor, whose shape the launch reads, got 4096"
    )
    assert refused(call, tensor(3, 4), 4096, 1, error=TypeError) == (
        "tests.facts argument #1 `y` must be a tensor, whose shape the launch reads, got 4096"
    )


def test_too_few_dimensions(built: made.Library) -> None:
    assert refused(built.module["facts"], tensor(3), None, 1) == (
        "tests.facts argument #0 `x` must have a dimension -2, which the launch reads, got a "
        "float32 tensor of shape (3,) on cuda:0"
    )
    assert refused(built.module["facts"], tensor(), None, 1) == (
        "tests.facts argument #0 `x` must have a dimension 0, which the launch reads, got a "
        "float32 tensor of shape () on cuda:0"
    )


def test_a_shape_that_is_unpacked(built: made.Library) -> None:
    assert grid(built, "unpacks", tensor(3, 5, 4), None) == (5, 4, 3)
    assert grid(built, "unpacks", tensor(3, 5, 4), tensor(2, steps=(9,))) == (5, 4, 9)
    assert refused(built.module["unpacks"], tensor(3, 5, 4, 1), None) == (
        "tests.unpacks argument #0 `x` must have 3 dimensions, which the launch unpacks, got a "
        "float32 tensor of shape (3, 5, 4, 1) on cuda:0"
    )
    assert refused(built.module["unpacks"], tensor(3, 5, 4), tensor(2, 9)) == (
        "tests.unpacks argument #1 `y` must have 1 dimension, which the launch unpacks, got a "
        "float32 tensor of shape (2, 9) on cuda:0"
    )


def test_plain_c_passes_the_numbers(built: made.Library) -> None:
    header = (built.folder / "made.h").read_text()
    found = re.search(r"facts_launch\(([^)]*)\)", header)
    assert found is not None
    names = [part.split()[-1].lstrip("*") for part in found[1].split(",")]
    assert names == [
        *("stream", "x", "y", "n"),
        *("tb_x_shape_0", "tb_x_shape_last_1", "tb_x_stride_last_2", "tb_y_ndim", "tb_y_numel"),
    ]
    assert "tb_x_stride_last_2: stride[-2] of x, in elements" in header
    standin.install()
    standin.reset()
    library = ctypes.CDLL(str(build_library(built.folder).path))
    numbers = [ctypes.c_int64(number) for number in (3, 4, 100, 0, 0)]
    address = ctypes.c_void_p(4096)
    assert library.facts_launch(None, address, None, ctypes.c_int32(1), *numbers) == 0
    assert standin.launch().grid == (301, 1, 4)


def test_the_number_of_sms_is_that_of_the_calls_device(built: made.Library) -> None:
    source = """
    import sys, tvm_ffi
    from tests.support.calls import tensor
    call = tvm_ffi.load_module(sys.argv[1])["sms"]
    for device in (2, 0, 1):
        call(tensor(8, device=device), 1 << 30)
        standin.push_context(standin.primary_context(device))
        call(4096, 1 << 30)
        call(tensor(8, device=1), 7)
        standin.pop_context()
        call(4096, 1 << 30)
    for launch in standin.launches():
        print(launch.device, launch.grid[0])
    """
    path = str(build_library(built.folder).path)
    printed = standin.run_child(source, path, devices=[80, 90, 86])
    counts = {0: 108, 1: 132, 2: 84}
    expected = [
        line
        for device in (2, 0, 1)
        for line in (
            *(f"{device} {counts[device]}", f"{device} {counts[device]}"),
            *("1 7", f"0 {counts[0]}"),
        )
    ]
    assert printed.splitlines() == expected


X = tensor(3, 5, 2, dtype="fp16")


def ints(launch: standin.Launch) -> tuple[Any, ...]:
    return launch.values("*fp16", "*fp16", "i32", "i64", "i32")[2:]


def test_ints_may_be_left_out(built: made.Library, wrappers: ModuleType) -> None:
    y = tensor(7, dtype="fp16")
    for arguments in (
        (X, y, None, None, None, 1.0),
        (X, y, 3, None, 7, 1.0),
        (X, y, None, 5, None, 1.0),
    ):
        assert ints(built.launch("left", *arguments)) == (3, 5, 7)
        standin.reset()
        wrappers.left(*arguments)
        assert ints(standin.launch()) == (3, 5, 7)
    # What is given counts, as long as the tensor holds it.
    assert ints(built.launch("left", X, y, 2, 1, 0, 1.0)) == (2, 1, 0)


def test_the_wrapper_and_the_schema_say_so(built: made.Library, wrappers: ModuleType) -> None:
    left = inspect.signature(declared(wrappers.left)).parameters
    assert (left["rows"].annotation, left["rows"].default) == ("int | None", inspect._empty)
    assert inspect.signature(wrappers.both).parameters["n"].default is None
    assert "`i32`; None: `x.shape[0]`" in (wrappers.left.__doc__ or "")
    schema = built.module.get_function_metadata("left")["type_schema"]
    kinds = [argument["type"] for argument in json.loads(schema)["args"][1:]]
    assert kinds == ["Union", "Optional", "Optional", "Optional", "Optional", "float", "Optional"]


def test_a_tensor_that_is_never_none_is_asked_first(
    built: made.Library, wrappers: ModuleType
) -> None:
    standin.reset()
    wrappers.both(None, tensor(2, 9, dtype="fp16"))
    assert standin.launch().grid == (9, 1, 1)
    assert grid(built, "both", None, tensor(2, 9, dtype="fp16"), None) == (9, 1, 1)
    shared = tensor(9, dtype="fp16")
    assert grid(built, "both", shared, tensor(2, 9, dtype="fp16"), None) == (9, 1, 1)


def test_what_cannot_be_left_out(built: made.Library, wrappers: ModuleType) -> None:
    y = tensor(7, dtype="fp16")
    shape = "must be an i32-range integer"
    for call in (built.module["left"], wrappers.left):
        assert refused(call, 4096, y, None, 5, 7, 1.0, error=TypeError) == (
            "tests.left argument #2 `rows` may be left out only where `x` is a tensor of shape "
            "(rows, columns, 2), got 4096 for it"
        )
        assert refused(call, X, None, 3, 5, None, 1.0, error=TypeError) == (
            "tests.left argument #4 `other` may be left out only where `y` is a tensor of shape "
            "(other,), got None for it"
        )
        flat = tensor(30, dtype="fp16")
        assert refused(call, flat, y, 3, None, 7, 1.0, error=TypeError) == (
            "tests.left argument #3 `columns` may be left out only where `x` is a tensor of shape "
            "(rows, columns, 2), got a float16 tensor of shape (30,) on cuda:0 for it"
        )
        huge = tensor(2**31, 1, 2, dtype="fp16")
        assert refused(call, huge, y, None, 1, 7, 1.0) == (
            f"tests.left argument #2 `rows` {shape}, got 2147483648"
        )
        assert refused(call, X, y, 3, 5, 7, None, error=TypeError) == (
            "tests.left argument #5 `scale` must be a float or an integer, got None"
        )
