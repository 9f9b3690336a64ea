"""The stand-in driver refuses what the real one refuses and records what it was really given."""

import ctypes
import os
import struct
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from elftools.elf.dynamic import DynamicSection
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from tests.support import every_type, standin
from tests.support.bare_driver import (
    CAPTURING,
    INVALID_CONTEXT,
    INVALID_DEVICE,
    INVALID_HANDLE,
    INVALID_VALUE,
    MAX_DYNAMIC_SHARED,
    NO_DEVICE,
    NOT_FOUND,
    NOT_INITIALIZED,
    Driver,
    fresh_driver,
)

TYPES, SIZES = every_type.TYPES, every_type.SIZES


@pytest.fixture(scope="module")
def cubin(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("images")
    return every_type.compile_images(folder, (90,))["sm_90.cubin"].read_bytes()


@pytest.fixture
def driver() -> Iterator[Driver]:
    with fresh_driver() as driver:
        yield driver


@pytest.fixture
def kernel(driver: Driver, cubin: bytes) -> ctypes.c_void_p:
    return driver.kernel(cubin)


def in_thread(action: Callable[[], Any]) -> Any:
    answers: list[Any] = []
    thread = threading.Thread(target=lambda: answers.append(action()))
    thread.start()
    thread.join()
    return answers[0]


# The library


def test_exports_the_driver_and_the_controls_only() -> None:
    with standin.build().open("rb") as file:
        elf = ELFFile(file)
        symbols = elf.get_section_by_name(".dynsym")
        dynamic = elf.get_section_by_name(".dynamic")
        assert isinstance(symbols, SymbolTableSection)
        assert isinstance(dynamic, DynamicSection)
        defined = (one for one in symbols.iter_symbols() if one["st_shndx"] != "SHN_UNDEF")
        exported = {one.name for one in defined}
        names = [str(tag) for tag in dynamic.iter_tags("DT_SONAME")]
    assert len(names) == 1
    assert "libcuda.so.1" in names[0]
    assert {one for one in exported if not one.startswith("standin_")} == {*standin.call_names()}


def test_a_later_dlopen_by_soname_finds_it(driver: Driver) -> None:
    found = ctypes.CDLL("libcuda.so.1", mode=os.RTLD_NOLOAD | os.RTLD_NOW)
    assert found._handle == ctypes.CDLL(str(standin.build()))._handle


def test_another_configuration_is_refused_once_it_runs(driver: Driver) -> None:
    standin.install()
    with pytest.raises(RuntimeError, match=r"use standin\.run_child for another set"):
        standin.install([90, 90, 90])
    with pytest.raises(RuntimeError):
        standin.install(driver=12000)


def test_a_child_has_its_own_devices() -> None:
    source = """
        import ctypes
        from tests.support.bare_driver import Driver
        driver, answer = Driver(), ctypes.c_int()
        for device in range(3):
            for attribute in 75, 76, 97, 16, 1:
                driver.call("cuDeviceGetAttribute", ctypes.byref(answer), attribute, device)
                print(answer.value, end=" ")
        driver.call("cuDriverGetVersion", ctypes.byref(answer))
        print(answer.value, driver.call("cuDeviceGetAttribute", ctypes.byref(answer), 75, 3))
    """
    output = standin.run_child(
        source, devices=[80, 121, 90], shared_bytes=[0, 0, 70000], driver=12040
    )
    assert output.split() == [
        *("8", "0", "166912", "108", "1024"),
        *("12", "1", "101376", "48", "1024"),
        *("9", "0", "70000", "132", "1024"),
        *("12040", "101"),
    ]


def test_a_failing_child_is_told_with_its_traceback() -> None:
    with pytest.raises(AssertionError, match="no device 2"):
        standin.run_child("standin.primary_context(2)")


def test_without_a_device_it_cannot_be_initialised() -> None:
    source = "import ctypes; print(ctypes.CDLL('libcuda.so.1').cuInit(0))"
    assert standin.run_child(source, devices=[]) == f"{NO_DEVICE}\n"


def test_only_a_few_calls_work_before_it_is_initialised() -> None:
    source = """
        import ctypes
        library = ctypes.CDLL("libcuda.so.1")
        answer = ctypes.c_void_p()
        for name in standin.call_names():
            if name != "cuInit":
                print(name, getattr(library, name)(*([ctypes.byref(answer)] * 11)))
    """
    results = dict(line.split() for line in standin.run_child(source).splitlines())
    others = {name for name, result in results.items() if int(result) != NOT_INITIALIZED}
    assert others == {"cuDriverGetVersion", "cuGetErrorName", "cuGetErrorString"}


def test_errors_have_the_names_and_texts_of_the_real_driver(driver: Driver) -> None:
    text = ctypes.c_char_p()
    for code, name, description in (
        (0, b"CUDA_SUCCESS", b"no error"),
        (1, b"CUDA_ERROR_INVALID_VALUE", b"invalid argument"),
        (222, b"CUDA_ERROR_UNSUPPORTED_PTX_VERSION", None),
    ):
        assert driver.call("cuGetErrorName", code, ctypes.byref(text)) == 0
        assert text.value == name
        assert driver.call("cuGetErrorString", code, ctypes.byref(text)) == 0
        assert description in (None, text.value)
    assert driver.call("cuGetErrorName", 12345, ctypes.byref(text)) == INVALID_VALUE
    assert text.value is None


# Launches


def test_a_launch_is_recorded_as_it_was_given(
    driver: Driver, kernel: ctypes.c_void_p, cubin: bytes
) -> None:
    formats = ["<Q", "<B", "<b", "<B", "<h", "<H", "<i", "<I", "<q", "<Q", "<e"]
    given = [
        0x7F0000001000,
        1,
        -8,
        200,
        -1600,
        60000,
        -(2**31),
        2**32 - 1,
        -(2**63),
        2**64 - 1,
        1.5,
    ]
    values = [struct.pack(form, one) for form, one in zip(formats, given, strict=True)]
    values += [b"\xc0\xbf", struct.pack("<f", 0.25), struct.pack("<d", 1e300), bytes(8), bytes(8)]
    assert driver.launch(kernel, (5, 6, 7), shared=1024, stream=0x5EED, values=values) == 0
    launch = standin.launch()
    assert launch.values(*TYPES) == (*given, -1.5, 0.25, 1e300)
    assert launch.parameters == tuple(values)
    assert (launch.kernel, launch.grid, launch.block) == ("every_type", (5, 6, 7), (128, 1, 1))
    assert (launch.shared_bytes, launch.stream, launch.device) == (1024, 0x5EED, 0)
    assert launch.context == standin.primary_context(0)
    assert launch.thread == threading.get_native_id()
    assert launch.attributes == ()
    assert launch.attribute(4) is None
    assert (launch.image.kind, launch.image.target) == ("cubin", "sm_90a")
    assert launch.image.matches(cubin)
    assert not launch.image.matches(cubin[:-1])
    with pytest.raises(ValueError, match="a parameter of 2 bytes is not i32"):
        launch.value(4, "i32")


@pytest.mark.parametrize(
    "arguments",
    [
        {"grid": (0, 1, 1)},
        {"grid": (1, 1, 0)},
        {"grid": (2**31, 1, 1)},
        {"grid": (1, 65536, 1)},
        {"grid": (1, 1, 65536)},
        {"block": (64, 1, 1)},
        {"block": (128, 2, 1)},
        {"shared": 48 * 1024 + 1},
    ],
    ids=str,
)
def test_a_wrong_shape_is_refused_and_not_recorded(
    driver: Driver, kernel: ctypes.c_void_p, arguments: dict[str, Any]
) -> None:
    assert driver.launch(kernel, **arguments) == INVALID_VALUE
    assert standin.launches() == []
    assert driver.launch(kernel, (2**31 - 1, 65535, 65535), shared=48 * 1024) == 0


def test_much_shared_memory_is_allowed_per_kernel_and_device(
    driver: Driver, kernel: ctypes.c_void_p
) -> None:
    assert driver.allow(kernel, MAX_DYNAMIC_SHARED, 232449) == INVALID_VALUE
    assert driver.allow(kernel, MAX_DYNAMIC_SHARED, 100000) == 0
    assert driver.allow(kernel, MAX_DYNAMIC_SHARED, 100000, 2) == INVALID_DEVICE
    assert driver.allow(kernel, 1, 100000) == INVALID_VALUE
    assert driver.launch(kernel, shared=100000) == 0
    assert driver.launch(kernel, shared=100001) == INVALID_VALUE
    assert standin.launch().shared_limit == 100000
    with standin.context(standin.primary_context(1)):
        assert driver.launch(kernel, shared=100000) == INVALID_VALUE


def test_missing_parameters_are_refused(driver: Driver, kernel: ctypes.c_void_p) -> None:
    shape = (1, 1, 1, 128, 1, 1, 0, None)
    assert driver.call("cuLaunchKernel", kernel, *shape, None, None) == INVALID_VALUE
    empty = (ctypes.c_void_p * len(SIZES))()
    assert driver.call("cuLaunchKernel", kernel, *shape, empty, None) == INVALID_VALUE


def test_parameters_may_come_packed(driver: Driver, kernel: ctypes.c_void_p) -> None:
    assert driver.launch(kernel) == 0
    first = standin.launch()
    packed = bytearray(range(first.offsets[-1] + 8))
    buffer = ctypes.create_string_buffer(bytes(packed), len(packed))
    size = ctypes.c_size_t(len(packed))
    extra = (ctypes.c_void_p * 5)(1, ctypes.addressof(buffer), 2, ctypes.addressof(size), 0)
    shape = (1, 1, 1, 128, 1, 1, 0, None)
    assert driver.call("cuLaunchKernel", kernel, *shape, None, extra) == 0
    second = standin.launches()[1]
    for offset, data in zip(second.offsets, second.parameters, strict=True):
        assert data == packed[offset : offset + len(data)]
    size.value -= 1
    assert driver.call("cuLaunchKernel", kernel, *shape, None, extra) == INVALID_VALUE


def test_an_unloaded_library_is_no_longer_found(driver: Driver, cubin: bytes) -> None:
    _, library = driver.load(cubin)
    kernel = ctypes.c_void_p()
    assert driver.call("cuLibraryGetKernel", ctypes.byref(kernel), library, b"every_type") == 0
    assert driver.call("cuLibraryGetKernel", ctypes.byref(kernel), library, b"other") == NOT_FOUND
    assert driver.call("cuLibraryUnload", library) == 0
    assert driver.call("cuLibraryUnload", library) == INVALID_HANDLE
    assert driver.launch(kernel) == INVALID_HANDLE
    assert driver.allow(kernel, MAX_DYNAMIC_SHARED, 1) == INVALID_HANDLE


# Contexts, streams, capture


def test_each_thread_has_its_own_contexts(driver: Driver, kernel: ctypes.c_void_p) -> None:
    first, second = standin.primary_context(0), standin.primary_context(1)
    assert driver.current() == first
    assert in_thread(driver.current) == 0
    assert in_thread(lambda: driver.launch(kernel)) == INVALID_CONTEXT
    with standin.context(second):
        assert driver.launch(kernel) == 0
        assert driver.current() == second
    assert driver.current() == first
    assert standin.launch().device == 1


def test_setting_replaces_the_top_and_pushing_does_not(driver: Driver) -> None:
    first, second = (ctypes.c_void_p(standin.primary_context(one)) for one in (0, 1))
    popped, device = ctypes.c_void_p(), ctypes.c_int()
    assert driver.call("cuCtxPushCurrent_v2", second) == 0
    assert driver.call("cuCtxGetDevice", ctypes.byref(device)) == 0
    assert device.value == 1
    assert driver.call("cuCtxSetCurrent", first) == 0
    assert driver.call("cuCtxPopCurrent_v2", ctypes.byref(popped)) == 0
    assert (popped.value, driver.current()) == (first.value, first.value)
    assert driver.call("cuCtxSetCurrent", None) == 0
    assert driver.current() == 0
    assert driver.call("cuCtxPopCurrent_v2", ctypes.byref(popped)) == INVALID_CONTEXT
    assert driver.call("cuCtxGetDevice", ctypes.byref(device)) == INVALID_CONTEXT
    assert driver.call("cuCtxSetCurrent", ctypes.c_void_p(0x1234)) == INVALID_CONTEXT


def test_a_created_context_is_not_the_primary_one(driver: Driver, kernel: ctypes.c_void_p) -> None:
    created = ctypes.c_void_p()
    assert driver.call("cuCtxCreate_v2", ctypes.byref(created), 0, 1) == 0
    assert driver.current() == created.value != standin.primary_context(1)
    assert driver.launch(kernel) == 0
    assert (standin.launch().context, standin.launch().device) == (created.value, 1)
    other = standin.create_context(1)
    assert other not in (created.value, driver.current())
    standin.clear_contexts()
    assert driver.current() == standin.current_context() == 0


def test_code_that_leaves_another_context_current_is_found(driver: Driver) -> None:
    expected = pytest.raises(AssertionError, match="was left current")
    with expected, standin.context(standin.primary_context(1)):
        standin.push_context(standin.primary_context(0))


def test_a_stream_may_belong_to_a_context(driver: Driver, kernel: ctypes.c_void_p) -> None:
    context = ctypes.c_void_p()
    standin.bind_stream(0x5EED, standin.primary_context(1))
    for stream, device in ((0, 0), (1, 0), (0xFEED, 0), (0x5EED, 1)):
        handle = ctypes.c_void_p(stream)
        assert driver.call("cuStreamGetCtx", handle, ctypes.byref(context)) == 0
        assert context.value == standin.primary_context(device)
        assert driver.launch(kernel, stream=stream) == 0
    assert [one.device for one in standin.launches()] == [0, 0, 0, 1]
    with pytest.raises(ValueError, match="stream 0x1 cannot be bound"):
        standin.bind_stream(1, standin.primary_context(0))


def test_loading_while_a_graph_is_captured_needs_the_relaxed_mode(
    driver: Driver, kernel: ctypes.c_void_p, cubin: bytes
) -> None:
    standin.capture(True)
    assert driver.load(cubin)[0] == CAPTURING
    assert driver.launch(kernel) == 0
    mode = ctypes.c_int(2)
    assert driver.call("cuThreadExchangeStreamCaptureMode", ctypes.byref(mode)) == 0
    assert mode.value == 0
    assert driver.load(cubin)[0] == 0
    assert in_thread(lambda: driver.load(cubin)[0]) == CAPTURING
    assert driver.call("cuThreadExchangeStreamCaptureMode", ctypes.byref(mode)) == 0
    assert mode.value == 2
    assert driver.load(cubin)[0] == CAPTURING
    mode.value = 3
    assert driver.call("cuThreadExchangeStreamCaptureMode", ctypes.byref(mode)) == INVALID_VALUE


# Controls


def test_a_call_can_be_told_to_fail(driver: Driver, kernel: ctypes.c_void_p) -> None:
    standin.fail("cuLaunchKernel", 719, skip=1, count=2)
    assert [driver.launch(kernel) for _ in range(5)] == [0, 719, 719, 0, 0]
    standin.fail("cuLaunchKernel", 700, count=None)
    assert [driver.launch(kernel) for _ in range(3)] == [700] * 3
    assert standin.calls("cuLaunchKernel") == 8
    assert len(standin.launches()) == 3
    standin.reset()
    assert standin.calls("cuLaunchKernel") == 0
    assert standin.launches() == []
    standin.push_context(standin.primary_context(0))
    assert driver.launch(kernel) == 0
    for wrong in (standin.calls, lambda name: standin.fail(name, 1)):
        with pytest.raises(ValueError, match="no call cuLaunch"):
            wrong("cuLaunch")


def test_a_reset_clears_the_contexts_of_every_thread(driver: Driver) -> None:
    standing, again = threading.Event(), threading.Event()

    def push_and_look() -> int:
        standin.push_context(standin.primary_context(0))
        standing.set()
        again.wait(10)
        return driver.current()

    answers: list[int] = []
    thread = threading.Thread(target=lambda: answers.append(push_and_look()))
    thread.start()
    standing.wait(10)
    standin.reset()
    again.set()
    thread.join()
    assert answers == [0]
    assert driver.current() == 0


def test_recording_can_be_switched_off(driver: Driver, kernel: ctypes.c_void_p) -> None:
    standin.record(False)
    assert driver.launch(kernel) == 0
    standin.record(True)
    assert standin.launches() == []
    assert standin.calls("cuLaunchKernel") == 1
