"""Values of constexprs: what is recorded is what a declaration reads and what serving compares."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from codegen.model.launch_rows import Fixed, read_launches
from codegen.render.manifest_arguments import spelt
from tritonbind.arguments import value_of
from tritonbind.serve.values import equal, same


@pytest.mark.parametrize(
    "value", [0, 7, -(2**40), True, False, None, "gelu", 0.1, -0.0, math.inf, -math.inf, (1, (2,))]
)
def test_a_value_is_the_same_in_a_recording_a_declaration_and_a_manifest(
    value: object, tmp_path: Path
) -> None:
    recorded = json.loads(json.dumps(value_of(value), allow_nan=False))
    (tmp_path / "k.json").write_text(
        json.dumps({"launches": [{"arguments": {"K": {"constexpr": recorded}}}]})
    )
    argument = read_launches("k.json", tmp_path).rows[0].arguments["K"]
    assert isinstance(argument, Fixed)
    assert (type(argument.value), argument.value) == (type(value), value)
    assert json.loads(json.dumps(spelt(value))) == recorded
    assert same(value, recorded)


def test_nan_is_a_value_too(tmp_path: Path) -> None:
    assert value_of(math.nan) == spelt(math.nan) == {"float": "nan"}
    assert same(math.nan, {"float": "nan"})
    assert not same(math.inf, {"float": "-inf"})


EQUAL_TO_ONE = [1, True, 1.0, np.int64(1), np.bool_(True), np.float32(1)]


@pytest.mark.parametrize("value", EQUAL_TO_ONE)
@pytest.mark.parametrize("wanted", [1, True, 1.0])
def test_values_are_equal_where_a_dict_has_them_as_one_key(value: object, wanted: object) -> None:
    assert value in {wanted: None}
    assert equal(value, wanted)
    assert equal((0, (value,)), [0, [wanted]])
    assert same(value, wanted) == (type(value) is type(wanted))


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (2, True),
        ("1", 1),
        (None, 0),
        (0, None),
        ((1,), 1),
        (1, [1]),
        ((1, 2), [1]),
        ([1], 1),
        (math.nan, 0.0),
        ("fp32", {"dtype": "fp32"}),
        ("m:f", {"function": "m:f"}),
        (np.float32("inf"), {"float": "-inf"}),
        (np.ones(2), 1),
    ],
)
def test_other_values_are_not_equal(value: object, wanted: object) -> None:
    assert not equal(value, wanted)


def test_an_infinite_float_of_another_type_is_equal() -> None:
    assert equal(np.float32("inf"), {"float": "inf"})
