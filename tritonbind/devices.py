"""What CUDA's own library tells of devices; without it, nothing is known."""

from __future__ import annotations

import ctypes

_PROPERTIES = {
    "max_shared_mem": 97,
    "max_num_regs": 12,
    "multiprocessor_count": 16,
    "warpSize": 10,
    "sm_clock_rate": 13,
    "mem_clock_rate": 36,
    "mem_bus_width": 37,
}
"""What `get_device_properties` of Triton gives, each with its number among `CUdevice_attribute`."""


def current_device() -> str:
    """The name of the current device, or `unknown`. It is asked for after a launch, so the driver
    has started."""
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


def device_properties(device: int) -> dict[str, int] | None:
    """Of a device by its ordinal; None where CUDA's driver does not tell them all."""
    try:
        cuda = ctypes.CDLL("libcuda.so.1")
        handle, value = ctypes.c_int(), ctypes.c_int()
        if cuda.cuInit(0) or cuda.cuDeviceGet(ctypes.byref(handle), device):
            return None
        found = {}
        for name, number in _PROPERTIES.items():
            if cuda.cuDeviceGetAttribute(ctypes.byref(value), number, handle):
                return None
            found[name] = value.value
        return found
    except (OSError, AttributeError):
        return None
