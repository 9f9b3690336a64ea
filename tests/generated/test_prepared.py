"""Launches that are prepared once: the same launches as those of calls, at any time, anywhere."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import inspect
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.support import library_tensor, standin
from tests.support.c_programs import compile_program, run
from tests.support.calls import arguments, tensor
from tests.support.fake_tensor import FakeTensor, live_exports
from tests.support.features import CASES, Features, addresses
from tests.support.library_tensor import LibraryTensor
from tests.support.prepared import SCALE, launches, library, prepared
from tests.support.sample import MODULES, Sample


@pytest.fixture(autouse=True)
def _no_current_streams() -> Iterator[None]:
    library_tensor.current_streams.clear()
    yield
    library_tensor.current_streams.clear()


# The same launches


@pytest.mark.parametrize("name", MODULES)
def test_a_prepared_launch_is_the_launch_of_the_call(sample: Sample, name: str) -> None:
    expected = launches(lambda: sample.function(name)(*arguments(name)))
    launch = prepared(sample, name)
    assert len(expected) == 1
    for _ in range(3):
        assert launches(launch) == expected


@pytest.mark.parametrize("name", sorted({case.name for case in CASES}))
def test_clusters_attributes_and_scratch_memory(features: Features, name: str) -> None:
    """Scratch memory is each launch's own."""
    [expected] = launches(lambda: features.call(name, stream=0x5EED))
    launch = features.module[f"{name}.prepare"](*addresses(name))
    memory = standin.allocations()
    own = len(expected.parameters) - 2 if memory else len(expected.parameters)
    for _ in range(2):
        [found] = launches(lambda: launch(0x5EED))
        assert found.parameters[:own] == expected.parameters[:own]
        assert (found.grid, found.block, found.attributes) == (
            *(expected.grid, expected.block, expected.attributes),
        )
        assert found.shared_limit == expected.shared_limit
    assert len(standin.allocations()) == 3 * len(memory)
    assert {one.size for one in standin.allocations()} == {one.size for one in memory}
    assert all(one.given for one in standin.allocations())


def test_by_names_and_with_defaults(sample: Sample) -> None:
    call = sample.wrapper("optional")
    expected = launches(lambda: call(4096, 7, None, None))
    assert launches(sample.prepare(call, 4096, 7, None)) == expected
    assert launches(sample.prepare(call, half=None, out_ptr=4096, count=7)) == expected


def test_an_empty_grid_launches_nothing(sample: Sample) -> None:
    for changes in ({"gy": 0}, {"gx": 0, "stream": 7}):
        launch = prepared(sample, "explicit", **changes)
        assert launches(launch) == launches(partial(launch, 5)) == []
    with pytest.raises(TypeError, match="argument #6 `stream` must be a stream"):
        launch("5")


def test_values_are_those_of_the_preparation(sample: Sample) -> None:
    x = tensor(8, dtype="fp16", address=0x7F0000001000)
    launch = prepared(sample, "scale", x_ptr=x, out_ptr=x)
    x.address = 0x7F0000002000
    assert launches(launch)[0].value(0, "*fp16") == 0x7F0000001000


# When things happen


def test_all_is_done_before_the_first_launch(sample: Sample, tmp_path: Path) -> None:
    module = sample.fresh(tmp_path)
    standin.capture(True)
    launch = module["scale.prepare"](*arguments("scale"))
    steps = ("cuLibraryLoadData", "cuKernelGetFunction", "cuThreadExchangeStreamCaptureMode")
    done = {name: standin.calls(name) for name in standin.call_names()}
    assert all(done[name] for name in steps)
    for _ in range(5):
        launch()
    later = {name: standin.calls(name) - done[name] for name in standin.call_names()}
    assert later.pop("cuLaunchKernelEx") == 5
    assert {name for name, count in later.items() if count} <= {
        *("cuCtxGetCurrent", "cuCtxPushCurrent_v2", "cuCtxPopCurrent_v2"),
    }


