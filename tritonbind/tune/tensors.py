"""Tensors in memory of the device, for functions that take what speaks DLPack."""

from __future__ import annotations

import ctypes
import math
from typing import Any

from tritonbind.tune.cases import Tensor
from tritonbind.tune.cuda import Cuda
from tritonbind.tune.dtypes import DTYPES

_CUDA = 2
_SMALLEST = 1 << 20
"""Bytes that each tensor has at least, so that what a kernel reads beyond one is there."""


class DeviceTensor:
    """A row-major tensor, filled with small numbers if it is of floats, else with zeros."""

    def __init__(self, cuda: Cuda, tensor: Tensor) -> None:
        """Raises CudaError where there is no such memory."""
        dtype = DTYPES[tensor.dtype]
        size = max(tensor.elements * dtype.size, _SMALLEST) + dtype.size
        self._tensor, self._cuda = tensor, cuda
        self._base = cuda.allocate(size, dtype.numbers())
        self._address = self._base + (0 if tensor.is_aligned else dtype.size)

    def free(self) -> None:
        self._cuda.free(self._base)

    def __dlpack_device__(self) -> tuple[int, int]:
        return _CUDA, 0

    def __dlpack__(self, **_options: Any) -> Any:
        rank = len(self._tensor.shape)
        shape = (ctypes.c_int64 * rank)(*self._tensor.shape)
        strides = (ctypes.c_int64 * rank)(
            *(math.prod(self._tensor.shape[axis + 1 :]) for axis in range(rank))
        )
        dtype = DTYPES[self._tensor.dtype]
        held = _Managed(
            address=self._address if math.prod(self._tensor.shape) else None,
            device_type=_CUDA,
            rank=rank,
            code=dtype.code,
            bits=8 * dtype.size,
            lanes=1,
            shape=ctypes.cast(shape, ctypes.c_void_p),
            strides=ctypes.cast(strides, ctypes.c_void_p),
            deleter=_keep,
        )
        _KEPT.append((held, shape, strides))
        return _capsule(ctypes.addressof(held), _NAME, None)


_Deleter = ctypes.CFUNCTYPE(None, ctypes.c_void_p)


class _Managed(ctypes.Structure):
    """`DLManagedTensor`."""

    _fields_ = (
        ("address", ctypes.c_void_p),
        ("device_type", ctypes.c_int32),
        ("device", ctypes.c_int32),
        ("rank", ctypes.c_int32),
        ("code", ctypes.c_uint8),
        ("bits", ctypes.c_uint8),
        ("lanes", ctypes.c_uint16),
        ("shape", ctypes.c_void_p),
        ("strides", ctypes.c_void_p),
        ("byte_offset", ctypes.c_uint64),
        ("context", ctypes.c_void_p),
        ("deleter", _Deleter),
    )


_keep = _Deleter(lambda _: None)
_KEPT: list[tuple[Any, ...]] = []
"""Descriptions of tensors are small, and stay as long as the process."""
_NAME = b"dltensor"  # a capsule does not copy its name
_capsule = ctypes.pythonapi.PyCapsule_New
_capsule.restype = ctypes.py_object
_capsule.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
