"""What a call says about alignment, shapes of several sizes, the launch grid and the stream."""

from __future__ import annotations

import ctypes
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support import standin
from tests.support.calls import check_refusal, table, tensor
from tests.support.features import Features, addresses
from tests.support.sample import Sample

pytestmark = pytest.mark.triton

HIGH = 0x7F0000000000
HELD = "must hold the elements of shape"
STREAM = "sample.reduce argument #6 `stream`"
CANNOT = (
    "the launch grid cannot be computed from these arguments: "
    "it overflows 64 bits or divides by zero"
)


SHAPES_AND_ALIGNMENT = [
    (
        "gather",
        {"rows": 2**62, "columns": 2000},
        ValueError,
        f"sample.gather argument #2 `to_ptr` {HELD} (rows, columns) = ({2**62}, 2000), "
        "got an int8 tensor of shape (8,) on cuda:0",
    ),
    *(
        (
            "gather",
            {"to_ptr": tensor(8, dtype="i8"), "rows": rows, "columns": columns},
            ValueError,
            f"sample.gather argument #2 `to_ptr` {HELD} (rows, columns) = "
            f"({rows}, {columns}), got an int8 tensor of shape (8,) on cuda:0",
        )
        for rows, columns in [(3, 3), (9, 1), (2**32, 2**32)]
    ),
    (
        "gather",
        {"to_ptr": tensor(8, dtype="fp64")},
        TypeError,
        "sample.gather argument #2 `to_ptr` must be a tensor of int8 as `from_ptr` is, "
        "got a float64 tensor of shape (8,) on cuda:0",
    ),
    (
        "gather",
        {"index_ptr": 4096},
        TypeError,
        "sample.gather argument #1 `index_ptr` must be a tensor, since an address does "
        "not tell its dtype, got 4096",
    ),
    *(
        (
            "gather",
            {
                "from_ptr": tensor(8, dtype="fp64", address=from_address),
                "to_ptr": to_address,
                "index_ptr": tensor(1, dtype="i64", address=index_address),
            },
            ValueError,
            f"sample.gather argument {place} must be aligned to the 8 bytes of its "
            f"elements, got the address {got}",
        )
        for from_address, to_address, index_address, place, got in [
            (HIGH + 4, 0x2000, HIGH, "#0 `from_ptr`", "0x7f0000000004"),
            (HIGH + 8, 0x2001, HIGH, "#2 `to_ptr`", "0x2001"),
            (HIGH + 8, 0x2008, HIGH + 2, "#1 `index_ptr`", "0x7f0000000002"),
            (HIGH + 8, 2**64 - 1, HIGH + 8, "#2 `to_ptr`", "0xffffffffffffffff"),
        ]
    ),
    *(
        (
            name,
            {argument: value},
            ValueError,
            f"sample.{name} argument {place} must be aligned to the {size} bytes of its "
            f"elements, got the address {got}",
        )
        for name, argument, value, place, size, got in [
            ("scale", "out_ptr", 1, "#1 `out_ptr`", 2, "0x1"),
            ("scale", "bias_ptr", 2, "#2 `bias_ptr`", 4, "0x2"),
            ("reduce", "x_ptr", 4098, "#0 `x_ptr`", 4, "0x1002"),
            ("reduce", "out_ptr", ctypes.c_void_p(4099), "#1 `out_ptr`", 4, "0x1003"),
            ("floats", "out_ptr", 4100, "#0 `out_ptr`", 8, "0x1004"),
        ]
    ),
]


@pytest.mark.parametrize(("name", "changes", "error", "text"), table(SHAPES_AND_ALIGNMENT))
def test_shape_and_alignment_follow_the_call(
    sample: Sample, name: str, changes: dict[str, Any], error: type[Exception], text: str
) -> None:
    check_refusal(sample, name, changes, error, text)


