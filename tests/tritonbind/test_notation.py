"""Values of constexprs: what is recorded is what a declaration reads and what serving compares."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from codegen.model.launch_rows import Fixed, read_launches
from codegen.render.manifest_arguments import spelt
from tritonbind.arguments import value_of
from tritonbind.serve.values import same


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
