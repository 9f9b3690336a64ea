"""Arguments that TVM FFI cannot read: the sentence of all others, with what it said behind it."""

from __future__ import annotations

import contextlib
import functools
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from tests.support import library_tensor, standin
from tests.support.calls import arguments, declared
from tests.support.fake_tensor import CUDA, FakeTensor
from tests.support.library_tensor import LibraryTensor
from tests.support.sample import Sample

POINTER = "a tensor, an integer or opaque pointer"
STREAM = "a stream: an integer, an opaque pointer or None"
READ_ONLY = np.zeros(4, np.float32)
READ_ONLY.flags.writeable = False


class Raises(FakeTensor):
    """One whose data was given away."""

    def __dlpack__(self, stream: Any = None, **_options: Any) -> Any:
        raise RuntimeError("this tensor was donated\nC++ trace:\n  at once")


class Interrupted(FakeTensor):
    def __dlpack__(self, stream: Any = None, **_options: Any) -> Any:
        raise KeyboardInterrupt


class NoCapsule:
    def __dlpack__(self, **_options: Any) -> Any:
        return 5

    def __dlpack_device__(self) -> tuple[int, int]:
        return CUDA, 0


class NotConverted(LibraryTensor):
    """One that is refused by its library's own C function, in both of its ways."""

    @property
    def strides(self) -> tuple[int, ...]:
        raise BufferError("sparse tensors have no strides")


class Stream:
    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def __cuda_stream__(self) -> Any:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def doors(sample: Sample, name: str) -> list[Callable[..., Any]]:
    built_in = sample.wrapper(name)
    return [built_in, declared(built_in), functools.partial(sample.prepare, built_in)]


def said(sample: Sample, name: str, **changes: Any) -> str:
    """What every door of Python says, but for the signature below it."""
    texts = set()
    for call in doors(sample, name):
        with pytest.raises(TypeError) as caught:
            call(*arguments(name, **changes))
        text, _, signature = str(caught.value).rpartition("\n")
        assert signature == sample.signature(name)
        assert isinstance(caught.value.__cause__, Exception)
        texts.add(text)
    assert standin.launches() == []
    [text] = texts
    return text


def test_what_the_library_said_is_the_cause(sample: Sample) -> None:
    donated = Raises(np.zeros(8, np.float16))
    assert said(sample, "reduce", out_ptr=donated) == (
        f"sample.reduce argument #1 `out_ptr` must be {POINTER}, got a Python object of type "
        f"{__name__}.Raises, which TVM FFI cannot read: RuntimeError: this tensor was "
        "donated"
    )
    with pytest.raises(TypeError) as caught:
        sample.wrapper("reduce")(*arguments("reduce", out_ptr=donated))
    assert str(caught.value.__cause__) == "this tensor was donated\nC++ trace:\n  at once"


@pytest.mark.parametrize(
    ("error", "got"),
    [
        (KeyError(), "KeyError"),
        (TypeError("it is __dlpack__(self, *, stream=None)"), "TypeError: it is __dlpack__(self"),
        (TypeError("see\n__dlpack__(self, stream=None)"), "TypeError: see"),
    ],
    ids=["no words", "ends as our own do", "ends as our own do below"],
)
def test_whatever_the_library_said(sample: Sample, error: Exception, got: str) -> None:
    class Tensor(FakeTensor):
        def __dlpack__(self, stream: Any = None, **_options: Any) -> Any:
            raise error

    text = said(sample, "reduce", x_ptr=Tensor(np.zeros(8, np.float16)))
    found = text.partition(", which TVM FFI cannot read: ")[2]
    assert found == got or (":" in got and found.startswith(got))


OF_NUMPY = "numpy.ndarray, which TVM FFI cannot read: BufferError: "
UNREADABLE: list[tuple[Any, str]] = [
    (READ_ONLY, f"{OF_NUMPY}Cannot export readonly array"),
    (np.zeros(4, "M8[s]"), f"{OF_NUMPY}DLPack only supports"),
    (np.zeros(4, ">f4"), f"{OF_NUMPY}DLPack only supports native byte order."),
    (np.zeros(4, object), f"{OF_NUMPY}DLPack only supports"),
    (np.zeros(4, np.longdouble), f"{OF_NUMPY}DLPack only supports"),
    (np.array(["a"]), f"{OF_NUMPY}DLPack only supports"),
    (NoCapsule(), f"{__name__}.NoCapsule, which TVM FFI cannot read: "),
    (NotConverted(np.zeros(4, np.float32)), f"{__name__}.NotConverted, which TVM FFI cannot read"),
    ("\ud800", "str, which TVM FFI cannot read: UnicodeEncodeError: 'utf-8' codec can't encode "
               "character '\\ud800'"),
    (["\ud800"], "list, which TVM FFI cannot read: UnicodeEncodeError"),
    (Stream(5), f"{__name__}.Stream, which is no stream: its __cuda_stream__ gave 5, where (0, "
                "address) is expected"),
]  # fmt: skip


@pytest.mark.parametrize(("value", "got"), UNREADABLE, ids=range(len(UNREADABLE)))
def test_in_any_place(sample: Sample, value: Any, got: str) -> None:
    library_tensor.current_streams[0] = 0
    for name, place, expected in (
        ("heuristic", "#0 `x_ptr`", POINTER),
        ("heuristic", "#2 `bias_ptr`", f"{POINTER}, or None"),
        ("heuristic", "#3 `n`", "an i32-range integer"),
        ("heuristic", "#4 `stream`", STREAM),
        ("reduce", "#4 `MODE`", "one of 'sum', 'max'"),
    ):
        text = said(sample, name, **{place.split("`")[1]: value})
        start = f"sample.{name} argument {place} must be {expected}, got a Python object of type "
        assert text.startswith(start + got), text


