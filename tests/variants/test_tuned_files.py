"""Tables that `tritonbind tune` writes: a key that is not there gets the row of the nearest."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codegen.model.errors import CodegenErrors
from codegen.model.kernel import Variant
from codegen.variants.axes.configuration import ConfigurationAxis
from codegen.variants.tuned_files import SCHEMA
from tests.support import made
from tests.support.conditions import variant_of
from tests.support.jit_calls import Array
from tests.support.plans import axis_of
from tritonbind.tune import table

KERNEL = """
CONFIGS = [triton.Config({"BLOCK": 16 << number}) for number in range(6)]

@export("tests.k", types={"x": "*fp16 | *fp32", "n": "i64", "m": "i32 | None"}, grid=lambda: (1,),
        cases=[], tuned="TABLE")
@triton.autotune(CONFIGS, key=["n", "m"])
@triton.jit
def k(x, n, m, BLOCK: tl.constexpr):
    pass
"""
ROWS = {
    (64, 1, "torch.float16"): 32,
    (4096, 1, "torch.float16"): 64,
    (64, 1024, "torch.float16"): 128,
    (-8, 1, "torch.float16"): 256,
    (4096, None, "torch.float16"): 512,
}


def document(rows: dict[Any, int] = ROWS, default: int = 32) -> dict[str, Any]:
    listed = [{"key": key, "config": {"BLOCK": block}} for key, block in rows.items()]
    return {"schema": SCHEMA, "default": {"BLOCK": default}, "rows": listed}


def write(folder: Path, *documents: Any) -> str:
    """The kernel with these tables beside it."""
    (folder / "kernels").mkdir(exist_ok=True)
    for number, one in enumerate(documents):
        (folder / "kernels" / f"best{number}.json").write_text(json.dumps(one))
    return KERNEL.replace("TABLE", "best*.json")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> made.Library:
    folder = tmp_path_factory.mktemp("nearest")
    return made.library(folder, write(folder, document()))


def block(variant: Variant) -> object:
    return variant.constexprs["BLOCK"]


@pytest.mark.parametrize(
    ("dtype", "n", "m", "expected"),
    [
        ("fp16", 64, 1, 32),  # it is there
        ("fp16", 65, 1, 32),
        ("fp16", 500, 1, 32),  # by ratios: 512 is in the middle
        ("fp16", 530, 1, 64),
        ("fp16", 1 << 62, 1, 64),
        ("fp16", 64, 900, 128),
        ("fp16", 0, 1, 256),
        ("fp16", -(1 << 63), 1, 256),
        ("fp16", 1, None, 512),  # None is near to None alone
        ("fp32", 64, 1, 32),  # no row has the dtype: the default
    ],
)
def test_the_nearest_key(
    built: made.Library, dtype: str, n: int, m: int | None, expected: int
) -> None:
    assert block(built.chosen("k", Array(dtype).passed(), n, m)) == expected


NUMBERS = st.one_of(st.integers(-100, 10_000), st.integers(-(1 << 63), (1 << 63) - 1))


@settings(max_examples=200, deadline=None)
@given(NUMBERS, st.one_of(st.none(), st.integers(-5, 5000)), st.sampled_from(["fp16", "fp32"]))
def test_the_manifest_says_what_a_call_gets(
    built: made.Library, n: int, m: int | None, dtype: str
) -> None:
    found = built.chosen("k", Array(dtype).passed(), n, m)
    told = variant_of(built.plans["k"], {"x": (dtype, 0), "n": n, "m": m}, {})
    if told != found.label:  # as near as numbers can tell
        by_label = {
            one.label: block(one) for one in built.plans["k"].kernel.specialisation.variants
        }
        near = [
            near_to(key, n, m) for key, of in ROWS.items() if of in (block(found), by_label[told])
        ]
        assert math.isclose(min(near), max(near), abs_tol=1e-3)


def near_to(key: Any, n: int, m: int | None) -> float:
    """How far a key is, by logarithms."""
    if (key[1] is None) != (m is None):
        return math.inf
    pairs = [(key[0], n), (key[1] or 0, m or 0)]
    return sum(abs(logarithm(one) - logarithm(other)) for one, other in pairs)


def logarithm(number: int) -> float:
    whole = (abs(number) + 1).bit_length() - 1
    return math.copysign(whole + (abs(number) + 1) / (1 << whole) - 1, number)


def test_only_what_the_table_names_is_built(built: made.Library, tmp_path: Path) -> None:
    """The kernel's first configuration, too, only where it is named."""
    axis = axis_of(built.plans["k"].kernel, ConfigurationAxis)
    blocks = [dict(one.constexprs)["BLOCK"] for one in axis.configurations]
    assert blocks == [32, 64, 128, 256, 512]
    (kernel,) = made.read(tmp_path, write(tmp_path, document({(1, 1, "torch.float16"): 64}, 64)))
    assert [block(one) for one in kernel.specialisation.variants] == [64, 64, 64, 64]


def test_many_keys(tmp_path: Path) -> None:
    rows = {(1 << n, 1, "torch.float16"): 16 << n % 6 for n in range(40)}
    library = made.library(tmp_path, write(tmp_path, document(rows)))
    for (n, m, _), expected in rows.items():
        assert block(library.chosen("k", Array("fp16").passed(), n, m)) == expected
        assert block(library.chosen("k", Array("fp16").passed(), n + n // 8, m)) == expected


def test_both_sides_write_the_same_schema() -> None:
    assert table.SCHEMA == SCHEMA


@pytest.mark.parametrize(
    ("documents", "message"),
    [
        (
            [document({(1, 1): 64}), document({(2, 1): 64}, default=64)],
            "calls with other keys have two configurations in {folder}",
        ),
        (
            [document(default=48)],
            "tuned gives other keys the configuration {{'BLOCK': 48}}, which the kernel does not "
            "have",
        ),
        (
            [{"schema": SCHEMA, "rows": []}],
            "{folder}/best0.json is no table of tuned configurations: KeyError: 'default'",
        ),
    ],
)
def test_what_cannot_be(tmp_path: Path, documents: list[Any], message: str) -> None:
    with pytest.raises(CodegenErrors) as caught:
        made.read(tmp_path, write(tmp_path, *documents))
    (error,) = caught.value.errors
    assert error.message == f"`tests.k`: {message.format(folder=tmp_path / 'kernels')}"
