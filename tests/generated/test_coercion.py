"""Whatever value a call is given, the kernel gets the bytes that Python packs, or nothing."""

from __future__ import annotations

import ctypes
import enum
import math
import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.support import standin
from tests.support.calls import GOOD, arguments, tensor
from tests.support.fake_tensor import FakeTensor
from tests.support.sample import Sample

Answer = bytes | type[Exception]


class Colour(enum.IntEnum):
    RED = 1
    DARK = 300


INTEGERS = {
    "a": ("integers", "<b"),
    "b": ("integers", "<h"),
    "values": ("explicit", "<i"),
    "d": ("integers", "<q"),
    "e": ("integers", "<B"),
    "f": ("integers", "<H"),
    "g": ("integers", "<I"),
    "h": ("integers", "<Q"),
}
EDGES = [sign * 2**bits + step for bits in range(66) for step in (-1, 0, 1) for sign in (-1, 1)]
HALVES = [struct.unpack("<e", struct.pack("<H", bits))[0] for bits in range(0x7C00)]

integers = st.one_of(st.sampled_from(EDGES), st.integers(), st.integers(-40000, 70000))
between_halves = st.builds(
    lambda index, part, sign: sign * (HALVES[index] + part * (HALVES[index + 1] - HALVES[index])),
    st.integers(0, len(HALVES) - 2),
    st.sampled_from([0.0, 0.25, 0.5, math.nextafter(0.5, 1.0), 0.75]),
    st.sampled_from([-1.0, 1.0]),
)
floats = st.one_of(st.floats(), st.floats(width=32), st.floats(width=16), between_halves)
anything = st.one_of(
    integers,
    floats,
    st.booleans(),
    st.none(),
    st.text(st.characters(exclude_categories=["Cs"])),
    st.binary(),
    st.sampled_from(list(Colour)),
    st.integers(-(2**63), 2**63 - 1).map(np.int64),
    st.integers(0, 2**64 - 1).map(np.uint64),
    st.integers(-128, 127).map(np.int8),
    st.floats(width=32).map(np.float32),
    st.floats(width=16).map(np.float16),
    st.booleans().map(np.bool_),
    st.integers(0, 2**64 - 1).map(ctypes.c_void_p),
    st.builds(object),
    st.lists(st.integers(), max_size=2),
)
quickly = settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def packed_integer(value: Any, form: str) -> Answer:
    if not isinstance(value, int | np.integer) or isinstance(value, bool):
        return TypeError
    try:
        return struct.pack(form, int(value))
    except struct.error:
        return ValueError


def packed_bool(value: Any, _: str) -> Answer:
    if isinstance(value, bool):
        return bytes([value])
    if not isinstance(value, int | np.integer):
        return TypeError
    return bytes([int(value)]) if value in (0, 1) else ValueError


def packed_float(value: Any, form: str) -> Answer:
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
        return TypeError
    if isinstance(value, int) and not -(2**63) <= value < 2**64:
        return ValueError
    try:
        if form != "bf16":
            return struct.pack(form, float(value))
        return struct.pack("<f", float(value))[2:]  # the upper half, as Triton's launcher cuts it
    except OverflowError:
        return ValueError


def answer(sample: Sample, name: str, argument: str, value: Any) -> Answer:
    """The bytes that the kernel got for the argument, or the error that came instead."""
    standin.reset()
    try:
        sample.function(name)(*arguments(name, **{argument: value}))
    except (TypeError, ValueError) as error:
        assert standin.launches() == []
        return type(error)
    return standin.launch().parameters[list(GOOD[name]).index(argument)]


@pytest.mark.parametrize("argument", INTEGERS)
@quickly
@given(value=st.one_of(integers, anything))
def test_integers(sample: Sample, argument: str, value: Any) -> None:
    name, form = INTEGERS[argument]
    assert answer(sample, name, argument, value) == packed_integer(value, form)


@quickly
@given(value=st.one_of(st.integers(-2, 3), anything))
def test_bools(sample: Sample, value: Any) -> None:
    assert answer(sample, "integers", "flag", value) == packed_bool(value, "")


@pytest.mark.parametrize(
    ("argument", "form"),
    [("half", "<e"), ("brain", "bf16"), ("single", "<f"), ("double", "<d")],
)
@quickly
@given(value=st.one_of(floats, anything))
@example(value=65519.99999999999)
@example(value=65520.0)
@example(value=2.0**-25)
@example(value=math.nextafter(2.0**-25, 1.0))
@example(value=-0.0)
@example(value=3.4028235677973362e38)
@example(value=3.4028235677973366e38)
@example(value=2**60 + 2**36 + 1)
def test_floats(sample: Sample, argument: str, form: str, value: Any) -> None:
    found = answer(sample, "floats", argument, value)
    if isinstance(value, float | np.floating) and math.isnan(value):
        assert isinstance(found, bytes)
        name = {"<e": "fp16", "<f": "fp32", "<d": "fp64"}.get(form, form)
        assert math.isnan(standin.decode(found, name))
    else:
        assert found == packed_float(value, form)