def test_each_thread_launches_with_its_own_stream_and_scratch_memory(features: Features) -> None:
    launch = features.module["tiles.prepare"](*addresses("tiles"))

    def work(stream: int) -> None:
        for _ in range(50):
            launch(stream)

    threads = [threading.Thread(target=work, args=(stream,)) for stream in range(10, 18)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    memory = {one.address: one for one in standin.allocations()}
    found = standin.launches()
    assert len(memory) == len(found) == 400
    for one in found:
        mine = memory[int(standin.decode(one.parameters[-2], "*i8"))]
        assert mine.stream == mine.given_stream == one.stream
        assert mine.taken < one.order < mine.given


# Tensors


@pytest.mark.parametrize("make", [FakeTensor, LibraryTensor])
def test_tensors_live_as_long_as_the_launch(sample: Sample, make: type[FakeTensor]) -> None:
    gc.collect()
    before = live_exports()
    given = {"x_ptr": make(tensor(8).array, address=0x7F0000001000), "out_ptr": 8192}
    library_tensor.current_streams[0] = 0
    launch = prepared(sample, "reduce", **given)
    again = prepared(sample, "reduce", **given)
    assert live_exports() == before + 2
    del given
    gc.collect()
    assert launches(launch)[0].value(0, "*fp32") == 0x7F0000001000
    del launch
    gc.collect()
    assert live_exports() == before + 1
    del again
    gc.collect()
    assert live_exports() == before


def test_a_refused_call_keeps_nothing_alive(sample: Sample) -> None:
    gc.collect()
    before = live_exports()
    with pytest.raises(ValueError, match="launch grid"):
        prepared(sample, "explicit", register=tensor(1, dtype="i32"), gy=-1)
    gc.collect()
    assert live_exports() == before


# Devices


def test_the_device_is_that_of_the_tensors(sample: Sample) -> None:
    primaries = [standin.primary_context(device) for device in (0, 1)]
    library_tensor.current_streams[1] = 7
    launch = prepared(sample, "scale", **library(1))
    for current in (0, *primaries):
        with ExitStack() as stack:
            if current:
                stack.enter_context(standin.context(current))
            [found] = launches(launch)
            assert standin.current_context() == current
        assert (found.device, found.context) == (1, primaries[1])


def test_without_tensors_it_is_the_one_that_was_current(sample: Sample) -> None:
    own = standin.create_context(1)
    with standin.context(standin.primary_context(1)):
        launch = prepared(sample, "reduce", stream=7)
    assert launches(launch)[0].device == 1
    with standin.context(standin.primary_context(0)):
        assert launches(launch)[0].device == 1
    with standin.context(own):
        [found] = launches(launch)
    assert (found.device, found.context) == (1, own)


# Streams


class Stream:
    def __cuda_stream__(self) -> tuple[int, int]:
        return 0, 0x5EED


@pytest.mark.parametrize(
    ("given", "handle"),
    [(0, 0), (2**64 - 1, 2**64 - 1), (ctypes.c_void_p(0x5EED), 0x5EED), (Stream(), 0x5EED)],
    ids=range(4),
)
def test_a_stream_that_is_given(sample: Sample, given: Any, handle: int) -> None:
    """To the launch, or to all launches by `prepare`."""
    import tvm_ffi

    library_tensor.current_streams[0] = 0xBAD
    with tvm_ffi.use_raw_stream(tvm_ffi.device("cuda", 0), 0xBAD):
        for tensors in ({}, library()):
            launch = prepared(sample, "scale", **tensors)
            bound = prepared(sample, "scale", **tensors, stream=given)
            found = launches(partial(launch, given)) + launches(bound)
            assert [one.stream for one in found] == [handle, handle]
            assert launches(partial(bound, 3))[0].stream == 3
            assert launches(partial(bound, None))[0].stream == handle


def test_without_one_it_is_the_environments_at_the_launch(sample: Sample) -> None:
    import tvm_ffi

    launch = prepared(sample, "reduce")
    for stream in (0xA0, 0xA1):
        with tvm_ffi.use_raw_stream(tvm_ffi.device("cuda", 0), stream):
            assert launches(launch)[0].stream == stream
    assert launches(launch)[0].stream == 0


def test_or_the_one_of_the_tensors_library(sample: Sample) -> None:
    """As in a call, for which TVM FFI asks the library."""
    import tvm_ffi

    library_tensor.current_streams.update({0: 0xB0, 1: 0xB1})
    mixed = {**library(1), "bias_ptr": tensor(8, device=1)}
    with tvm_ffi.use_raw_stream(tvm_ffi.device("cuda", 0), 0xBAD):
        sample.function("scale")(*arguments("scale", **library()))
        launch, other = prepared(sample, "scale", **library()), prepared(sample, "scale", **mixed)
        launch()
        other()
        library_tensor.current_streams.update({0: 0xC0, 1: 0xC1})
        launch()
        other()
    assert [one.stream for one in standin.launches()] == [0xB0, 0xB0, 0xB1, 0xC0, 0xC1]


def test_a_library_may_tell_no_stream(sample: Sample) -> None:
    """It is as if TVM FFI knew none, which has its own current stream then."""
    for version, tells in (((2, 0), True), ((1, 3), False)):
        with unlike_others(version, tells) as kind:
            plain = tensor(8, dtype="fp16")
            x = kind(plain.array, "fp16", address=plain.address)
            package = importlib.import_module(f"{sample.folder.name}._library")
            assert package._exchange_api([4096, x]) is None
    assert package._exchange_api([4096, *library().values()]).value is not None


@contextlib.contextmanager
def unlike_others(version: tuple[int, int], tells: bool) -> Iterator[type[LibraryTensor]]:
    """Tensors of a library with an exchange API of this version."""
    api = library_tensor._ExchangeApi(version=version)
    if tells:
        api.current_stream = library_tensor._current_stream
    capsule = library_tensor._capsule_new(ctypes.addressof(api), library_tensor._NAME, None)
    yield type("Unlike", (LibraryTensor,), {"__dlpack_c_exchange_api__": capsule})


def test_prepare_is_documented_and_exported(sample: Sample) -> None:
    sample.wrapper("scale")
    package = importlib.import_module(sample.folder.name)
    assert package.__all__ == ["Launch", "prepare"]
    assert "current at the launch" in str(inspect.getdoc(package.prepare))


# From C


def test_from_c(sample: Sample, tmp_path: Path) -> None:
    program = compile_program(sample, "prepared.c", tmp_path / "program", ("gcc", "-std=c99"))
    refusals = f"""\
2 {SCALE} argument #5 `BLOCK` must be one of 256, 512, got 255 (NULL)
2 sample.explicit: the launch grid (1, 65536, 1) must have y between 0 and 65535 (NULL)
3 sample.reduce: cannot prepare a launch: out of host memory (NULL)
3 sample.reduce: cannot launch: out of host memory (NULL)
"""
    nulls = f"""\
2 tritonbind_launch_prepared: `prepared` must be a prepared launch, got NULL (NULL)
2 {SCALE}: cannot prepare a launch: `prepared` must be the address of a pointer, got NULL (NULL)
"""
    assert run(program, log=tmp_path / "log") == f"{nulls}0\n0\n0\n0\n{refusals}"
    first, second, third, *others = standin.read_log(tmp_path / "log")
    assert (first.stream, second.stream, third.stream) == (0x5EED, 0, 1)
    assert first.values("*bf16", "*bf16", "i64", "fp32") == (0x1000, 0x1000, 1000, 0.5)
    assert {one.parameters for one in (second, third)} == {first.parameters}
    assert len(others) == 800
    streams = {one.thread: one.stream for one in others}
    assert len(streams) == len(set(streams.values())) == 8
    assert all(one.parameters == first.parameters for one in others)


# TVM FFI's own tools


def test_prepare_is_a_global_too(sample: Sample) -> None:
    import tvm_ffi
    from tvm_ffi.core import TypeSchema

    sample.wrapper("reduce")
    launch = tvm_ffi.get_global_func("sample.reduce.prepare")(*arguments("reduce"))
    assert launches(launch) == launches(lambda: sample.wrapper("reduce")(*arguments("reduce")))
    metadata = tvm_ffi.get_global_func_metadata("sample.reduce.prepare")
    stream, library = "int | ctypes.c_void_p | None", "ctypes.c_void_p | None"
    pointer = "Tensor | int | ctypes.c_void_p"
    assert repr(TypeSchema.from_json_str(metadata["type_schema"])) == (
        f"Callable[[{pointer}, {pointer}, int, int, str, bool, {stream}, {library}], "
        "Callable[..., Any]]"
    )


@pytest.mark.parametrize("count", [0, 5, 9])
def test_the_number_of_arguments(sample: Sample, count: int) -> None:
    import tvm_ffi

    sample.wrapper("reduce")
    with pytest.raises(TypeError) as caught:
        tvm_ffi.get_global_func("sample.reduce.prepare")(*[None] * count)
    assert str(caught.value) == (
        "sample.reduce expects 7 arguments (x_ptr, out_ptr, rows, columns, MODE, NEGATE, stream), "
        f"of which the stream may be left out, but got {count}\n{sample.signature('reduce')}"
    )
