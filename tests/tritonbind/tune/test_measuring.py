"""Times of launches, as the stand-in driver's events tell them, and what tensors hold."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator

import pytest

from tests.support import standin
from tests.support.fake_tensor import DTYPES as PEER
from tritonbind.tune.cuda import Cuda, CudaError
from tritonbind.tune.dtypes import DTYPES
from tritonbind.tune.measuring import Stopwatch


@pytest.fixture
def cuda() -> Iterator[Cuda]:
    standin.install()
    standin.reset()
    yield Cuda()
    standin.reset()


class Launches:
    """Launches that each take so many microseconds; the n-th may fail."""

    def __init__(self, cuda: Cuda, microseconds: float) -> None:
        self._cuda, self._microseconds = cuda, microseconds
        self.count = 0

    def __call__(self) -> None:
        self.count += 1
        standin.advance(self._microseconds)


def test_the_median_of_launches_after_a_flush_each(cuda: Cuda) -> None:
    launches = Launches(cuda, 100)
    found = Stopwatch(cuda).time(launches, 5)
    assert [found.median, found.low] == pytest.approx([100, 100])
    assert found.count == 50
    assert launches.count == 1 + 1 + 5 + 12 + 50
    assert standin.calls("cuMemsetD32Async") == 1 + 5 + 50


@pytest.mark.parametrize(("microseconds", "count"), [(0, 1000), (1, 1000), (1e6, 3)])
def test_the_count_has_bounds(cuda: Cuda, microseconds: float, count: int) -> None:
    launches = Launches(cuda, microseconds)
    assert Stopwatch(cuda).time(launches, 5).count == count
    assert launches.count <= 1.3 * count + 7


def test_a_launch_that_fails_on_the_device(cuda: Cuda) -> None:
    standin.fail("cuCtxSynchronize", 719)
    with pytest.raises(CudaError) as caught:
        Stopwatch(cuda).time(Launches(cuda, 1), 1)
    assert str(caught.value) == (
        "cuCtxSynchronize: CUDA_ERROR_LAUNCH_FAILED: unspecified launch failure"
    )


def test_memory_is_filled_by_doubling(cuda: Cuda) -> None:
    cuda.allocate(1000, b"12345678")
    assert standin.calls("cuMemcpyHtoD_v2") == 1
    assert standin.calls("cuMemcpyDtoD_v2") == 7  # 8, 16, ... 512, and the rest
    cuda.free(cuda.allocate(10))
    assert standin.calls("cuMemsetD8_v2") == 1


def test_types_are_dlpacks() -> None:
    assert {name: (one.code, 8 * one.size, 1) for name, one in DTYPES.items()} == PEER


@pytest.mark.parametrize("name", DTYPES)
def test_floats_are_small_and_finite(name: str) -> None:
    dtype = DTYPES[name]
    data = dtype.numbers()
    if not dtype.is_float:
        assert data == b""
        return
    values = [value_of(name, data[at : at + dtype.size]) for at in range(0, len(data), dtype.size)]
    assert all(math.isfinite(value) and abs(value) <= 1 for value in values)
    assert len(set(values)) > 50
    assert data == dtype.numbers()


def value_of(name: str, data: bytes) -> float:
    """By the definitions of the formats."""
    if name in ("fp16", "fp32", "fp64"):
        (value,) = struct.unpack({2: "<e", 4: "<f", 8: "<d"}[len(data)], data)
        return float(value)
    if name == "bf16":
        (value,) = struct.unpack("<f", bytes(2) + data)
        return float(value)
    mantissa, bias = {
        "fp8e4nv": (3, 7),
        "fp8e4b8": (3, 8),
        "fp8e5": (2, 15),
        "fp8e5b16": (2, 16),
    }[name]
    byte = data[0] & 0x7F
    exponent, rest = byte >> mantissa, byte & ((1 << mantissa) - 1)
    fraction = rest / (1 << mantissa)
    size = (1 + fraction) * 2.0 ** (exponent - bias) if exponent else fraction * 2.0 ** (1 - bias)
    return -size if data[0] & 0x80 else size