@pytest.mark.parametrize("payload", [1, 2**29 - 1, 2**42, 2**51, 2**51 | 1, 2**52 - 1])
@pytest.mark.parametrize("sign", [0, 1])
def test_a_nan_stays_a_nan(sample: Sample, payload: int, sign: int) -> None:
    value = struct.unpack("<d", struct.pack("<Q", sign << 63 | 0x7FF << 52 | payload))[0]
    for argument, type_name in {"half": "fp16", "brain": "bf16", "single": "fp32"}.items():
        found = answer(sample, "floats", argument, value)
        assert isinstance(found, bytes)
        assert math.isnan(standin.decode(found, type_name))
        assert found[-1] >> 7 == sign


@quickly
@given(value=st.one_of(st.integers(0, 2**64 - 1), anything))
@example(value=2**64 - 1)
@example(value=0)
def test_addresses(sample: Sample, value: Any) -> None:
    """The pointer is to bytes, so that every address is aligned; another argument has the dtype."""
    integer = value.value or 0 if isinstance(value, ctypes.c_void_p) else value
    expected: Answer = packed_integer(integer, "<Q")
    assert answer(sample, "gather", "from_ptr", value) == expected


@quickly
@given(
    address=st.one_of(st.integers(2**32, 2**64 - 1), st.integers(0, 2**16 - 1)),
    offset=st.one_of(st.just(0), st.integers(0, 4096), st.integers(0, 2**64 - 1)),
    device_type=st.sampled_from([2, 13]),
)
def test_a_tensor_starts_at_its_byte_offset(
    sample: Sample, address: int, offset: int, device_type: int
) -> None:
    """No process has memory in its first 64 KiB: such a tensor has none either."""
    offset = min(offset, max(address - 1, 0))
    expected: Answer = ValueError if address < 2**16 else struct.pack("<Q", address)
    value = tensor(8, dtype="i8", address=address, byte_offset=offset, device_type=device_type)
    assert answer(sample, "gather", "from_ptr", value) == expected


@quickly
@given(data=st.data())
def test_a_declared_shape_needs_contiguous_elements(sample: Sample, data: st.DataObject) -> None:
    """numpy says what is contiguous."""
    shape = data.draw(st.lists(st.integers(0, 4), max_size=4), label="shape")
    row_major = [math.prod(shape[axis + 1 :]) for axis in range(len(shape))]
    steps = data.draw(
        st.one_of(st.just(row_major), st.tuples(*[st.integers(-3, 16)] * len(shape))),
        label="strides",
    )
    n = data.draw(st.integers(-1, 20), label="n")
    value = tensor(*shape, dtype="fp16", steps=steps)
    good = value.array.flags.c_contiguous and value.array.size >= n
    found = answer(sample, "scale", "out_ptr", value) if n == 8 else _with_n(sample, value, n)
    assert (found is not ValueError) == good


def _with_n(sample: Sample, value: FakeTensor, n: int) -> Answer:
    standin.reset()
    longest = tensor(20, dtype="fp16")
    try:
        sample.function("scale")(*arguments("scale", x_ptr=longest, out_ptr=value, n=n))
    except ValueError:
        assert standin.launches() == []
        return ValueError
    assert len(standin.launches()) == (n > 0)
    return b""


@pytest.mark.torch
def test_torch_tensors_that_live_on_the_cpu(sample: Sample) -> None:
    import torch

    for dtype in (torch.float16, torch.bfloat16):
        for value in (torch.zeros(8, dtype=dtype), torch.zeros((4, 8), dtype=dtype)[::2]):
            assert answer(sample, "scale", "x_ptr", value) is ValueError
    assert answer(sample, "scale", "x_ptr", torch.zeros(8)) is TypeError
    assert answer(sample, "integers", "a", torch.tensor(3)) is TypeError
    assert answer(sample, "integers", "a", torch.tensor(3).item()) == b"\3"


def test_numpy_scalars_are_numbers_and_arrays_are_not(sample: Sample) -> None:
    value = np.array([40000], np.uint16)
    assert answer(sample, "integers", "f", value[0]) == struct.pack("<H", 40000)
    assert answer(sample, "integers", "f", value) is TypeError
