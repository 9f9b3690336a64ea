"""Tensors and pointers that calls refuse, and what they say; and some that they take."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np

from tests.support.calls import tensor
from tests.support.fake_tensor import CPU, CUDA_HOST, FakeTensor

ROCM, VULKAN = 10, 7
OF_TYPE = "a Python object of type"
X = "sample.scale argument #0 `x_ptr`"
OUT = "sample.scale argument #1 `out_ptr`"
BIAS = "sample.scale argument #2 `bias_ptr`"
ONE_OF_TWO = f"{X} must be a tensor of float16 or bfloat16"


def half(*shape: int, **more: Any) -> FakeTensor:
    return tensor(*(shape or (8,)), dtype="fp16", **more)


class Huge(FakeTensor):
    """More elements than 64 bits can count."""

    shape = (2**40, 2**40)
    strides = (2**40, 1)


NO_POINTER: list[tuple[Any, str]] = [
    (True, "the bool True"),
    (4096.0, "the float 4096.0"),
    ("0x1000", "the str '0x1000'"),
    (b"\0" * 8, "bytes"),
    ([4096], "a list or tuple"),
    ({}, "a dict"),
    (print, "a function"),
    (object(), f"{OF_TYPE} object"),
    (np.bool_(0), f"{OF_TYPE} numpy.bool"),
    (ctypes.c_int(4096), f"{OF_TYPE} ctypes.c_int"),
]
ADDRESSES = [
    (-1, "an address of 0 or more", "-1"),
    (-(2**63), "an address of 0 or more", f"{-(2**63)}"),
    (2**64, "an address of 64 bits", "an integer beyond 64 bits"),
    (-(2**63) - 1, "an address of 64 bits", "an integer beyond 64 bits"),
]
POINTERS = [
    *(
        (
            {"x_ptr": value},
            TypeError,
            f"{X} must be a tensor, an integer or opaque pointer, got {got}",
        )
        for value, got in [*NO_POINTER, (None, "None")]
    ),
    *(
        (
            {"bias_ptr": value},
            TypeError,
            f"{BIAS} must be a tensor, an integer or opaque pointer, or None, got {got}",
        )
        for value, got in NO_POINTER
    ),
    *(
        ({"bias_ptr": value}, ValueError, f"{BIAS} must be {expected}, got {got}")
        for value, expected, got in ADDRESSES
    ),
]
UNWANTED: list[tuple[str, str | tuple[int, int, int], str]] = [
    ("bool", "i1", "bool"),
    ("uint8", "fp8e4nv", "float8_e4m3fn"),
    ("uint8", "fp8e4b8", "float8_e4m3fnuz"),
    ("uint8", "fp8e5", "float8_e5m2"),
    ("uint8", "fp8e5b16", "float8_e5m2fnuz"),
    ("uint8", (7, 8, 1), "float8_e3m4"),
    ("uint8", (8, 8, 1), "float8_e4m3"),
    ("uint8", (9, 8, 1), "float8_e4m3b11fnuz"),
    ("uint8", (14, 8, 1), "float8_e8m0fnu"),
    ("uint8", (17, 4, 2), "float4_e2m1fn_x2"),
    ("V3", (15, 6, 4), "float6_e2m3fn_x4"),
    ("V3", (16, 6, 4), "float6_e3m2fn_x4"),
    ("uint32", (6, 32, 1), "DLPack type (6, 32)"),
    ("uint64", (3, 64, 1), "DLPack type (3, 64)"),
    ("uint32", (2, 16, 2), "float16x2"),
    ("complex64", (5, 64, 1), "complex64"),
]
DTYPES = [
    *(
        (
            {"x_ptr": tensor(8, dtype=dtype)},
            TypeError,
            f"{ONE_OF_TWO}, got {got} tensor of shape (8,) on cuda:0",
        )
        for dtype, got in [
            ("i8", "an int8"),
            ("i64", "an int64"),
            ("u8", "a uint8"),
            ("u32", "a uint32"),
            ("fp32", "a float32"),
            ("fp64", "a float64"),
        ]
    ),
    *(
        (
            {"x_ptr": FakeTensor(np.zeros(8, storage), dtype)},
            TypeError,
            f"{ONE_OF_TWO}, got a {got} tensor of shape (8,) on cuda:0",
        )
        for storage, dtype, got in UNWANTED
    ),
    (
        {"out_ptr": tensor(8, dtype="bf16")},
        TypeError,
        f"{OUT} must be a tensor of float16 as `x_ptr` is, "
        "got a bfloat16 tensor of shape (8,) on cuda:0",
    ),
    (
        {"bias_ptr": half()},
        TypeError,
        f"{BIAS} must be a tensor of float32, got a float16 tensor of shape (8,) on cuda:0",
    ),
    (
        {"x_ptr": 4096, "out_ptr": ctypes.c_void_p(4096)},
        TypeError,
        f"{X} must be a tensor, since an address does not tell its dtype, got 4096",
    ),
    (
        {"x_ptr": ctypes.c_void_p(4096), "out_ptr": 4096},
        TypeError,
        f"{X} must be a tensor, since an address does not tell its dtype, got an opaque pointer",
    ),
]
DEVICES = [
    *(
        (
            {"out_ptr": half(device=device, device_type=kind)},
            ValueError,
            f"{OUT} must be a tensor on a CUDA device, got a float16 tensor of shape (8,) on {got}",
        )
        for device, kind, got in [
            (0, CPU, "cpu"),
            (0, CUDA_HOST, "cpu (pinned)"),
            (3, ROCM, "rocm:3"),
            (1, VULKAN, "DLPack device (7, 1)"),
            (-1, 2, "cuda:-1"),
            (-7, 13, "cuda (managed):-7"),
        ]
    ),
    (
        {"out_ptr": half(device=1)},
        ValueError,
        f"{OUT} must be on cuda:0 as `x_ptr` is, got a float16 tensor of shape (8,) on cuda:1",
    ),
    (
        {"x_ptr": 4096, "out_ptr": half(device=1), "bias_ptr": tensor(8)},
        ValueError,
        f"{BIAS} must be on cuda:1 as `out_ptr` is, got a float32 tensor of shape (8,) on cuda:0",
    ),
    (
        {"x_ptr": 4096, "out_ptr": half(device=2)},
        ValueError,
        "sample.scale: cannot launch on cuda:2: the CUDA driver shows 2 devices here",
    ),
]
HELD = "must hold the elements of shape"
TOO_SMALL: list[tuple[tuple[int, ...], dict[str, Any], str]] = [
    ((7,), {}, "(7,)"),
    ((7,), {"strides": False}, "(7,)"),
    ((3, 2, 1), {}, "(3, 2, 1)"),
    ((0,), {}, "(0,)"),
    ((99, 0), {"address": None}, "(99, 0)"),
    ((1,) * 60, {}, f"({'1, ' * 44}...)"),
]
SHAPES: list[tuple[dict[str, Any], type[Exception], str]] = [
    *(
        (
            {"out_ptr": half(*shape, **more)},
            ValueError,
            f"{OUT} {HELD} (n,) = (8,), got a float16 tensor of shape {got} on cuda:0",
        )
        for shape, more, got in TOO_SMALL
    ),
    (
        {"out_ptr": tensor(dtype="fp16")},
        ValueError,
        f"{OUT} {HELD} (n,) = (8,), got a float16 tensor of shape () on cuda:0",
    ),
    (
        {"n": 2**63 - 1},
        ValueError,
        f"{X} {HELD} (n,) = ({2**63 - 1},), got a float16 tensor of shape (8,) on cuda:0",
    ),
    *(
        (
            {"out_ptr": half(*shape, steps=steps)},
            ValueError,
            f"{OUT} must be contiguous, got a float16 tensor of shape {shape} on cuda:0 "
            f"with strides {steps}",
        )
        for shape, steps in [
            ((8,), (2,)),
            ((8,), (0,)),
            ((8,), (-1,)),
            ((4, 2), (1, 4)),
            ((2, 4), (8, 1)),
            ((2, 1, 4), (0, 0, 1)),
        ]
    ),
]
REFUSALS = [("scale", *row) for row in [*POINTERS, *DTYPES, *DEVICES, *SHAPES]]
ACCEPTED = [
    ({"out_ptr": half(9)}, 1),
    ({"out_ptr": half(2, 4)}, 1),
    ({"out_ptr": half(8, 1, steps=(1, 77))}, 1),
    ({"out_ptr": half(1, 8, steps=(77, 1))}, 1),
    ({"out_ptr": half(strides=False)}, 1),
    ({"out_ptr": half(device_type=13)}, 1),
    ({"out_ptr": Huge(np.zeros(8, "float16"))}, 1),
    ({"x_ptr": 2**64 - 2}, 1),
    ({"x_ptr": ctypes.c_void_p(4098)}, 1),
    ({"bias_ptr": 0}, 1),
    ({"n": 0, "out_ptr": half(0, address=None)}, 0),
    ({"n": -8, "out_ptr": half(0, 5, steps=(1, 2), address=None)}, 0),
]
