"""Tensors of a library that TVM FFI knows through DLPack's C exchange API, as it knows torch.

The library has a current stream for each device, which is whatever a test says.
"""

from __future__ import annotations

import ctypes
from typing import Any

from .fake_tensor import CUDA, FakeTensor, _DLTensor, _export, _exports

current_streams: dict[int, int] = {}
"""The stream of each device; that of others the library cannot tell."""


conversions: list[str] = []
"""How tensors were asked for: to be `kept`, or to be `viewed` during a call."""


class LibraryTensor(FakeTensor):
    """A tensor whose library has a current stream."""

    __dlpack_c_exchange_api__: Any


class ViewedTensor(LibraryTensor):
    """One whose library also gives a view of it without an object for the view."""

    viewed: Any = None
    can_be_viewed = True


class _Managed(ctypes.Structure):
    _fields_ = (
        ("version", ctypes.c_uint32 * 2),
        ("context", ctypes.c_void_p),
        ("deleter", ctypes.CFUNCTYPE(None, ctypes.c_void_p)),
        ("flags", ctypes.c_uint64),
        ("tensor", _DLTensor),
    )


_Conversion = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.py_object, ctypes.POINTER(ctypes.POINTER(_Managed))
)
_View = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.py_object, ctypes.POINTER(_DLTensor))
_CurrentStream = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.c_int, ctypes.c_int32, ctypes.POINTER(ctypes.c_void_p)
)


class _ExchangeApi(ctypes.Structure):
    _fields_ = (
        ("version", ctypes.c_uint32 * 2),
        ("previous", ctypes.c_void_p),
        ("allocate", ctypes.c_void_p),
        ("from_object", _Conversion),
        ("to_object", ctypes.c_void_p),
        ("view_of_object", _View),
        ("current_stream", _CurrentStream),
    )


@ctypes.CFUNCTYPE(None, ctypes.c_void_p)
def _release(managed: int) -> None:
    del _exports[managed]


@_Conversion
def _from_object(tensor: LibraryTensor, place: Any) -> int:
    conversions.append("kept")
    plain = _exports.pop(_export(tensor))
    managed = _Managed(version=(1, 0), deleter=_release, tensor=plain[0].tensor)
    _exports[ctypes.addressof(managed)] = (managed, *plain)
    place[0] = ctypes.pointer(managed)
    return 0


@_View
def _view(tensor: ViewedTensor, place: Any) -> int:
    conversions.append("viewed" if tensor.can_be_viewed else "refused")
    if not tensor.can_be_viewed:
        return -1
    tensor.viewed = _exports.pop(_export(tensor))
    place[0] = tensor.viewed[0].tensor
    return 0


@_CurrentStream
def _current_stream(device_type: int, device: int, place: Any) -> int:
    if device_type != CUDA or device not in current_streams:
        return -1
    place[0] = current_streams[device]
    return 0


_API = _ExchangeApi(version=(1, 3), from_object=_from_object, current_stream=_current_stream)
_VIEWS = _ExchangeApi(
    version=(1, 3), from_object=_from_object, current_stream=_current_stream, view_of_object=_view
)
_NAME = ctypes.c_char_p(b"dlpack_exchange_api")  # a capsule does not copy its name
_capsule_new = ctypes.PyDLL(None).PyCapsule_New
_capsule_new.restype = ctypes.py_object
_capsule_new.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]

for kind, api in ((LibraryTensor, _API), (ViewedTensor, _VIEWS)):
    kind.__dlpack_c_exchange_api__ = _capsule_new(ctypes.addressof(api), _NAME, None)
