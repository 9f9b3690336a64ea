"""The stand-in driver's older handles, which Triton's own launcher uses: modules and functions."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator

import pytest

from tests.support import every_type, standin
from tests.support.bare_driver import (
    CAPTURING,
    INVALID_CONTEXT,
    INVALID_HANDLE,
    INVALID_VALUE,
    MAX_DYNAMIC_SHARED,
    NO_BINARY,
    NOT_FOUND,
    Driver,
    fresh_driver,
)

MAX_THREADS, SHARED_SIZE, LOCAL_SIZE, REGISTERS = 0, 1, 3, 4


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("images")
    files = every_type.compile_images(folder, (80, 90))
    return {name: path.read_bytes() for name, path in files.items()}


@pytest.fixture
def driver() -> Iterator[Driver]:
    with fresh_driver() as driver:
        yield driver


def load(driver: Driver, image: bytes) -> tuple[int, ctypes.c_void_p]:
    module = ctypes.c_void_p()
    return driver.call("cuModuleLoadData", ctypes.byref(module), image), module


def function_of(driver: Driver, module: ctypes.c_void_p, name: str) -> tuple[int, ctypes.c_void_p]:
    function = ctypes.c_void_p()
    found = driver.call("cuModuleGetFunction", ctypes.byref(function), module, name.encode())
    return found, function


def attribute(driver: Driver, number: int, function: ctypes.c_void_p) -> tuple[int, int]:
    value = ctypes.c_int()
    return driver.call("cuFuncGetAttribute", ctypes.byref(value), number, function), value.value


def test_a_function_of_a_module_is_launched(driver: Driver, images: dict[str, bytes]) -> None:
    image = images["sm_90.cubin"]
    result, module = load(driver, image)
    assert result == 0
    assert function_of(driver, module, "other")[0] == NOT_FOUND
    result, function = function_of(driver, module, every_type.NAME)
    assert result == 0
    assert driver.launch(function) == 0
    assert standin.launch().image.matches(image)
    assert driver.call("cuModuleUnload", module) == 0
    assert driver.call("cuModuleUnload", module) == INVALID_HANDLE
    assert driver.launch(function) == INVALID_HANDLE


def test_a_module_is_of_the_current_context(driver: Driver, images: dict[str, bytes]) -> None:
    assert load(driver, images["sm_80.cubin"])[0] == NO_BINARY
    standin.clear_contexts()
    assert load(driver, images["sm_90.cubin"])[0] == INVALID_CONTEXT


def test_no_module_is_loaded_while_a_graph_is_captured(
    driver: Driver, images: dict[str, bytes]
) -> None:
    status = ctypes.c_int(7)
    assert driver.call("cuStreamIsCapturing", None, ctypes.byref(status)) == 0
    assert status.value == 0
    standin.capture(True)
    assert load(driver, images["sm_90.cubin"])[0] == CAPTURING
    assert driver.call("cuStreamIsCapturing", None, ctypes.byref(status)) == 0
    assert status.value == 1


def test_a_function_tells_what_the_image_does(driver: Driver, images: dict[str, bytes]) -> None:
    _, module = load(driver, images["sm_90.cubin"])
    _, function = function_of(driver, module, every_type.NAME)
    assert attribute(driver, MAX_THREADS, function) == (0, 128)
    assert attribute(driver, SHARED_SIZE, function) == (0, 0)
    assert attribute(driver, LOCAL_SIZE, function) == (0, 0)
    result, registers = attribute(driver, REGISTERS, function)
    assert result == 0
    assert 0 < registers < 256
    assert attribute(driver, 99, function)[0] == INVALID_VALUE
    assert attribute(driver, REGISTERS, ctypes.c_void_p(8))[0] == INVALID_HANDLE


def test_a_function_is_allowed_shared_memory(driver: Driver, images: dict[str, bytes]) -> None:
    _, module = load(driver, images["sm_90.cubin"])
    _, function = function_of(driver, module, every_type.NAME)
    allow = (function, MAX_DYNAMIC_SHARED)
    assert driver.call("cuFuncSetAttribute", *allow, 232449) == INVALID_VALUE
    assert driver.call("cuFuncSetAttribute", *allow, 100000) == 0
    assert driver.call("cuFuncSetCacheConfig", function, 1) == 0
    assert driver.call("cuFuncSetCacheConfig", function, 4) == INVALID_VALUE
    assert driver.call("cuFuncSetCacheConfig", ctypes.c_void_p(8), 1) == INVALID_HANDLE
    assert driver.launch(function, shared=100000) == 0
    assert standin.launch().shared_limit == 100000
    standin.clear_contexts()
    assert driver.call("cuFuncSetAttribute", *allow, 100000) == INVALID_CONTEXT


def test_an_address_is_that_of_a_device(driver: Driver) -> None:
    found = ctypes.c_uint64()
    address = ctypes.c_uint64(0x7F00_0000_0008)
    assert driver.call("cuPointerGetAttribute", ctypes.byref(found), 3, address) == 0
    assert found.value == address.value
    assert driver.call("cuPointerGetAttribute", ctypes.byref(found), 2, address) == INVALID_VALUE


def test_the_buffer_of_printf_has_a_limit(driver: Driver) -> None:
    size = ctypes.c_size_t()
    assert driver.call("cuCtxGetLimit", ctypes.byref(size), 1) == 0
    assert size.value == 1 << 20
    assert driver.call("cuCtxSetLimit", 1, ctypes.c_size_t(1 << 21)) == 0
    assert driver.call("cuCtxSetLimit", 0, ctypes.c_size_t(1)) == INVALID_VALUE
    assert driver.call("cuCtxGetLimit", ctypes.byref(size), 0) == INVALID_VALUE
