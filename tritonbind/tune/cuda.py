"""CUDA's driver, as far as measuring needs it: memory, events, and what a device is."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from typing import Any

from tritonbind.errors import TritonbindError

_MAJOR, _MINOR, _SHARED_OPTIN = 75, 76, 97
_FLUSHED = 256 << 20
"""Bytes that are written before each measured launch, so that it finds nothing in the cache. As
`triton.testing.do_bench` does."""


class CudaError(Exception):
    """A call of the driver that failed."""


@dataclass(frozen=True)
class Device:
    """The GPU that is measured."""

    name: str
    capability: int
    """As 90."""
    shared: int
    """The bytes of shared memory that a block may have."""
    driver: int
    """The version of CUDA that the driver has, as 13000."""

    @property
    def cuda(self) -> str:
        """The same as people write it: 13.0."""
        return f"{self.driver // 1000}.{self.driver % 1000 // 10}"


class Cuda:
    """The driver, with device 0 as the current one.

    Raises:
        TritonbindError: there is no driver, or no device.
    """

    def __init__(self) -> None:
        try:
            self._library = ctypes.CDLL("libcuda.so.1")
        except OSError as error:
            raise TritonbindError(
                "there is no CUDA driver: libcuda.so.1 cannot be loaded", _A_GPU
            ) from error
        device, context = ctypes.c_int(), ctypes.c_void_p()
        try:
            self.call("cuInit", 0)
            self.call("cuDeviceGet", ctypes.byref(device), 0)
        except CudaError as error:
            raise TritonbindError(f"CUDA finds no GPU: {error}", _A_GPU) from error
        self.call("cuDevicePrimaryCtxRetain", ctypes.byref(context), device)
        self.call("cuCtxSetCurrent", context)
        self.device = self._describe(device)
        self._buffer = 0

    def call(self, name: str, *arguments: Any) -> None:
        """Make a call of the driver. Raises CudaError, with its name and the driver's words."""
        code = getattr(self._library, name)(*arguments)
        if code != 0:
            word, text = ctypes.c_char_p(), ctypes.c_char_p()
            self._library.cuGetErrorName(code, ctypes.byref(word))
            self._library.cuGetErrorString(code, ctypes.byref(text))
            words = f"{_text(word, str(code))}: {_text(text, 'unknown')}"
            raise CudaError(f"{name}: {words}")

    def _describe(self, device: ctypes.c_int) -> Device:
        name, version = ctypes.create_string_buffer(256), ctypes.c_int()
        self.call("cuDeviceGetName", name, len(name), device)
        self.call("cuDriverGetVersion", ctypes.byref(version))
        found = []
        for attribute in (_MAJOR, _MINOR, _SHARED_OPTIN):
            value = ctypes.c_int()
            self.call("cuDeviceGetAttribute", ctypes.byref(value), attribute, device)
            found.append(value.value)
        major, minor, shared = found
        told = name.value.decode(errors="replace")
        return Device(told, 10 * major + minor, shared, version.value)

    def synchronize(self) -> None:
        """Wait for the device. Raises CudaError for what has failed there meanwhile."""
        self.call("cuCtxSynchronize")

    def allocate(self, size: int, pattern: bytes = b"") -> int:
        """The address of memory that repeats the pattern; zeros without one."""
        place = ctypes.c_uint64()
        self.call("cuMemAlloc_v2", ctypes.byref(place), ctypes.c_size_t(size))
        address = place.value
        if not pattern:
            self.call("cuMemsetD8_v2", ctypes.c_uint64(address), 0, ctypes.c_size_t(size))
            return address
        filled = min(len(pattern), size)
        self.call("cuMemcpyHtoD_v2", ctypes.c_uint64(address), pattern, ctypes.c_size_t(filled))
        while filled < size:
            more = min(filled, size - filled)
            to, count = ctypes.c_uint64(address + filled), ctypes.c_size_t(more)
            self.call("cuMemcpyDtoD_v2", to, ctypes.c_uint64(address), count)
            filled += more
        return address

    def free(self, address: int) -> None:
        self.call("cuMemFree_v2", ctypes.c_uint64(address))

    def flush(self) -> None:
        """Write over what the device's cache holds, on the default stream."""
        if not self._buffer:
            self._buffer = self.allocate(_FLUSHED)
        count = ctypes.c_size_t(_FLUSHED // 4)
        self.call("cuMemsetD32Async", ctypes.c_uint64(self._buffer), 0, count, None)

    def event(self) -> Event:
        return Event(self)


class Event:
    """A point in the default stream."""

    def __init__(self, cuda: Cuda) -> None:
        self._cuda, self._handle = cuda, ctypes.c_void_p()
        cuda.call("cuEventCreate", ctypes.byref(self._handle), 0)

    def record(self) -> None:
        self._cuda.call("cuEventRecord", self._handle, None)

    def microseconds_to(self, end: Event) -> float:
        found = ctypes.c_float()
        self._cuda.call("cuEventElapsedTime", ctypes.byref(found), self._handle, end._handle)
        return 1000 * found.value


def _text(place: ctypes.c_char_p, otherwise: str) -> str:
    return place.value.decode(errors="replace") if place.value else otherwise


_A_GPU = "tune on a machine with an NVIDIA GPU and its driver"
