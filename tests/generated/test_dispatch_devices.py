"""Which device, context and stream a call uses, what it loads there, and that it does so once."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.support import standin
from tests.support.calls import arguments, run_child, tensor
from tests.support.sample import Sample

LOADING = (
    "cuInit",
    "cuDevicePrimaryCtxRetain",
    "cuThreadExchangeStreamCaptureMode",
    "cuLibraryLoadData",
    "cuLibraryGetKernel",
    "cuKernelSetAttribute",
    "cuKernelGetFunction",
)


def halves(device: int) -> dict[str, Any]:
    """Arguments of scale on a device."""
    return {
        "x_ptr": tensor(8, dtype="fp16", device=device),
        "out_ptr": tensor(8, dtype="fp16", device=device),
    }


@contextmanager
def current(context: int) -> Iterator[None]:
    """A context, or none at all, is current, and the call leaves it so."""
    if context == 0:
        assert standin.current_context() == 0
        yield
        assert standin.current_context() == 0
    else:
        with standin.context(context):
            yield


# Images


def test_each_device_gets_its_image(sample: Sample) -> None:
    capabilities = {
        80: "sm_80",
        86: "sm_80",
        87: "sm_80",
        89: "sm_80",
        90: "sm_90",
        95: "compute_80",  # such a device there is not: sm_90 is for 9.0 itself
        100: "compute_80",
        103: "compute_80",
        110: "compute_80",
        120: "compute_80",
        121: "compute_80",
    }
    source = """
        from pathlib import Path
        from tests.support.sample import Sample
        sample = Sample(Path(sys.argv[1], "sample_wrappers"))
        for device in [*range(11), 0]:
            half = tensor(8, dtype="fp16", device=device)
            sample.wrapper("scale")(*arguments("scale", x_ptr=half, out_ptr=half))
        launches = standin.launches()
        assert [launch.device for launch in launches] == [*range(11), 0]
        print(*(sample.targets(launch).pop() for launch in launches))
        print(standin.calls("cuLibraryLoadData"), standin.calls("cuKernelGetFunction"))
    """
    output = run_child(sample, source, standin.environment([*capabilities]))
    targets, counts = output.splitlines()
    assert targets.split() == [*capabilities.values(), "sm_80"]
    assert counts == "3 11"


@pytest.mark.parametrize("name", ["scale", "product"])
def test_an_image_is_loaded_once_and_prepared_on_each_device(
    sample: Sample, tmp_path: Path, name: str
) -> None:
    function = sample.fresh(tmp_path)[name]
    large = name == "product"
    for device in (0, 1, 0, 1):
        changes = {"x_ptr": tensor(8, dtype="fp16", device=device)} if large else halves(device)
        function(*arguments(name, **changes))
    assert [launch.device for launch in standin.launches()] == [0, 1, 0, 1]
    counts = {call: standin.calls(call) for call in LOADING}
    assert counts == {
        "cuInit": 1,
        "cuDevicePrimaryCtxRetain": 2,
        "cuThreadExchangeStreamCaptureMode": 4,
        "cuLibraryLoadData": 1,
        "cuLibraryGetKernel": 1,
        "cuKernelSetAttribute": 2 * large,
        "cuKernelGetFunction": 2,
    }
    standin.reset()
    function(*arguments(name, x_ptr=tensor(8, dtype="fp16", device=1), out_ptr=4096))
    assert not any(standin.calls(call) for call in LOADING)
    assert standin.calls("cuLaunchKernelEx") == 1


def test_the_primary_context_is_known_after_the_first_launch(
    sample: Sample, tmp_path: Path
) -> None:
    """So that no launch has to ask for its device."""
    function = sample.fresh(tmp_path).scale
    with current(standin.primary_context(0)):
        function(*arguments("scale"))
        asked = standin.calls("cuCtxGetDevice")
        for _ in range(3):
            function(*arguments("scale"))
    assert standin.calls("cuCtxGetDevice") == asked
    assert standin.calls("cuDevicePrimaryCtxRetain") == 1


def test_no_primary_context_is_made_where_none_is_in_use(sample: Sample) -> None:
    source = """
        import tvm_ffi
        from tests.support.calls import arguments
        function = tvm_ffi.load_module(sys.argv[1])["scale"]
        with standin.context(standin.create_context(0)):
            function(*arguments("scale"))
            function(*arguments("scale"))
        names = ("cuDevicePrimaryCtxGetState", "cuDevicePrimaryCtxRetain")
        print(*map(standin.calls, names))
    """
    assert standin.run_child(source, str(sample.library), devices=[90]) == "1 0\n"


def test_each_variant_is_loaded_when_it_is_first_used(sample: Sample, tmp_path: Path) -> None:
    function = sample.fresh(tmp_path).scale
    for count, changes in enumerate([{}, {"BLOCK": 512}, {"bias_ptr": 4096}, {"x_ptr": 4098}], 1):
        function(*arguments("scale", **changes))
        function(*arguments("scale", **changes))
        assert standin.calls("cuLibraryLoadData") == count
    assert len({launch.image for launch in standin.launches()}) == 4


def test_threads_at_once_load_once(sample: Sample, tmp_path: Path) -> None:
    function = sample.fresh(tmp_path).scale
    together = threading.Barrier(8)
    errors: list[Exception] = []

    def call() -> None:
        try:
            together.wait(30)
            function(*arguments("scale"))
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=call) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    launches = standin.launches()
    assert len({launch.thread for launch in launches}) == len(launches) == 8
    once = ("cuInit", "cuDevicePrimaryCtxRetain", "cuLibraryLoadData", "cuLibraryGetKernel")
    assert [standin.calls(call) for call in once] == [1, 1, 1, 1]


def test_the_first_call_may_come_while_a_graph_is_captured(sample: Sample, tmp_path: Path) -> None:
    standin.capture(True)
    sample.fresh(tmp_path).product(*arguments("product"))
    assert standin.launch().shared_limit == 65536
    mode = ctypes.c_int(1)
    exchange = ctypes.CDLL(standin.SONAME).cuThreadExchangeStreamCaptureMode
    assert exchange(ctypes.byref(mode)) == 0
    assert mode.value == 0  # the thread's own mode, as before the call


# Contexts


@pytest.mark.parametrize("device", [0, 1, None])
def test_the_context_of_a_launch(sample: Sample, device: int | None) -> None:
    """Tensors decide the device, else the current context; its own context is kept if current."""
    name, changes = ("reduce", {}) if device is None else ("scale", halves(device))
    primaries = [standin.primary_context(0), standin.primary_context(1)]
    foreign = [standin.create_context(0), standin.create_context(1)]
    for context, place in [
        (0, 0),
        *((one, n) for pair in (primaries, foreign) for n, one in enumerate(pair)),
    ]:
        with current(context):
            before = standin.calls("cuCtxPushCurrent_v2")
            sample.function(name)(*arguments(name, **changes))
            pushed = standin.calls("cuCtxPushCurrent_v2") - before
        launch = standin.launches()[-1]
        wanted = place if device is None else device
        assert launch.device == wanted
        stays = context != 0 and place == wanted
        assert launch.context == (context if stays else primaries[wanted])
        assert pushed == (not stays)
    assert standin.calls("cuCtxPopCurrent_v2") == standin.calls("cuCtxPushCurrent_v2")


def test_a_refused_call_leaves_the_contexts_alone(sample: Sample) -> None:
    standin.fail("cuLaunchKernelEx", 1)
    with current(standin.primary_context(1)), pytest.raises(RuntimeError):
        sample.function("scale")(*arguments("scale"))
    with current(0), pytest.raises(ValueError, match="the launch grid"):
        sample.function("explicit")(*arguments("explicit", gy=-1))


# Streams


class Stream:
    """A stream object, as torch.cuda.Stream is one."""

    def __cuda_stream__(self) -> tuple[int, int]:
        return 0, 0x5EED


@pytest.mark.parametrize(
    ("given", "handle"),
    [
        (0, 0),
        (1, 1),
        (2, 2),
        (0x7F0000001000, 0x7F0000001000),
        (2**63, 2**63),
        (2**64 - 1, 2**64 - 1),
        (ctypes.c_void_p(0x5EED), 0x5EED),
        (ctypes.c_void_p(), 0),
        (Stream(), 0x5EED),
    ],
    ids=range(9),
)
def test_a_stream_that_is_given(sample: Sample, given: Any, handle: int) -> None:
    import tvm_ffi

    with tvm_ffi.use_raw_stream(tvm_ffi.device("cuda", 0), 0xBAD):
        sample.wrapper("scale")(*arguments("scale"), given)
        sample.function("scale")(*arguments("scale", **halves(1)), given)
    assert [launch.stream for launch in standin.launches()] == [handle, handle]


def test_the_stream_of_the_environment(sample: Sample) -> None:
    import tvm_ffi

    function = sample.function("scale")
    with (
        tvm_ffi.use_raw_stream(tvm_ffi.device("cuda", 0), 0xA0),
        tvm_ffi.use_raw_stream(tvm_ffi.device("cuda", 1), 0xA1),
    ):
        function(*arguments("scale"))
        function(*arguments("scale"), None)
        sample.wrapper("scale")(*arguments("scale", **halves(1)))
        sample.function("reduce")(*arguments("reduce"))
        with standin.context(standin.create_context(1)):
            sample.function("reduce")(*arguments("reduce"))
    function(*arguments("scale"))
    streams = [(launch.device, launch.stream) for launch in standin.launches()]
    assert streams == [(0, 0xA0), (0, 0xA0), (1, 0xA1), (0, 0xA0), (1, 0xA1), (0, 0)]
