"""Calls from Python: a built-in function stands before the declared one and is like it in all."""

from __future__ import annotations

import copy
import ctypes
import enum
import importlib
import inspect
import itertools
import pickle
import pydoc
import random
import threading
import typing
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from tests.support import library_tensor, standin
from tests.support.calls import GOOD, arguments, declared, tensor
from tests.support.library_tensor import LibraryTensor, ViewedTensor
from tests.support.sample import MODULES, PACKAGE, Sample

Function = Callable[..., None]


class Number(enum.IntEnum):
    ONE = 1


class Text(str):
    __slots__ = ()


class Real(float):
    __slots__ = ()


class Stream:
    def __cuda_stream__(self) -> tuple[int, int]:
        return 0, 0x5EED


VALUES: list[Any] = [
    *(None, True, False, 0, 1, -1, 16, 255, 2**31, -(2**63), 2**63, 2**64, 10**30),
    *(0.5, float("nan"), float("inf"), 1e300, Real(2.0), "max", "mean", "", "m\0x"),
    *(Text("max"), Number.ONE, np.int32(3), np.float32(0.5), np.bool_(True), b"max", [1], (), {}),
    *(ctypes.c_void_p(4096), ctypes.c_void_p(), Stream(), object, print, 1j),
    *(tensor(8, dtype="fp16"), tensor(8), tensor(8, device=1)),
]


@pytest.fixture(autouse=True)
def _fresh_library() -> Iterator[None]:
    library_tensor.current_streams.update({0: 0xB0, 1: 0xB1})
    library_tensor.conversions.clear()
    yield
    library_tensor.current_streams.clear()


def outcome(function: Function, *given: Any, **named: Any) -> Any:
    """What a call launches, or how it fails."""
    before = standin.launch_count()
    try:
        assert function(*given, **named) is None
    except Exception as error:
        return type(error), str(error)
    return standin.launches(after=before)


def of_library(kind: type[Any], dtype: str = "fp16", device: int = 0) -> Any:
    plain = tensor(8, dtype=dtype, device=device)
    return kind(plain.array, dtype, device=device, address=plain.address)


@pytest.mark.parametrize("name", MODULES)
def test_each_value_in_each_place(sample: Sample, name: str) -> None:
    built_in, function = sample.wrapper(name), declared(sample.wrapper(name))
    assert type(built_in).__name__ == "function" and not inspect.isfunction(built_in)
    assert inspect.isfunction(function)
    values = [*VALUES, of_library(LibraryTensor), of_library(ViewedTensor)]
    for place, value in itertools.product([*GOOD[name], "stream"], values):
        given = arguments(name, **{place: value})
        assert outcome(built_in, *given) == outcome(function, *given), (place, value)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["scale", "reduce", "optional", "lambda", "tuned"])
def test_each_way_to_pass(sample: Sample, name: str) -> None:
    """By place, by name in any order, with too few, too many, unknown and repeated ones."""
    built_in, function = sample.wrapper(name), declared(sample.wrapper(name))
    dice = random.Random(5)
    names = list(inspect.signature(function).parameters)
    values = [*GOOD[name].values(), 7]
    for _ in range(300):
        count = dice.randrange(len(names) + 2)
        given = (*values, 0)[:count]
        rest = dice.sample(names, dice.randrange(len(names) + 1))
        if dice.random() < 0.8:
            rest = [one for one in rest if names.index(one) >= count]
        if dice.random() < 0.5:
            rest += [one for one in names[count:] if one not in rest]
        named = {("".join(one) if dice.random() < 0.5 else one): values[names.index(one)]
                 for one in rest}  # fmt: skip
        if dice.random() < 0.1:
            named["other"] = 1
        assert outcome(built_in, *given, **named) == outcome(function, *given, **named)


def test_names_that_are_other_objects(sample: Sample) -> None:
    given = {"".join(list(name)): value for name, value in GOOD["reduce"].items()}
    [launch] = outcome(sample.wrapper("reduce"), **given)
    assert [launch] == outcome(declared(sample.wrapper("reduce")), *GOOD["reduce"].values())


def test_tensors_are_viewed_where_their_library_can(sample: Sample) -> None:
    built_in = sample.wrapper("scale")
    for kind, how in ((ViewedTensor, "viewed"), (LibraryTensor, "kept")):
        x = of_library(kind, device=1)
        library_tensor.conversions.clear()
        [launch] = outcome(built_in, *arguments("scale", x_ptr=x, out_ptr=x))
        assert library_tensor.conversions == [how, how]
        assert (launch.device, launch.stream) == (1, 0xB1)
        assert launch.value(0, "*fp16") == x.address
        assert outcome(built_in, *arguments("scale", x_ptr=x, out_ptr=x), 9)[0].stream == 9


