"""The bare driver calls by ctypes, as a launcher would make them, for tests of the stand-in."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from . import standin
from .every_type import NAME, SIZES

INVALID_VALUE, NOT_INITIALIZED, NO_DEVICE, INVALID_DEVICE = 1, 3, 100, 101
INVALID_IMAGE, INVALID_CONTEXT, INVALID_PTX, UNSUPPORTED_PTX = 200, 201, 218, 222
NO_BINARY, INVALID_HANDLE, NOT_FOUND, CAPTURING, BAD_CLUSTER = 209, 400, 500, 900, 912
MAX_DYNAMIC_SHARED, NON_PORTABLE_CLUSTER = 8, 14


class Driver:
    """The bare driver calls, by ctypes, through the name that a launcher opens."""

    def __init__(self) -> None:
        self.library = ctypes.CDLL(standin.SONAME)
        assert self.library.cuInit(0) == 0

    def call(self, name: str, *arguments: Any) -> int:
        return int(getattr(self.library, name)(*arguments))

    def load(self, image: bytes | str) -> tuple[int, ctypes.c_void_p]:
        handle = ctypes.c_void_p()
        data = image.encode() + b"\0" if isinstance(image, str) else image
        nothing = (None, None, 0, None, None, 0)
        return self.call("cuLibraryLoadData", ctypes.byref(handle), data, *nothing), handle

    def kernel(self, image: bytes | str, name: str = NAME) -> ctypes.c_void_p:
        result, library = self.load(image)
        kernel = ctypes.c_void_p()
        assert result == 0
        assert self.call("cuLibraryGetKernel", ctypes.byref(kernel), library, name.encode()) == 0
        return kernel

    def allow(self, kernel: ctypes.c_void_p, attribute: int, value: int, device: int = 0) -> int:
        return self.call("cuKernelSetAttribute", attribute, value, kernel, device)

    def launch(
        self,
        kernel: ctypes.c_void_p,
        grid: tuple[int, int, int] = (1, 1, 1),
        block: tuple[int, int, int] = (128, 1, 1),
        shared: int = 0,
        stream: int = 0,
        values: list[bytes] | None = None,
    ) -> int:
        pieces = [bytes(size) for size in SIZES] if values is None else values
        buffers = [ctypes.create_string_buffer(one, len(one)) for one in pieces]
        pointers = (ctypes.c_void_p * (len(buffers) + 1))(*map(ctypes.addressof, buffers))
        sizes = [ctypes.c_uint(one) for one in (*grid, *block, shared)]
        return self.call("cuLaunchKernel", kernel, *sizes, ctypes.c_void_p(stream), pointers, None)

    def current(self) -> int:
        context = ctypes.c_void_p()
        assert self.call("cuCtxGetCurrent", ctypes.byref(context)) == 0
        return context.value or 0


@contextmanager
def fresh_driver() -> Iterator[Driver]:
    """The driver with nothing recorded and device 0's primary context current."""
    standin.install()
    driver = Driver()
    standin.reset()
    standin.push_context(standin.primary_context(0))
    try:
        yield driver
    finally:
        standin.reset()
