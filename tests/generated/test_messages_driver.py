"""What a call says when the CUDA driver fails, and that the next call is none the worse for it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.support import standin
from tests.support.calls import arguments, run_child, tensor
from tests.support.places import C_PROGRAMS
from tests.support.sample import Sample

HALF = {"x_ptr": tensor(8, dtype="fp16", device=1), "out_ptr": tensor(8, dtype="fp16", device=1)}
ILLEGAL = "CUDA_ERROR_ILLEGAL_ADDRESS (700): an illegal memory access was encountered"

# function, changed arguments, driver call, its good calls before, what the message says of it
FAILURES = [
    ("reduce", {}, "cuInit", 0, "cuInit failed"),
    ("scale", {}, "cuInit", 0, "cuInit failed"),
    ("reduce", {}, "cuDeviceGetCount", 0, "cuDeviceGetCount failed"),
    ("reduce", {}, "cuDeviceGet", 0, "cuDeviceGet failed on cuda:0"),
    ("reduce", {}, "cuDeviceGet", 1, "cuDeviceGet failed on cuda:1"),
    ("reduce", {}, "cuDeviceGetAttribute", 2, "cuDeviceGetAttribute failed on cuda:0"),
    ("reduce", {}, "cuDeviceGetAttribute", 4, "cuDeviceGetAttribute failed on cuda:1"),
    ("reduce", {}, "cuCtxGetCurrent", 0, "cuCtxGetCurrent failed"),
    ("reduce", {}, "cuCtxGetCurrent", 1, "cuCtxGetCurrent failed on cuda:0"),
    ("scale", HALF, "cuCtxGetCurrent", 0, "cuCtxGetCurrent failed on cuda:1"),
    ("scale", HALF, "cuDevicePrimaryCtxRetain", 0, "cuDevicePrimaryCtxRetain failed on cuda:1"),
    ("scale", HALF, "cuCtxPushCurrent_v2", 0, "cuCtxPushCurrent failed on cuda:1"),
    (
        "reduce",
        {},
        "cuThreadExchangeStreamCaptureMode",
        0,
        "cuThreadExchangeStreamCaptureMode failed on cuda:0",
    ),
    ("reduce", {}, "cuLibraryLoadData", 0, "cuLibraryLoadData failed on cuda:0"),
    ("reduce", {}, "cuLibraryGetKernel", 0, "cuLibraryGetKernel failed on cuda:0"),
    ("product", {}, "cuKernelSetAttribute", 0, "cuKernelSetAttribute failed on cuda:0"),
    ("reduce", {}, "cuKernelGetFunction", 0, "cuKernelGetFunction failed on cuda:0"),
    ("reduce", {}, "cuLaunchKernelEx", 0, "cuLaunchKernelEx failed on cuda:0"),
    ("scale", HALF, "cuLaunchKernelEx", 0, "cuLaunchKernelEx failed on cuda:1"),
]


@pytest.mark.parametrize(
    ("name", "changes", "call", "skip", "text"),
    FAILURES,
    ids=[f"{row[0]}-{row[2]}-{row[3]}" for row in FAILURES],
)
def test_a_driver_call_fails(
    sample: Sample,
    tmp_path: Path,
    name: str,
    changes: dict[str, object],
    call: str,
    skip: int,
    text: str,
) -> None:
    function = sample.fresh(tmp_path)[name]
    standin.fail(call, 700, skip=skip)
    with pytest.raises(RuntimeError) as caught:
        function(*arguments(name, **changes))
    assert str(caught.value) == f"sample.{name}: {text}: {ILLEGAL}\n{sample.signature(name)}"
    assert standin.launches() == []
    assert standin.current_context() == 0
    assert standin.calls("cuLibraryUnload") == (call == "cuLibraryGetKernel")
    function(*arguments(name, **changes))
    assert len(standin.launches()) == 1
    assert standin.current_context() == 0


def test_a_context_that_no_primary_is_may_not_tell_its_device(sample: Sample) -> None:
    text = "cuCtxGetDevice failed: CUDA_ERROR_CONTEXT_IS_DESTROYED (709): context is destroyed"
    for name in ("reduce", "scale"):
        standin.fail("cuCtxGetDevice", 709)
        with standin.context(standin.create_context(1)), pytest.raises(RuntimeError) as caught:
            sample.function(name)(*arguments(name))
        assert str(caught.value) == f"sample.{name}: {text}\n{sample.signature(name)}"
        assert standin.launches() == []


def test_a_context_that_cannot_be_popped(sample: Sample) -> None:
    standin.fail("cuCtxPopCurrent_v2", 4)
    with pytest.raises(RuntimeError) as caught:
        sample.function("reduce")(*arguments("reduce"))
    assert str(caught.value).partition("\n")[0] == (
        "sample.reduce: cuCtxPopCurrent failed on cuda:0: "
        "CUDA_ERROR_DEINITIALIZED (4): driver shutting down"
    )
    assert len(standin.launches()) == 1  # the kernel runs: what is wrong is the thread's context


def test_an_assertion_that_failed_is_told_by_each_later_call(sample: Sample) -> None:
    standin.fail("cuLaunchKernelEx", 710, count=2)
    for name in ("reduce", "scale"):
        with pytest.raises(RuntimeError) as caught:
            sample.function(name)(*arguments(name))
        assert str(caught.value) == (
            f"sample.{name}: cuLaunchKernelEx failed on cuda:0: CUDA_ERROR_ASSERT (710): "
            f"device-side assert triggered\n{sample.signature(name)}"
        )


def test_the_first_of_two_failures_is_told(sample: Sample) -> None:
    standin.fail("cuLaunchKernelEx", 700)
    standin.fail("cuCtxPopCurrent_v2", 4)
    with pytest.raises(RuntimeError, match="cuLaunchKernelEx failed on cuda:0: CUDA_ERROR_ILLEGAL"):
        sample.function("reduce")(*arguments("reduce"))


def test_a_result_that_the_driver_does_not_know(sample: Sample) -> None:
    standin.fail("cuLaunchKernelEx", 4242)
    with pytest.raises(RuntimeError) as caught:
        sample.function("reduce")(*arguments("reduce"))
    assert str(caught.value).partition("\n")[0] == (
        "sample.reduce: cuLaunchKernelEx failed on cuda:0: "
        "unknown error (4242): the driver has no text for it"
    )


@pytest.mark.parametrize(
    ("configuration", "name", "text"),
    [
        (
            {"devices": []},
            "reduce",
            "cuInit failed: CUDA_ERROR_NO_DEVICE (100): no CUDA-capable device is detected",
        ),
        (
            {"devices": [75]},
            "scale",
            "no image for sm_75, which cuda:0 is; this library holds sm_80, sm_90, compute_80",
        ),
        (
            {"devices": [90], "shared_bytes": [65535]},
            "product",
            "cannot launch on cuda:0: the kernel needs 65536 bytes of shared memory per block, "
            "and the device has 65535",
        ),
        (
            {"devices": [100], "ptx": 65},
            "scale",
            "cuLibraryLoadData of PTX failed on cuda:0: CUDA_ERROR_UNSUPPORTED_PTX_VERSION (222): "
            "the provided PTX was compiled with an unsupported toolchain.",
        ),
    ],
    ids=["no-device", "no-image", "much-shared-memory", "new-ptx"],
)
def test_a_device_is_not_enough(
    sample: Sample, configuration: dict[str, Any], name: str, text: str
) -> None:
    environment = standin.environment(**configuration)
    source = f"""
        attempt("{name}")
        attempt("{name}")
        assert standin.launches() == []
    """
    expected = f"RuntimeError sample.{name}: {text}\n"
    assert run_child(sample, source, environment) == 2 * expected


def test_only_one_device(sample: Sample) -> None:
    source = "attempt('scale', x_ptr=tensor(8, dtype='fp16', device=1), out_ptr=4096)"
    assert run_child(sample, source, standin.environment([90])) == (
        "ValueError sample.scale: cannot launch on cuda:1: the CUDA driver shows 1 device here\n"
    )


def test_no_driver(sample: Sample, tmp_path: Path) -> None:
    """A file that is no library: there may be a driver here, which is not to be found."""
    driver = tmp_path / standin.SONAME
    driver.touch()
    output = _without_the_stand_in(sample, tmp_path)
    assert output == (
        "RuntimeError sample.scale: cannot launch: the CUDA driver library could not be opened: "
        f"{driver}: file too short\n"
    )


@pytest.mark.parametrize(
    ("flags", "text"),
    [
        ([], "cannot launch: this machine has no CUDA device"),
        (
            ["-DOLD"],
            "cannot launch: libcuda.so.1 has no cuKernelGetFunction; "
            "it needs a driver for CUDA 12.1 or later",
        ),
    ],
    ids=["no-device", "old"],
)
def test_another_driver(sample: Sample, tmp_path: Path, flags: list[str], text: str) -> None:
    source = C_PROGRAMS / "other_driver.c"
    command = ["cc", "-std=c99", "-shared", "-fPIC", *flags, f"-Wl,-soname,{standin.SONAME}"]
    subprocess.run([*command, source, "-o", tmp_path / standin.SONAME], check=True)
    output = _without_the_stand_in(sample, tmp_path)
    assert output == f"RuntimeError sample.scale: {text}\n"


def _without_the_stand_in(sample: Sample, folder: Path) -> str:
    environment = {**os.environ, "LD_LIBRARY_PATH": str(folder)}
    return run_child(sample, "attempt('scale')", environment)
