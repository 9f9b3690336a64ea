"""Tensors that are far larger than memory."""

from __future__ import annotations

import math
import mmap

import numpy as np
import pytest

from tests.support.interpreter import HostTensor


def reserved(shape, dtype):
    """A tensor of zeros that takes memory only where it is touched."""
    dtype, no_reserve = np.dtype(dtype), 0x4000
    flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | no_reserve
    try:
        memory = mmap.mmap(-1, math.prod(shape) * dtype.itemsize, flags=flags)
    except OSError as error:
        pytest.skip(f"this machine does not reserve so much address space: {error}")
    return HostTensor(np.frombuffer(memory, dtype).reshape(shape))
