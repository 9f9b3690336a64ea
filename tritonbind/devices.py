"""The name of the current device, as CUDA's driver has it."""

from __future__ import annotations

import ctypes


def current_device() -> str:
    """The name, or `unknown`. The driver has started: it is asked after a launch."""
    try:
        cuda = ctypes.CDLL("libcuda.so.1")
        device, name = ctypes.c_int(), ctypes.create_string_buffer(256)
        if cuda.cuCtxGetDevice(ctypes.byref(device)) != 0:
            return "unknown"
        if cuda.cuDeviceGetName(name, len(name), device) != 0:
            return "unknown"
    except (OSError, AttributeError):
        return "unknown"
    return name.value.decode(errors="replace")