GRIDS = [
    *(
        (
            "explicit",
            {axis: value},
            f"sample.explicit: the launch grid {grid} must have {axis[1]} between 0 and " f"{most}",
        )
        for axis, value, grid, most in [
            ("gx", -1, "(-1, 1, 1)", 2**31 - 1),
            ("gy", -1, "(1, -1, 1)", 65535),
            ("gy", 65536, "(1, 65536, 1)", 65535),
            ("gz", -(2**31), f"(1, 1, {-(2**31)})", 65535),
            ("gz", 65536, "(1, 1, 65536)", 65535),
        ]
    ),
    *(
        (
            "explicit",
            {axis: 2**31},
            f"sample.explicit argument #{index} `{axis}` must be an i32-range integer, "
            f"got {2**31}",
        )
        for axis, index in [("gx", 3), ("gy", 4), ("gz", 5)]
    ),
    ("reduce", {"columns": 1}, f"sample.reduce: {CANNOT}"),
    ("gather", {"rows": 2**62, "columns": 2000, "to_ptr": 0}, f"sample.gather: {CANNOT}"),
    (
        "gather",
        {"rows": 2**31, "columns": 512, "to_ptr": 0},
        f"sample.gather: the launch grid ({2**31}, 1, 1) must have x between 0 and " f"{2**31 - 1}",
    ),
    (
        "reduce",
        {"rows": -1},
        "sample.reduce: the launch grid (-2, -1, 1) must have x between 0 and 2147483647",
    ),
]


@pytest.mark.parametrize(("name", "changes", "text"), table(GRIDS))
def test_no_such_grid(sample: Sample, name: str, changes: dict[str, Any], text: str) -> None:
    check_refusal(sample, name, changes, ValueError, text)


STREAMS = [
    *(
        (
            "reduce",
            {"stream": value},
            TypeError,
            f"{STREAM} must be a stream: an integer, an opaque pointer or None, got {got}",
        )
        for value, got in [
            (False, "the bool False"),
            (0.0, "the float 0.0"),
            ("0", "the str '0'"),
            ([0], "a list or tuple"),
            (object(), "a Python object of type object"),
            (np.bool_(0), "a Python object of type numpy.bool"),
            (tensor(2), "a float32 tensor of shape (2,) on cuda:0"),
        ]
    ),
    (
        "reduce",
        {"stream": -1},
        ValueError,
        f"{STREAM} must be a stream of 0 or more, got -1",
    ),
    (
        "reduce",
        {"stream": 2**64},
        ValueError,
        f"{STREAM} must be a stream of 64 bits, got an integer beyond 64 bits",
    ),
    (
        "explicit",
        {"stream_": "0"},
        TypeError,
        "sample.explicit argument #1 `stream` must be an i32-range integer, " "got the str '0'",
    ),
    (
        "explicit",
        {"stream": "0"},
        TypeError,
        "sample.explicit argument #6 `stream` must be a stream: an integer, an opaque "
        "pointer or None, got the str '0'",
    ),
]


@pytest.mark.parametrize(("name", "changes", "error", "text"), table(STREAMS))
def test_no_stream(
    sample: Sample, name: str, changes: dict[str, Any], error: type[Exception], text: str
) -> None:
    check_refusal(sample, name, changes, error, text)


ILLEGAL = "CUDA_ERROR_ILLEGAL_ADDRESS (700): an illegal memory access was encountered"
PLACE = "failed on cuda:0"

