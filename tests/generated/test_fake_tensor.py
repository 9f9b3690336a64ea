"""A fake tensor arrives in TVM FFI functions as the GPU tensor it says it is, and is released."""

import gc
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import tvm_ffi

from tests.support import fake_tensor
from tests.support.fake_tensor import CPU, CUDA, CUDA_HOST, CUDA_MANAGED, DTYPES, FakeTensor
from tests.support.places import REPOSITORY


@pytest.fixture(autouse=True)
def nothing_stays_exported() -> Iterator[None]:
    before = fake_tensor.live_exports()
    yield
    gc.collect()
    assert fake_tensor.live_exports() == before


def passed(tensor: FakeTensor) -> dict[str, Any]:
    """What a TVM FFI function sees of a tensor that it is called with."""
    seen: dict[str, Any] = {}

    def look(argument: tvm_ffi.Tensor) -> None:
        seen.update(kind=type(argument), device=str(argument.device), dtype=str(argument.dtype))
        seen.update(shape=tuple(argument.shape), strides=tuple(argument.strides))
        seen.update(address=argument.data_ptr(), live=fake_tensor.live_exports())

    tvm_ffi.convert(look)(tensor)
    return seen


def test_it_arrives_as_the_tensor_it_says_it_is() -> None:
    array = np.arange(24, dtype=np.uint16).reshape(4, 6)[::2, 1:]
    tensor = FakeTensor(array, "bf16", device=1)
    assert passed(tensor) == {
        "kind": tvm_ffi.Tensor,
        "device": "cuda:1",
        "dtype": "bfloat16",
        "shape": (2, 5),
        "strides": (12, 1),
        "address": array.ctypes.data,
        "live": 1,
    }
    assert (tensor.shape, tensor.strides) == ((2, 5), (12, 1))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("i1", "bool"),
        ("i8", "int8"),
        ("u16", "uint16"),
        ("fp16", "float16"),
        ("bf16", "bfloat16"),
        ("fp32", "float32"),
        ("fp64", "float64"),
        ("fp8e4nv", "float8_e4m3fn"),
        ("fp8e5", "float8_e5m2"),
        ((2, 32, 4), "float32x4"),
    ],
)
def test_every_dtype_keeps_its_name(name: str | tuple[int, int, int], expected: str) -> None:
    _, bits, lanes = DTYPES[name] if isinstance(name, str) else name
    array = np.zeros(3, dtype=f"V{bits * lanes // 8}")
    assert passed(FakeTensor(array, name))["dtype"] == expected


@pytest.mark.parametrize("name", ["bool", "int64", "uint8", "float16", "float64"])
def test_the_dtype_is_the_arrays_own_unless_given(name: str) -> None:
    assert passed(FakeTensor(np.zeros(3, dtype=name)))["dtype"] == name


def test_a_dtype_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match="float32 does not hold the bits of bf16"):
        FakeTensor(np.zeros(3, np.float32), "bf16")


@pytest.mark.parametrize(
    ("device_type", "expected"),
    [
        (CPU, "cpu:3"),
        (CUDA, "cuda:3"),
        (CUDA_HOST, "cuda_host:3"),
        (CUDA_MANAGED, "cuda_managed:3"),
    ],
)
def test_it_lives_where_it_says(device_type: int, expected: str) -> None:
    tensor = FakeTensor(np.zeros(3), device=3, device_type=device_type)
    assert passed(tensor)["device"] == expected
    assert tensor.__dlpack_device__() == (device_type, 3)


def test_a_byte_offset_does_not_move_the_first_element() -> None:
    array = np.zeros(8, np.float32)[2:]
    tensor = FakeTensor(array, byte_offset=8)
    assert passed(tensor)["address"] == tensor.address == array.ctypes.data


def test_an_address_may_be_made_up() -> None:
    assert passed(FakeTensor(np.zeros(8, np.float32), address=0x7F0000000004))["address"] == (
        0x7F0000000004
    )


def test_no_elements_and_no_dimensions() -> None:
    empty = passed(FakeTensor(np.zeros((3, 0), np.float32), byte_offset=16))
    assert (empty["shape"], empty["address"]) == ((3, 0), 16)
    assert passed(FakeTensor(np.zeros((0, 4), np.float32)))["address"] == 0
    scalar = passed(FakeTensor(np.zeros((), np.float32)))
    assert (scalar["shape"], scalar["strides"]) == ((), ())


def test_compact_strides_may_be_left_out() -> None:
    assert passed(FakeTensor(np.zeros((2, 3), np.float32), strides=False))["strides"] == (3, 1)


def test_a_capsule_that_nobody_takes_is_released() -> None:
    before = fake_tensor.live_exports()
    capsule = FakeTensor(np.zeros(3)).__dlpack__(stream=1, max_version=(1, 0))
    assert fake_tensor.live_exports() == before + 1
    del capsule
    assert fake_tensor.live_exports() == before


def test_a_tensor_may_be_kept_and_released_by_another_thread() -> None:
    array = np.arange(3, dtype=np.float32)
    kept = [tvm_ffi.from_dlpack(FakeTensor(array, device_type=CPU)) for _ in range(50)]
    references = sys.getrefcount(array)
    assert np.from_dlpack(kept[0]).tolist() == [0, 1, 2]
    thread = threading.Thread(target=kept.clear)
    thread.start()
    thread.join()
    assert sys.getrefcount(array) < references


def test_a_tensor_held_at_exit_does_no_harm() -> None:
    source = (
        "import numpy, tvm_ffi\n"
        "from tests.support.fake_tensor import FakeTensor\n"
        "held = tvm_ffi.from_dlpack(FakeTensor(numpy.zeros(3)))\n"
        "capsule = FakeTensor(numpy.zeros(3)).__dlpack__()\n"
        "tvm_ffi.register_global_func('tests.fake_tensor.hold', lambda: (held, capsule))\n"
    )
    command = [sys.executable, "-c", source]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
