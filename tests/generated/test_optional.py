"""Scalars that may be None, and run-time parameters that a declaration gives a value."""

from __future__ import annotations

import inspect
import itertools
import json
import struct
from typing import Any

import pytest
import tvm_ffi

from tests.support import standin
from tests.support.calls import arguments, declared
from tests.support.sample import Sample

pytestmark = pytest.mark.triton

COUNTS = (None, 32, 7)
HALVES = (None, 1.5)
SCALES = (None, -2.5)


@pytest.mark.parametrize(
    ("count", "half", "scale"), list(itertools.product(COUNTS, HALVES, SCALES))
)
def test_a_call_picks_by_none(sample: Sample, count: Any, half: Any, scale: Any) -> None:
    given = {"count": count, "half": half, "scale": scale}
    sample.function("optional")(*arguments("optional", **given))
    found = standin.launch()
    hints = "generic" if count == 7 else "aligned"
    names = [name if value is not None else f"no_{name}" for name, value in given.items()]
    assert sample.labels(found) == {"-".join([*names, hints])}
    formats = {"count": "<i", "half": "<e", "scale": "<f"}
    expected = [struct.pack(formats[n], v) for n, v in given.items() if v is not None]
    assert list(found.parameters[1:-2]) == expected


REFUSED = [
    (
        "count",
        2.0,
        TypeError,
        "#1 `count` must be an i32-range integer, or None, got the float 2.0",
    ),
    (
        "count",
        2**31,
        ValueError,
        "#1 `count` must be an i32-range integer, or None, got 2147483648",
    ),
    (
        "half",
        1e6,
        ValueError,
        "#2 `half` must be within the range of fp16, or None, got the float ",
    ),
    ("scale", "1", TypeError, "#3 `scale` must be a float or an integer, or None, got the str '1'"),
]


@pytest.mark.parametrize(("name", "value", "error", "text"), REFUSED)
def test_a_wrong_value_is_refused(
    sample: Sample, name: str, value: Any, error: type[Exception], text: str
) -> None:
    with pytest.raises(error) as caught:
        sample.function("optional")(*arguments("optional", **{name: value}))
    expected = text + "1000000.0" * text.endswith("float ")
    assert str(caught.value).splitlines()[0] == f"sample.optional argument {expected}"
    assert standin.launches() == []


def test_the_wrapper_and_the_schema_say_so(sample: Sample) -> None:
    parameters = inspect.signature(declared(sample.wrapper("optional"))).parameters
    assert list(parameters) == ["out_ptr", "count", "half", "scale", "stream"]
    assert str(parameters["count"].annotation) == "int | None"
    assert parameters["scale"].default is None
    schema = json.loads(tvm_ffi.get_global_func_metadata("sample.optional")["type_schema"])
    optional = {"type": "Optional", "args": [{"type": "int"}]}
    assert schema["args"][2] == optional


def test_plain_c_takes_addresses(sample: Sample) -> None:
    header = (sample.folder / "choices.h").read_text()
    for declaration in ("const int32_t *count", "const uint16_t *half", "const float *scale"):
        assert declaration in header
