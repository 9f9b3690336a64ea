"""Shapes, alignments, grids and streams that calls refuse, and what they say."""

from __future__ import annotations

import ctypes

import numpy as np

from tests.support.calls import tensor

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