def test_a_library_that_cannot_tell_its_stream(sample: Sample) -> None:
    """TVM FFI cannot read the tensor then."""
    x = of_library(ViewedTensor)
    given = arguments("scale", x_ptr=x, out_ptr=x)
    library_tensor.current_streams.clear()
    found = outcome(sample.wrapper("scale"), *given)
    assert found == outcome(declared(sample.wrapper("scale")), *given)
    assert found[0] is TypeError
    got = "got a Python object of type tests.support.library_tensor.ViewedTensor, which TVM FFI"
    assert f"`x_ptr` must be a tensor, an integer or opaque pointer, {got}" in found[1]


def test_a_tensor_that_cannot_be_viewed(sample: Sample) -> None:
    x = of_library(ViewedTensor)
    x.can_be_viewed = False
    [launch] = outcome(sample.wrapper("scale"), *arguments("scale", x_ptr=x, out_ptr=x))
    assert launch.stream == 0xB0
    assert library_tensor.conversions == ["refused", "kept", "kept"]


def test_as_python_shows_it(sample: Sample) -> None:
    built_in, function = sample.wrapper("optional"), declared(sample.wrapper("optional"))
    text = (
        "(out_ptr: 'Pointer', count: 'int | None', half: 'float | None', "
        "scale: 'float | None' = None, stream: 'Stream' = None) -> 'None'"
    )
    assert str(inspect.signature(built_in)) == str(inspect.signature(function)) == text
    assert inspect.getdoc(built_in) == inspect.getdoc(function)
    assert (built_in.__name__, built_in.__qualname__) == ("optional", "optional")
    assert built_in.__module__ == function.__module__
    assert repr(built_in) == "<built-in function optional>"
    assert pickle.loads(pickle.dumps(built_in)) is copy.deepcopy(built_in) is built_in
    assert weakref.ref(built_in)() is built_in
    assert {built_in: 1}[type("Holder", (), {"method": built_in})().method] == 1
    shown = pydoc.plain(pydoc.render_doc(built_in))
    assert shown.startswith("Python Library Documentation: function in module sample_wrappers")
    assert "Scalars that" in shown
    assert "out_ptr: 'Pointer', count: 'int | None'" in " ".join(shown.split())
    assert "`fp16` or None" in shown


@pytest.mark.parametrize("name", MODULES)
def test_types_for_tools(sample: Sample, name: str) -> None:
    """What is annotated can be evaluated, also where a function has only been declared."""
    built_in, function = sample.wrapper(name), declared(sample.wrapper(name))
    library = importlib.import_module(f"{PACKAGE}._library")
    hints = typing.get_type_hints(built_in)
    assert hints == typing.get_type_hints(function)
    assert list(hints) == [*inspect.signature(built_in).parameters, "return"]
    assert hints["stream"] == library.Stream
    assert hints["return"] is type(None)
    kinds = {library.Pointer, library.Pointer | None, library.Tensor, int, float, bool}
    kinds |= {kind | None for kind in (int, float, bool)}
    named = {key: hint for key, hint in hints.items() if key not in ("stream", "return")}
    literal = {key for key, hint in named.items() if typing.get_origin(hint) is typing.Literal}
    assert {key: hint for key, hint in named.items() if hint not in kinds}.keys() == literal
    evaluated = inspect.signature(built_in, eval_str=True)
    assert {key: one.annotation for key, one in evaluated.parameters.items()} == {
        key: hint for key, hint in hints.items() if key != "return"
    }
    defaults = [one.default for one in inspect.signature(built_in).parameters.values()]
    assert tuple(one for one in defaults if one is not inspect.Parameter.empty) == (
        function.__defaults__
    )


def test_many_threads(sample: Sample) -> None:
    built_in = sample.wrapper("scale")
    failures: list[BaseException] = []

    def work(stream: int) -> None:
        x = tensor(8, dtype="fp16", address=2**40 * stream)
        viewed = ViewedTensor(x.array, "fp16", address=x.address)
        try:
            for _ in range(50):
                built_in(*arguments("scale", x_ptr=viewed, out_ptr=8192), stream)
                with pytest.raises(ValueError, match=f"got {stream}$|must be one of"):
                    built_in(*arguments("scale", BLOCK=stream), stream)
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=work, args=(stream,)) for stream in range(10, 18)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(standin.launches()) == 400
    assert all(one.value(0, "*fp16") == 2**40 * one.stream for one in standin.launches())


def test_the_references_of_arguments_stay_as_they_are(sample: Sample) -> None:
    import sys

    built_in = sample.wrapper("scale")
    x = of_library(ViewedTensor)
    objects = [x, ViewedTensor, float("2.5")]
    given = arguments("scale", x_ptr=x, out_ptr=x, factor=objects[2])
    built_in(*given)
    before = [sys.getrefcount(one) for one in objects]
    for _ in range(100):
        built_in(*given)
        with pytest.raises(ValueError, match="must be one of"):
            built_in(*given[:-1], 3)
    assert [sys.getrefcount(one) for one in objects] == before
