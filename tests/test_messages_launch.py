"""What a call says about alignment, shapes of several sizes, the launch grid and the stream."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
import pytest

from tests.support.calls import check_refusal, table, tensor
from tests.support.sample import Sample

pytestmark = pytest.mark.triton

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
            (0x1004, 0x2000, 0x3000, "#0 `from_ptr`", "0x1004"),
            (0x1008, 0x2001, 0x3000, "#2 `to_ptr`", "0x2001"),
            (0x1008, 0x2008, 0x3002, "#1 `index_ptr`", "0x3002"),
            (0x1008, 2**64 - 1, 0x3008, "#2 `to_ptr`", "0xffffffffffffffff"),
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
            (object(), "a Python object of another kind"),
            (np.bool_(0), "a Python object of another kind"),
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
