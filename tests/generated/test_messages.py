"""What a call says about a wrong number of arguments, a wrong number, bool, float or choice.

The other messages are in test_messages_tensors.py and test_messages_driver.py.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from tests.support import standin
from tests.support.calls import arguments, check_refusal, parameter, table
from tests.support.refused_numbers import A_BOOL, A_FLOAT, NO_CHOICE, NO_NUMBER, TOO_WIDE
from tests.support.sample import Sample

LARGEST_HALF = math.nextafter(65520.0, 0.0)  # half a unit above 65504, fp16's largest
LARGEST_SINGLE = math.nextafter(float.fromhex("0x1.ffffffp127"), 0.0)

# function, argument, its place, its type, the ends of its range
INTEGERS = [
    ("integers", "a", 2, "an i8", -(2**7), 2**7 - 1),
    ("integers", "b", 3, "an i16", -(2**15), 2**15 - 1),
    ("explicit", "values", 2, "an i32", -(2**31), 2**31 - 1),
    ("integers", "d", 5, "an i64", -(2**63), 2**63 - 1),
    ("integers", "e", 6, "a u8", 0, 2**8 - 1),
    ("integers", "f", 7, "a u16", 0, 2**16 - 1),
    ("integers", "g", 8, "a u32", 0, 2**32 - 1),
    ("integers", "h", 9, "a u64", 0, 2**64 - 1),
]
FLOATS = {"half": (1, "fp16"), "brain": (2, "bf16"), "single": (3, "fp32"), "double": (4, "fp64")}


@pytest.mark.parametrize("name", ["integers", "floats", "reduce", "scale", "lambda"])
def test_a_wrong_number_of_arguments(sample: Sample, name: str) -> None:
    texts = {
        "integers": "11 arguments (out_ptr, flag, a, b, c, d, e, f, g, h, stream)",
        "floats": "6 arguments (out_ptr, half, brain, single, double, stream)",
        "reduce": "7 arguments (x_ptr, out_ptr, rows, columns, MODE, NEGATE, stream)",
        "scale": "7 arguments (x_ptr, out_ptr, bias_ptr, n, factor, BLOCK, stream)",
        "lambda": "1 argument (stream)",
    }
    good = arguments(name)
    function = sample.function(name)
    for count in {0, 1, len(good) - 1, len(good) + 2, 60} - {-1, len(good), len(good) + 1}:
        with pytest.raises(TypeError) as caught:
            function(*(good * 60 + [None] * 60)[:count])
        assert str(caught.value) == (
            f"sample.{name} expects {texts[name]}, of which the stream may be left out, "
            f"but got {count}\n{sample.signature(name)}"
        )
        assert standin.launches() == []
    function(*good)
    function(*good, None)
    assert len(standin.launches()) == 2


def test_the_signature_stands_below_the_message(sample: Sample) -> None:
    with pytest.raises(TypeError) as caught:
        sample.function("scale")(*arguments("scale", n="8"))
    assert str(caught.value) == (
        "sample.scale argument #3 `n` must be an i64-range integer, got the str '8'\n"
        "sample.scale(x_ptr: *fp16 | *bf16, out_ptr: *fp16 | *bf16, bias_ptr: *fp32 | None, "
        "n: i64, factor: fp32, BLOCK: 256 | 512, stream=None)"
    )


@pytest.mark.parametrize(("name", "argument", "index", "kind", "low", "high"), INTEGERS)
def test_an_integer(
    sample: Sample, name: str, argument: str, index: int, kind: str, low: int, high: int
) -> None:
    for value in (low, low + 1, 0, high - 1, high):
        assert parameter(sample, name, argument, kind.split()[1], value) == value
    standin.reset()
    expected = f"sample.{name} argument #{index} `{argument}` must be {kind}-range integer"
    beyond = [(low - 1, f"{low - 1}"), (high + 1, f"{high + 1}")]
    for value, got in [*(row for row in beyond if -(2**63) <= row[0] < 2**64), *TOO_WIDE]:
        check_refusal(sample, name, {argument: value}, ValueError, f"{expected}, got {got}")
    for value, got in [*A_BOOL, *A_FLOAT, *NO_NUMBER]:
        check_refusal(sample, name, {argument: value}, TypeError, f"{expected}, got {got}")


def test_a_bool(sample: Sample) -> None:
    for value in (True, False, 0, 1, np.int64(1)):
        assert parameter(sample, "integers", "flag", "i1", value) == int(value)
    standin.reset()
    expected = "sample.integers argument #1 `flag` must be a bool, 0 or 1"
    for value, got in [(2, "2"), (-1, "-1"), (2**63, f"{2**63}"), *TOO_WIDE]:
        check_refusal(sample, "integers", {"flag": value}, ValueError, f"{expected}, got {got}")
    for value, got in [*A_FLOAT, *NO_NUMBER]:
        check_refusal(sample, "integers", {"flag": value}, TypeError, f"{expected}, got {got}")


@pytest.mark.parametrize("argument", FLOATS)
def test_no_float(sample: Sample, argument: str) -> None:
    index, _ = FLOATS[argument]
    place = f"sample.floats argument #{index} `{argument}`"
    for value, got in [*A_BOOL, *NO_NUMBER]:
        text = f"{place} must be a float or an integer, got {got}"
        check_refusal(sample, "floats", {argument: value}, TypeError, text)
    for value, got in TOO_WIDE:
        text = f"{place} must be a float or a 64-bit integer, got {got}"
        check_refusal(sample, "floats", {argument: value}, ValueError, text)


@pytest.mark.parametrize(
    ("argument", "largest"),
    [("half", LARGEST_HALF), ("brain", LARGEST_SINGLE), ("single", LARGEST_SINGLE)],
)
def test_the_range_of_a_float(sample: Sample, argument: str, largest: float) -> None:
    index, type_name = FLOATS[argument]
    for value in (largest, -largest):
        assert math.isfinite(parameter(sample, "floats", argument, type_name, value))
    for value in (math.inf, -math.inf):
        assert parameter(sample, "floats", argument, type_name, value) == value
    assert math.isnan(parameter(sample, "floats", argument, type_name, math.nan))
    standin.reset()
    beyond = math.nextafter(largest, math.inf)
    for value in (beyond, -beyond, 1e300):
        check_refusal(
            sample,
            "floats",
            {argument: value},
            ValueError,
            f"sample.floats argument #{index} `{argument}` must be within the range of "
            f"{type_name}, got the float {value!r}",
        )
    if argument == "half":
        text = "sample.floats argument #1 `half` must be within the range of fp16, got 65520"
        check_refusal(sample, "floats", {"half": 65520}, ValueError, text)


@pytest.mark.parametrize(("name", "changes", "error", "text"), table(NO_CHOICE))
def test_no_choice(
    sample: Sample, name: str, changes: dict[str, Any], error: type[Exception], text: str
) -> None:
    check_refusal(sample, name, changes, error, text)
