"""A stream of another device than the launch's: refused, where the driver can tell."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from tests.support import library_tensor, standin
from tests.support.c_programs import compile_program, run
from tests.support.calls import arguments, check_refusal, declared, tensor
from tests.support.library_tensor import ViewedTensor
from tests.support.sample import Sample

FIRST, SECOND = 0x5E0, 0x5E1  # streams of device 0 and 1
ASKED = "cuStreamGetCtx"


@pytest.fixture(autouse=True)
def _streams(sample: Sample) -> Iterator[None]:
    standin.bind_stream(FIRST, standin.primary_context(0))
    standin.bind_stream(SECOND, standin.primary_context(1))
    yield
    library_tensor.current_streams.clear()


def refusal(device: int, index: int = 6, name: str = "scale") -> str:
    return (
        f"sample.{name} argument #{index} `stream` must be a stream of cuda:{device}, where this "
        f"launch goes, got a stream of cuda:{1 - device}"
    )


def on(device: int) -> dict[str, Any]:
    return dict.fromkeys(("x_ptr", "out_ptr"), tensor(8, dtype="fp16", device=device))


def asked() -> int:
    return standin.calls(ASKED)


@pytest.mark.parametrize("device", [0, 1])
def test_the_tensors_say_where_a_call_goes(sample: Sample, device: int) -> None:
    good, wrong = (FIRST, SECOND) if device == 0 else (SECOND, FIRST)
    check_refusal(sample, "scale", {**on(device), "stream": wrong}, ValueError, refusal(device))
    for call in (sample.wrapper("scale"), declared(sample.wrapper("scale"))):
        standin.reset()
        standin.bind_stream(good, standin.primary_context(device))
        call(*arguments("scale", **on(device), stream=good))
        assert (standin.launch().device, standin.launch().stream) == (device, good)


@pytest.mark.parametrize(("current", "device"), [(None, 0), (0, 0), (1, 1)])
def test_with_addresses_the_current_context_does(
    sample: Sample, current: int | None, device: int
) -> None:
    good, wrong = (FIRST, SECOND) if device == 0 else (SECOND, FIRST)
    there = nullcontext() if current is None else standin.context(standin.primary_context(current))
    with there:
        check_refusal(sample, "reduce", {"stream": wrong}, ValueError, refusal(device, 6, "reduce"))
        sample.wrapper("reduce")(*arguments("reduce", stream=good))
    assert standin.launch().device == device
    assert standin.current_context() == 0


def test_another_context_of_the_device_is_as_good(sample: Sample) -> None:
    standin.bind_stream(0xC0, standin.create_context(0))
    standin.bind_stream(0xC1, standin.create_context(1))
    sample.wrapper("scale")(*arguments("scale", **on(0), stream=0xC0))
    with pytest.raises(ValueError, match="got a stream of cuda:1"):
        sample.wrapper("scale")(*arguments("scale", **on(0), stream=0xC1))


def test_a_prepared_launch(sample: Sample) -> None:
    launch = sample.prepare(sample.wrapper("scale"), *arguments("scale", **on(1)))
    for current in (0, 1):
        with standin.context(standin.primary_context(current)):
            with pytest.raises(ValueError, match="argument #6 `stream`") as caught:
                launch(FIRST)
            assert str(caught.value) == f"{refusal(1)}\n{sample.signature('scale')}"
            launch(SECOND)
    assert [one.device for one in standin.launches()] == [1, 1]


def test_nothing_is_asked_about_a_stream_that_nobody_passed(sample: Sample) -> None:
    library_tensor.current_streams.update({0: FIRST, 1: SECOND})
    viewed = ViewedTensor(tensor(8).array, address=0x7F0000000000, device=1)
    given = arguments("scale", **on(1), bias_ptr=viewed)
    calls = (sample.wrapper("scale"), declared(sample.wrapper("scale")), sample.function("scale"))
    for call in calls:
        call(*given)
    launch = sample.prepare(sample.wrapper("scale"), *given)
    bound = sample.prepare(sample.wrapper("scale"), *given, SECOND)
    before = asked()
    assert before == 1
    launch()
    bound()
    for stream in (0, 1, 2):
        sample.wrapper("scale")(*given, stream)
        launch(stream)
    assert asked() == before
    assert len(standin.launches()) == 11


def test_a_driver_that_cannot_tell(sample: Sample) -> None:
    standin.fail(ASKED, 999)
    sample.wrapper("scale")(*arguments("scale", **on(0), stream=FIRST))
    assert standin.launch().device == 0


CHILD = """
import sys
sys.modules["torch"] = None
sys.path.insert(0, sys.argv[1])
from tests.support.calls import *
from sample_wrappers.choices import scale
x = tensor(8, dtype="fp16")
scale(*arguments("scale", x_ptr=x, out_ptr=x), 0x5E0)
print(standin.calls("cuStreamGetCtx"), standin.launch().stream)
"""


def test_one_device_has_no_stream_of_another(sample: Sample) -> None:
    found = standin.run_child(CHILD, str(sample.folder.parent), devices=[90])
    assert found == f"0 {0x5E0}\n"


def test_from_c(sample: Sample, tmp_path: Path) -> None:
    program = compile_program(sample, "streams.c", tmp_path / "program", ("gcc", "-std=c99"))
    text = refusal(0, 6, "reduce")
    assert run(program, log=tmp_path / "log") == f"0\n2 {text}\n0\n2 {text}\n"
    assert [one.stream for one in standin.read_log(tmp_path / "log")] == [0x5E0, 0x5E0]
