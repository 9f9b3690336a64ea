"""Tensors that say through DLPack that they live on a GPU, while their memory is a numpy array.

For code that passes tensors on and never looks into them; the capsule and its structs are made by
hand, because numpy exports nothing but its own dtypes on the CPU.
"""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np

CPU, CUDA, CUDA_HOST, CUDA_MANAGED = 1, 2, 3, 13

# Triton's name -> DLPack's type code, bits, lanes.
DTYPES = {
    "i1": (6, 8, 1),
    **{f"i{bits}": (0, bits, 1) for bits in (8, 16, 32, 64)},
    **{f"u{bits}": (1, bits, 1) for bits in (8, 16, 32, 64)},
    "fp16": (2, 16, 1),
    "fp32": (2, 32, 1),
    "fp64": (2, 64, 1),
    "bf16": (4, 16, 1),
    "fp8e4nv": (10, 8, 1),
    "fp8e4b8": (11, 8, 1),
    "fp8e5": (12, 8, 1),
    "fp8e5b16": (13, 8, 1),
}
_NUMPY_NAMES = {
    "bool": "i1",
    **{f"int{bits}": f"i{bits}" for bits in (8, 16, 32, 64)},
    **{f"uint{bits}": f"u{bits}" for bits in (8, 16, 32, 64)},
    **{f"float{bits}": f"fp{bits}" for bits in (16, 32, 64)},
}


class FakeTensor:
    """A numpy array that presents itself as a tensor on a device that may not exist.

    `dtype` is a Triton name or DLPack's (code, bits, lanes), by default that of the array; the
    bits of a bf16 tensor come as uint16, those of an fp8 one as uint8. The first element is at
    `address`, the array's own unless given; it is presented as a data pointer `byte_offset` bytes
    before it, plus that offset. A tensor without elements has a NULL data pointer, as torch's.
    """

    def __init__(
        self,
        array: np.ndarray[Any, Any],
        dtype: str | tuple[int, int, int] | None = None,
        device: int = 0,
        device_type: int = CUDA,
        byte_offset: int = 0,
        *,
        address: int | None = None,
        strides: bool = True,
    ) -> None:
        name = _NUMPY_NAMES[array.dtype.name] if dtype is None else dtype
        self.dtype = DTYPES[name] if isinstance(name, str) else name
        if self.dtype[1] * self.dtype[2] != 8 * array.itemsize:
            raise ValueError(f"{array.dtype} does not hold the bits of {dtype}")
        self.array = array
        self.device_type = device_type
        self.device = device
        self.byte_offset = byte_offset
        self.has_strides = strides
        own = array.ctypes.data if array.size else byte_offset
        self.address = own if address is None else address

    @property
    def shape(self) -> tuple[int, ...]:
        """The extents, as the array's."""
        return tuple(int(extent) for extent in self.array.shape)

    @property
    def strides(self) -> tuple[int, ...]:
        """The distances between elements, in elements."""
        return tuple(stride // self.array.itemsize for stride in self.array.strides)

    def __dlpack_device__(self) -> tuple[int, int]:
        return self.device_type, self.device

    def __dlpack__(self, stream: Any = None, **_options: Any) -> Any:
        return _capsule_new(_export(self), _CAPSULE_NAME, _destroy_capsule)


def live_exports() -> int:
    """How many exported tensors nobody has released yet."""
    return len(_exports)


class _DLTensor(ctypes.Structure):
    _fields_ = [
        ("data", ctypes.c_void_p),
        ("device_type", ctypes.c_int32),
        ("device_id", ctypes.c_int32),
        ("ndim", ctypes.c_int32),
        ("code", ctypes.c_uint8),
        ("bits", ctypes.c_uint8),
        ("lanes", ctypes.c_uint16),
        ("shape", ctypes.POINTER(ctypes.c_int64)),
        ("strides", ctypes.POINTER(ctypes.c_int64)),
        ("byte_offset", ctypes.c_uint64),
    ]


_Deleter = ctypes.CFUNCTYPE(None, ctypes.c_void_p)


class _DLManagedTensor(ctypes.Structure):
    _fields_ = [
        ("tensor", _DLTensor),
        ("manager_context", ctypes.c_void_p),
        ("deleter", _Deleter),
    ]


_CAPSULE_NAME = b"dltensor"
_CapsuleDestructor = ctypes.CFUNCTYPE(None, ctypes.c_void_p)

# The capsule is passed as an address: a destructor sees an object that must not be referred to.
_capsule_new = ctypes.pythonapi.PyCapsule_New
_capsule_new.restype = ctypes.py_object
_capsule_new.argtypes = [ctypes.c_void_p, ctypes.c_char_p, _CapsuleDestructor]
_capsule_is_valid = ctypes.pythonapi.PyCapsule_IsValid
_capsule_is_valid.restype = ctypes.c_int
_capsule_is_valid.argtypes = [ctypes.c_void_p, ctypes.c_char_p]
_capsule_pointer = ctypes.pythonapi.PyCapsule_GetPointer
_capsule_pointer.restype = ctypes.c_void_p
_capsule_pointer.argtypes = [ctypes.c_void_p, ctypes.c_char_p]

# What an export needs alive until its deleter runs, by the address of its DLManagedTensor.
_exports: dict[int, tuple[Any, ...]] = {}


def _export(tensor: FakeTensor) -> int:
    rank = len(tensor.shape)
    shape = (ctypes.c_int64 * rank)(*tensor.shape)
    strides = (ctypes.c_int64 * rank)(*tensor.strides)
    managed = _DLManagedTensor(deleter=_release)
    inner = managed.tensor
    inner.data = tensor.address - tensor.byte_offset
    inner.device_type, inner.device_id = tensor.device_type, tensor.device
    inner.ndim = rank
    inner.code, inner.bits, inner.lanes = tensor.dtype
    inner.shape = ctypes.cast(shape, ctypes.POINTER(ctypes.c_int64))
    if tensor.has_strides:
        inner.strides = ctypes.cast(strides, ctypes.POINTER(ctypes.c_int64))
    inner.byte_offset = tensor.byte_offset
    address = ctypes.addressof(managed)
    _exports[address] = (managed, shape, strides, tensor.array)
    return address


def _forget_export(managed: int) -> None:
    del _exports[managed]


def _forget_capsule(capsule: int) -> None:
    # A consumer renames the capsule and calls the deleter itself.
    if _capsule_is_valid(capsule, _CAPSULE_NAME):
        del _exports[_capsule_pointer(capsule, _CAPSULE_NAME)]


_release = _Deleter(_forget_export)
_destroy_capsule = _CapsuleDestructor(_forget_capsule)