# function, changes, failing driver calls, error, text, whether it was launched, allocations
EXTRAS = [
    (
        *("line_c", {"gx": 2**30}, [], ValueError),
        f"the launch grid ({2**30}, 1, 1) must have x between 0 and {2**30 - 1}: "
        "each program of this kernel is a cluster of 2 blocks",
        *(False, 0),
    ),
    (
        *("tiles", {"batches": 65535, "rows": 16 * 65535, "columns": 2**31 - 16}, [], ValueError),
        f"the launch grid ({2**26}, 65535, 65535) needs more scratch memory than 64 bits can "
        f"count: each of its {2**26 * 65535**2} blocks needs 256 bytes",
        *(False, 0),
    ),
    (
        *("tiles", {"batches": 65535, "rows": 16 * 65535}, [], RuntimeError),
        f"cuMemAllocAsync of {65535**2 * 3 * 256} bytes of scratch memory {PLACE}: "
        "CUDA_ERROR_OUT_OF_MEMORY (2): out of memory",
        *(False, 0),
    ),
    (
        *("tiles", {}, ["cuMemAllocAsync"], RuntimeError),
        f"cuMemAllocAsync of 6912 bytes of scratch memory {PLACE}: {ILLEGAL}",
        *(False, 0),
    ),
    (
        *("tiles", {}, ["cuLaunchKernelEx"], RuntimeError),
        f"cuLaunchKernelEx {PLACE}: {ILLEGAL}",
        *(False, 1),
    ),
    (
        *("tiles", {}, ["cuMemFreeAsync"], RuntimeError),
        f"cuMemFreeAsync {PLACE}: {ILLEGAL}",
        *(True, 1),
    ),
    (
        *("tiles", {}, ["cuLaunchKernelEx", "cuMemFreeAsync"], RuntimeError),
        f"cuLaunchKernelEx {PLACE}: {ILLEGAL}",
        *(False, 1),
    ),
    (
        *("line_cpg", {}, ["cuLaunchKernelEx"], RuntimeError),
        f"cuLaunchKernelEx {PLACE}: {ILLEGAL}",
        *(False, 0),
    ),
]


@pytest.mark.parametrize(
    ("name", "changes", "failing", "error", "text", "is_launched", "allocated"),
    EXTRAS,
    ids=[f"{row[0]}-{'-'.join([*row[1], *row[2]])}" for row in EXTRAS],
)
def test_what_a_launch_with_more_than_a_grid_says(
    features: Features,
    name: str,
    changes: dict[str, int],
    failing: list[str],
    error: type[Exception],
    text: str,
    is_launched: bool,
    allocated: int,
) -> None:
    for call in failing:
        standin.fail(call, 700)
    signature = features.functions[name]["signature"]
    with pytest.raises(error) as caught:
        features.call(name, **changes)
    assert str(caught.value) == f"features.{name}: {text}\n{signature}"
    assert len(standin.launches()) == is_launched
    allocations = standin.allocations()
    assert len(allocations) == allocated
    assert all(memory.given for memory in allocations) is ("cuMemFreeAsync" not in failing)
    assert standin.calls("cuMemFreeAsync") == allocated
    assert standin.current_context() == 0
    features.call(name)
    assert len(standin.launches()) == is_launched + 1


def test_the_widest_grid_of_clusters(features: Features) -> None:
    features.call("line_c", gx=2**30 - 1)
    assert standin.launch().grid == (2**31 - 2, 1, 1)


def test_a_device_without_memory_pools(features: Features, tmp_path: Path) -> None:
    function = features.fresh(tmp_path)["tiles"]
    standin.pools(False)
    with pytest.raises(RuntimeError) as caught:
        function(*addresses("tiles"))
    assert str(caught.value).partition("\n")[0] == (
        "features.tiles: cannot launch on cuda:0: the kernel needs scratch memory from a memory "
        "pool, and the device has no memory pools"
    )
    standin.pools(True)
    function(*addresses("tiles"))
    assert len(standin.launches()) == 1


@pytest.mark.parametrize(
    ("name", "call", "skip"),
    [("tiles", "cuDeviceGetAttribute", 8), ("weigh_16", "cuKernelSetAttribute", 0)],
)
def test_a_device_that_cannot_be_prepared(
    features: Features, tmp_path: Path, name: str, call: str, skip: int
) -> None:
    function = features.fresh(tmp_path)[name]
    standin.fail(call, 700, skip=skip)
    with pytest.raises(RuntimeError) as caught:
        function(*addresses(name))
    text = f"features.{name}: {call} {PLACE}: {ILLEGAL}"
    assert str(caught.value).partition("\n")[0] == text
    assert standin.launches() == []
    function(*addresses(name))
    assert len(standin.launches()) == 1
