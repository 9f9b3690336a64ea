"""Tensors that are to become descriptors, and what calls refuse of them."""

from __future__ import annotations

import ctypes
from typing import Any

from tests.support.calls import tensor
from tests.support.fake_tensor import CPU

ADDRESS = 0x7F0000000000


def half(*shape: int, steps: Any = None, address: int = ADDRESS, **more: Any) -> Any:
    return tensor(*shape, dtype="fp16", steps=steps, address=address, **more)


def single(*shape: int, steps: Any = None, address: int = ADDRESS) -> Any:
    return tensor(*shape, steps=steps, address=address)


A_TENSOR = "must be a tensor, of which the kernel needs the shape, got"
STRIDES_OF_16 = "must have strides that are multiples of 16 bytes"
REFUSED: list[tuple[dict[int, Any], type[Exception], int, str]] = [
    ({0: 4096}, TypeError, 0, f"{A_TENSOR} 4096"),
    ({0: ctypes.c_void_p(4096)}, TypeError, 0, f"{A_TENSOR} an opaque pointer"),
    ({1: None}, TypeError, 1, f"{A_TENSOR} None"),
    (
        {0: tensor(64, 64, dtype="bf16")},
        TypeError,
        0,
        "must be a tensor of float16 or float32, got a bfloat16 tensor of shape (64, 64) on cuda:0",
    ),
    (
        {1: single(64, 64)},
        TypeError,
        1,
        "must be a tensor of float16 as `source` is, got a float32 tensor of shape (64, 64) on "
        "cuda:0",
    ),
    (
        {0: half(64, 64, device_type=CPU)},
        ValueError,
        0,
        "must be a tensor on a CUDA device, got a float16 tensor of shape (64, 64) on cpu",
    ),
    (
        {1: half(64, 64, device=1)},
        ValueError,
        1,
        "must be on cuda:0 as `source` is, got a float16 tensor of shape (64, 64) on cuda:1",
    ),
    ({0: half(64)}, ValueError, 0, "must have 2 dimensions, got 1"),
    (
        {0: half(0, 64)},
        ValueError,
        0,
        "must have sizes between 1 and 2147483647, got shape (0, 64)",
    ),
    ({1: half(64, 60)}, ValueError, 1, f"{STRIDES_OF_16} (8 elements), got strides (60, 1)"),
    (
        {0: single(64, 62), 1: single(64, 64)},
        ValueError,
        0,
        f"{STRIDES_OF_16} (4 elements), got strides (62, 1)",
    ),
    (
        {0: half(64, 64, steps=(1, 64))},
        ValueError,
        0,
        f"{STRIDES_OF_16} (8 elements), got strides (1, 64)",
    ),
    (
        {0: half(64, 64, address=ADDRESS + 2)},
        ValueError,
        0,
        "must have data aligned to 16 bytes, got the address 0x7f0000000002",
    ),
    (
        {1: half(64, 64, address=0)},
        ValueError,
        1,
        "must be a tensor with memory, got a float16 tensor of shape (64, 64) on cuda:0 with its "
        "data at 0x0, where there is none: it is fake, wraps other tensors, or its storage was "
        "freed; pass one that holds its data",
    ),
    ({4: 48}, ValueError, 4, "must be one of 32, 64, got 48"),
]