@pytest.mark.parametrize(
    "answer",
    [5, None, (), (0,), (0, 1, 2), [0, 7], (0, "7"), (0, None), (0, 7.0), (1, 7), (-1, 7), (2, 0)]
    + [(0, -1), (0, -(2**63)), (0, 2**64), (0, 2**70)],
)
def test_objects_that_are_no_streams(sample: Sample, answer: Any) -> None:
    """The protocol's version is 0, and an address is 0 or more."""
    assert said(sample, "reduce", stream=Stream(answer)) == (
        f"sample.reduce argument #6 `stream` must be {STREAM}, got a Python object of type "
        f"{__name__}.Stream, which is no stream: its __cuda_stream__ gave {answer!r}, where (0, "
        "address) is expected"
    )


def test_a_stream_object_that_fails(sample: Sample) -> None:
    assert said(sample, "reduce", stream=Stream(RuntimeError("no stream"))) == (
        f"sample.reduce argument #6 `stream` must be {STREAM}, got a Python object of type "
        f"{__name__}.Stream, which TVM FFI cannot read: RuntimeError: no stream"
    )


@pytest.mark.parametrize(
    ("answer", "handle"),
    [((0, 0), 0), ((False, np.uint64(7)), 7), ((np.int32(0), 2**64 - 1), 2**64 - 1)],
)
def test_objects_that_are_streams(sample: Sample, answer: Any, handle: int) -> None:
    [direct, by_name, prepare] = doors(sample, "reduce")
    direct(*arguments("reduce", stream=Stream(answer)))
    by_name(*arguments("reduce", stream=Stream(answer)))
    prepare(*arguments("reduce", stream=Stream(answer)))()
    assert [launch.stream for launch in standin.launches()] == [handle] * 3


def test_the_first_that_is_wrong_is_named(sample: Sample) -> None:
    """Arguments are checked in their order, whatever is wrong with each."""
    donated = Raises(np.zeros(8, np.float16))
    text = said(sample, "reduce", x_ptr="x", out_ptr=donated, rows=donated)
    assert text == f"sample.reduce argument #0 `x_ptr` must be {POINTER}, got the str 'x'"
    text = said(sample, "reduce", out_ptr=donated, rows="2")
    assert text.startswith("sample.reduce argument #1 `out_ptr` must be")


def test_the_number_of_arguments_is_pythons_to_tell(sample: Sample) -> None:
    donated = Raises(np.zeros(8, np.float16))
    with pytest.raises(TypeError, match=r"^reduce\(\) missing "):
        sample.wrapper("reduce")(donated)


def test_other_errors_stay_as_they_are(sample: Sample) -> None:
    for call in doors(sample, "reduce"):
        with pytest.raises(KeyboardInterrupt):
            call(*arguments("reduce", x_ptr=Interrupted(np.zeros(8, np.float16))))
        with pytest.raises(ValueError, match="`MODE` must be one of 'sum', 'max', got") as caught:
            call(*arguments("reduce", MODE="mean", stream=Stream((0, 7))))
        assert caught.value.__cause__ is None


def test_long_and_odd_texts(sample: Sample) -> None:
    class Odd(FakeTensor):
        def __dlpack__(self, stream: Any = None, **_options: Any) -> Any:
            raise ValueError("\ud800\t" + "é" * 999)

    Odd.__qualname__ = "Ödd\n\ud800"
    text = said(sample, "reduce", x_ptr=Odd(np.zeros(8, np.float16)))
    got = f"{__name__}.Ödd?\\ud800, which TVM FFI cannot read: ValueError: \\ud800?é"
    assert text.partition(" of type ")[2].startswith(got)
    assert text.endswith("é")
    assert len(text) < 400


# torch's own


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@pytest.mark.torch
@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda torch: torch.ones(4, device="meta"), "Cannot pack tensors on meta"),
        (lambda torch: torch.eye(2).to_sparse(), "Cannot access data pointer of Tensor"),
        (lambda torch: torch.nested.nested_tensor([torch.ones(2)]), ""),
        (
            lambda torch: torch.quantize_per_tensor(torch.ones(4), 0.1, 0, torch.qint8),
            "QUInt/QInt types are not supported by dlpack",
        ),
    ],
    ids=["meta", "sparse", "nested", "quantised"],
)
def test_torchs_own(sample: Sample, make: Any, reason: str) -> None:
    import torch

    with quiet():
        text = said(sample, "reduce", x_ptr=make(torch))
    start = f"sample.reduce argument #0 `x_ptr` must be {POINTER}, got a Python object of type "
    assert text.startswith(f"{start}torch.Tensor, which TVM FFI cannot read: ")
    assert reason in text


@pytest.mark.torch
def test_torchs_vmap(sample: Sample) -> None:
    import torch

    seen = []

    def one(x: Any) -> Any:
        seen.append(said(sample, "reduce", x_ptr=x))
        return x

    with quiet():
        torch.vmap(one)(torch.ones(2, 4))
    assert "`x_ptr` must be" in seen[0]
