"""Calls as C makes them through TVM FFI, with values that no Python caller passes."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Any

import pytest

from tests.support import standin
from tests.support.calls import check_refusal, tensor
from tests.support.sample import Sample

NONE, INT, TENSOR_POINTER, RAW_STRING, BYTES_POINTER, UNCHANGED = 0, 1, 7, 8, 9, 13
PLACE = "sample.reduce argument #0 `x_ptr`"
MODE = "sample.reduce argument #4 `MODE` must be one of 'sum', 'max'"
KINDS = "a tensor, an integer or opaque pointer"

get_pointer = ctypes.PyDLL(None).PyCapsule_GetPointer
get_pointer.restype = ctypes.c_void_p
get_pointer.argtypes = [ctypes.py_object, ctypes.c_char_p]


class Value(ctypes.Structure):
    """A TVMFFIAny, whatever its eight bytes of value mean."""

    _fields_ = (
        ("type_index", ctypes.c_int32),
        ("padding", ctypes.c_uint32),
        ("value", ctypes.c_int64),
    )


class Caller:
    """The SafeCall of reduce; it keeps alive what the values point to."""

    def __init__(self, sample: Sample) -> None:
        sample.wrapper("reduce")
        self.library = ctypes.CDLL(str(sample.library))
        self.library.tritonbind_last_error.restype = ctypes.c_char_p
        self.alive: list[Any] = []

    def string(self, text: bytes, type_index: int = RAW_STRING) -> Value:
        self.alive.append(ctypes.create_string_buffer(text))
        return Value(type_index, 0, ctypes.addressof(self.alive[-1]))

    def tensor(self, *shape: int, **more: Any) -> Value:
        """A DLTensor, which a capsule's DLManagedTensor begins with."""
        self.alive.append(tensor(*shape, **more).__dlpack__())
        return Value(TENSOR_POINTER, 0, get_pointer(self.alive[-1], b"dltensor"))

    def reduce(self, x: Value, mode: Value, stream: Sequence[Value] = ()) -> tuple[int, Value]:
        """The status of the call and its result, which held rubbish before."""
        false = Value(2, 0, 0)
        values = [x, Value(INT, 0, 4096), Value(INT, 0, 5), Value(INT, 0, 3), mode, false, *stream]
        result = Value(77, 88, 99)
        packed = (Value * len(values))(*values)
        call = self.library.__getattr__("__tvm_ffi_reduce")
        return call(None, packed, len(values), ctypes.byref(result)), result


@pytest.fixture
def caller(sample: Sample) -> Caller:
    return Caller(sample)


def test_tensors_and_strings_by_pointer(sample: Sample, caller: Caller) -> None:
    x = caller.tensor(8, address=0x7F0000005008, byte_offset=8, device=1)
    status, result = caller.reduce(x, caller.string(b"max"), [Value(INT, 0, 7)])
    assert (status, result.type_index, result.padding, result.value) == (0, NONE, 0, 0)
    launch = standin.launch()
    assert (launch.value(0, "*fp32"), launch.device, launch.stream) == (0x7F0000005008, 1, 7)
    assert "MODE_max-NEGATE_False-generic" in sample.labels(launch)


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (
            lambda caller: (caller.tensor(2, dtype="i32"), caller.string(b"max")),
            f"{PLACE} must be a tensor of float32, got an int32 tensor of shape (2,) on cuda:0",
        ),
        (
            lambda caller: (caller.tensor(2, device_type=1), caller.string(b"max")),
            f"{PLACE} must be a tensor on a CUDA device, "
            "got a float32 tensor of shape (2,) on cpu",
        ),
        (
            lambda caller: (caller.string(b"0x1000"), caller.string(b"max")),
            f"{PLACE} must be {KINDS}, got the str '0x1000'",
        ),
        (
            lambda caller: (caller.string(bytes(16), BYTES_POINTER), caller.string(b"max")),
            f"{PLACE} must be {KINDS}, got bytes",
        ),
        (
            lambda caller: (Value(UNCHANGED, 0, 0), caller.string(b"max")),
            f"{PLACE} must be {KINDS}, got an object of TVM FFI type 13",
        ),
        (
            lambda caller: (Value(INT, 0, 4096), caller.string(b"maximum")),
            f"{MODE}, got the str 'maximum'",
        ),
        (
            lambda caller: (Value(INT, 0, 4096), caller.string(bytes(16), BYTES_POINTER)),
            f"{MODE}, got bytes",
        ),
    ],
    ids=range(7),
)
def test_refused_by_pointer(caller: Caller, make: Any, text: str) -> None:
    status, _ = caller.reduce(*make(caller))
    assert status == -1
    assert caller.library.tritonbind_last_error().decode() == text
    assert standin.launches() == []


def test_objects_of_tvm_ffi(sample: Sample) -> None:
    import tvm_ffi

    for value, got in [
        (tvm_ffi.Shape((1, 2)), "a shape"),
        (tvm_ffi.List([1]), "a list"),
        (tvm_ffi.Array([1]), "a list or tuple"),
        (tvm_ffi.Dict({1: 2}), "a dict"),
        (tvm_ffi.Map({1: 2}), "a dict"),
        (tvm_ffi.device("cuda", 0), "a device"),
        (tvm_ffi.dtype("float32"), "a dtype"),
        (sample.function("scale"), "a function"),
    ]:
        check_refusal(
            sample, "reduce", {"x_ptr": value}, TypeError, f"{PLACE} must be {KINDS}, got {got}"
        )
