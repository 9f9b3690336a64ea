"""What prepares a launch, or launches one that is prepared, refuses beside what a call does."""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support import library_tensor, standin
from tests.support.calls import arguments, declared, tensor
from tests.support.prepared import SCALE, launches, library, prepared
from tests.support.sample import Sample


@pytest.fixture(autouse=True)
def _no_current_streams() -> Iterator[None]:
    library_tensor.current_streams.clear()
    yield
    library_tensor.current_streams.clear()


# Behind the stream


NO_API = (
    f"{SCALE} argument #7 `library` must be an opaque pointer to a DLPackExchangeAPI of version 1 "
    "that tells its current stream, or None, got"
)
ZEROS = ctypes.create_string_buffer(64)


@pytest.mark.parametrize(
    ("given", "error", "got"),
    [
        (8, TypeError, "8"),
        (0, TypeError, "0"),
        (-1, TypeError, "-1"),
        (2**64 - 1, TypeError, f"{2**64 - 1}"),
        (True, TypeError, "the bool True"),
        (1.5, TypeError, "the float 1.5"),
        ("api", TypeError, "the str 'api'"),
        (tensor(8), TypeError, "a float32 tensor of shape (8,) on cuda:0"),
        *(
            (ctypes.c_void_p(address), ValueError, "an opaque pointer")
            for address in (
                *(0, 8, 9, 0x1000, 2**64 - 1, 2**64 - 8, 2**63),
                *(ctypes.addressof(ZEROS), ctypes.addressof(library_tensor._API) + 1),
            )
        ),
    ],
)
def test_what_is_no_exchange_api(
    sample: Sample, given: Any, error: type[Exception], got: str
) -> None:
    import tvm_ffi

    sample.wrapper("scale")
    with pytest.raises(error) as caught:
        tvm_ffi.get_global_func("sample.scale.prepare")(*arguments("scale"), None, given)
    assert str(caught.value) == f"{NO_API} {got}\n{sample.signature('scale')}"
    assert type(caught.value) is error


def test_an_exchange_api_without_tensors(sample: Sample) -> None:
    import tvm_ffi

    sample.wrapper("scale")
    prepare = tvm_ffi.get_global_func("sample.scale.prepare")
    api = ctypes.c_void_p(ctypes.addressof(library_tensor._API))
    library_tensor.current_streams[0] = 0xB0
    assert launches(prepare(*arguments("scale"), None, api))[0].stream == 0xB0
    assert launches(prepare(*arguments("scale"), None, None))[0].stream == 0
    assert launches(prepare(*arguments("scale"), 7, api))[0].stream == 7


# Refusals: those of the call are in the tables of messages, which prepare launches too


def test_a_stream_that_is_none(sample: Sample) -> None:
    launch = prepared(sample, "scale")
    place = f"{SCALE} argument #6 `stream` must be"
    for given, error, text in (
        (("5",), TypeError, f"{place} a stream: an integer, an opaque pointer or None, got the "
                            "str '5'"),
        ((-1,), ValueError, f"{place} a stream of 0 or more, got -1"),
        ((2**64,), ValueError, f"{place} a stream of 64 bits, got an integer beyond 64 bits"),
        ((1, 2), TypeError, f"{SCALE}: a prepared launch expects the stream or nothing, "
                            "but got 2 arguments"),
    ):  # fmt: skip
        with pytest.raises(error) as caught:
            launch(*given)
        assert type(caught.value) is error
        assert str(caught.value) == f"{text}\n{sample.signature('scale')}"
    assert standin.launches() == []


def test_a_library_that_cannot_tell_its_stream(sample: Sample) -> None:
    library_tensor.current_streams[0] = 0
    launch = prepared(sample, "scale", **library())
    library_tensor.current_streams.clear()
    with pytest.raises(RuntimeError) as caught:
        launch()
    text = f"{SCALE}: the tensors' library cannot tell its current stream for cuda:0"
    assert str(caught.value) == f"{text}\n{sample.signature('scale')}"


@pytest.mark.parametrize(
    "call", ["cuCtxGetCurrent", "cuCtxPushCurrent_v2", "cuLaunchKernelEx", "cuCtxPopCurrent_v2"]
)
def test_a_driver_call_that_fails(sample: Sample, call: str) -> None:
    launch = prepared(sample, "scale", stream=0)
    standin.fail(call, 1)
    with pytest.raises(RuntimeError) as caught:
        launch()
    name = call.removesuffix("_v2")
    assert str(caught.value).startswith(
        f"{SCALE}: {name} failed on cuda:0: CUDA_ERROR_INVALID_VALUE (1): invalid argument\n"
    )
    standin.clear_contexts()
    assert len(launches(launch)) == 1


def test_what_is_no_function_of_the_package(sample: Sample) -> None:
    def other() -> None: ...

    for function in (other, sample.function("scale")):
        with pytest.raises(TypeError) as caught:
            sample.prepare(function)
        text = f"prepare() needs a function of this package, got {function!r}"
        assert str(caught.value) == text


@pytest.mark.parametrize(
    ("given", "named", "text"),
    [
        ((), {}, "reduce() missing 5 required positional arguments: 'x_ptr', 'out_ptr', 'rows', "
                 "'columns', and 'MODE'"),
        ((1, 2, 3, 4), {}, "reduce() missing 1 required positional argument: 'MODE'"),
        (range(1, 9), {}, "reduce() takes from 5 to 7 positional arguments but 8 were given"),
        ((1, 2, 3, 4), {"other": 1}, "reduce() got an unexpected keyword argument 'other'"),
        ((1, 2, 3, 4), {"rows": 1}, "reduce() got multiple values for argument 'rows'"),
    ],
    ids=["none", "too few", "too many", "no such", "twice"],
)  # fmt: skip
def test_arguments_that_the_function_has_not(
    sample: Sample, given: Any, named: Any, text: str
) -> None:
    """As in a call: Python says it, and names the function."""
    built_in = sample.wrapper("reduce")
    for call in (built_in, declared(built_in), functools.partial(sample.prepare, built_in)):
        with pytest.raises(TypeError) as caught:
            call(*given, **named)
        assert str(caught.value) == text
        assert caught.value.__cause__ is None
        assert caught.value.__suppress_context__ or caught.value.__context__ is None
    assert standin.launches() == []
