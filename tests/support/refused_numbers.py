"""Numbers and choices that calls refuse, and what they say."""

from __future__ import annotations

import ctypes
import math
from typing import Any

import numpy as np

from tests.support.calls import tensor

OF_TYPE = "a Python object of type"
ITEM = "pass its value, as .item() gives it"
CONVERT = "int(), float() or bool() may convert it"
NO_NUMBER: list[tuple[Any, str]] = [
    (None, "None"),
    ("x", "the str 'x'"),
    ("", "the str ''"),
    ("seven: 7", "the str 'seven: 7'"),
    ("x" * 60, f"the str '{'x' * 60}'"),
    ("x" * 9999, f"the str '{'x' * 60}...'"),
    ("a" + "é" * 60, f"the str 'a{'é' * 29}...'"),
    ("one\ntwo\0three", "the str 'one?two?three'"),
    (b"7", "bytes"),
    (bytearray(100), "bytes"),
    ([7], "a list or tuple"),
    ((), "a list or tuple"),
    ({"seven": 7}, "a dict"),
    (len, "a function"),
    (ValueError("x"), "an object of TVM FFI type 67"),
    (np.dtype("int8"), "a dtype"),
    (ctypes.c_void_p(7), "an opaque pointer"),
    (tensor(dtype="i32"), f"an int32 tensor of shape () on cuda:0; {ITEM}"),
    (np.ones(1), f"a float64 tensor of shape (1,) on cpu; {ITEM}"),
    (object(), f"{OF_TYPE} object; {CONVERT}"),
    (np.True_, f"{OF_TYPE} numpy.bool; {CONVERT}"),
    (ctypes.c_int(7), f"{OF_TYPE} ctypes.c_int; {CONVERT}"),
    (7 + 0j, f"{OF_TYPE} complex; {CONVERT}"),
]
A_FLOAT = [
    (0.0, "the float 0.0"),
    (-0.0, "the float -0.0"),
    (2.0, "the float 2.0"),
    (10.0, "the float 10.0"),
    (0.1, "the float 0.1"),
    (-123456.789, "the float -123456.789"),
    (1e15, "the float 1000000000000000.0"),
    (1e16, "the float 1e+16"),
    (0.0001, "the float 0.0001"),
    (1.5e-05, "the float 1.5e-05"),
    (5e-324, "the float 5e-324"),
    (1.7976931348623157e308, "the float 1.7976931348623157e+308"),
    (math.inf, "the float inf"),
    (-math.inf, "the float -inf"),
    (math.nan, "the float nan"),
    (np.float32(1.5), "the float 1.5"),
]
A_BOOL = [(True, "the bool True"), (False, "the bool False")]
TOO_WIDE = [
    (2**64, "an integer beyond 64 bits"),
    (10**400, "an integer beyond 64 bits"),
    (-(2**63) - 1, "an integer beyond 64 bits"),
]
NO_CHOICE = [
    (name, {argument: value}, error, f"{place} must be one of {choices}, got {got}")
    for name, argument, place, choices, rows in (
        (
            "scale",
            "BLOCK",
            "sample.scale argument #5 `BLOCK`",
            "256, 512",
            [
                (257, ValueError, "257"),
                (-256, ValueError, "-256"),
                (2**32 + 256, ValueError, f"{2**32 + 256}"),
                (2**63, ValueError, f"{2**63}"),
                (2**70, ValueError, "an integer beyond 64 bits"),
                (256.0, TypeError, "the float 256.0"),
                (True, TypeError, "the bool True"),
                ("256", TypeError, "the str '256'"),
                (None, TypeError, "None"),
                (np.True_, TypeError, f"{OF_TYPE} numpy.bool"),
                (tensor(), TypeError, "a float32 tensor of shape () on cuda:0"),
            ],
        ),
        (
            "reduce",
            "NEGATE",
            "sample.reduce argument #5 `NEGATE`",
            "False, True",
            [
                (0, TypeError, "0"),
                (1, TypeError, "1"),
                (2**64, TypeError, "an integer beyond 64 bits"),
                (1.0, TypeError, "the float 1.0"),
                ("True", TypeError, "the str 'True'"),
                (None, TypeError, "None"),
            ],
        ),
        (
            "reduce",
            "MODE",
            "sample.reduce argument #4 `MODE`",
            "'sum', 'max'",
            [
                ("", ValueError, "the str ''"),
                ("su", ValueError, "the str 'su'"),
                ("summ", ValueError, "the str 'summ'"),
                ("Sum", ValueError, "the str 'Sum'"),
                ("sum\0", ValueError, "the str 'sum?'"),
                ("sum of all of them", ValueError, "the str 'sum of all of them'"),
                ("x" * 99, ValueError, f"the str '{'x' * 60}...'"),
                (b"sum", TypeError, "bytes"),
                (0, TypeError, "0"),
                (True, TypeError, "the bool True"),
                (None, TypeError, "None"),
                (["sum"], TypeError, "a list or tuple"),
            ],
        ),
    )
    for value, error, got in rows
]
