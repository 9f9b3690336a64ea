"""Parameters that are None in the same calls: one choice, which all of them must agree with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from codegen.model.errors import CodegenErrors
from codegen.variants.axes.configuration import ConfigurationAxis
from codegen.variants.axes.none import NoneAxis
from tests.support import made
from tests.support.calls import tensor
from tests.support.jit_calls import Array
from tests.support.plans import axis_of

SOURCE = """
@export("tests.packed", types={"x": "*fp32", "chunks": "*i64 | None with offsets",
                               "offsets": "*i64 | None", "first": "i32:16 | None with offsets",
                               "bias": "*fp32 | None", "n": "i32"},
        grid=lambda n, offsets, chunks: (cdiv(n, 64) if offsets is None else len(chunks),))
@triton.heuristics({"PACKED": lambda args: args["offsets"] is not None})
@triton.jit
def packed(x, chunks, offsets, first, bias, n, PACKED: tl.constexpr):
    pass
"""
SIGNATURE = (
    "tests.packed(x: *fp32, chunks: *i64 | None with offsets, offsets: *i64 | None, "
    "first: i32 | None with offsets, bias: *fp32 | None, n: i32, stream=None)"
)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> made.Library:
    return made.library(tmp_path_factory.mktemp("partners"), SOURCE)


def test_they_are_one_choice(library: made.Library) -> None:
    kernel = library.plans["packed"].kernel
    axes = [axis for axis in kernel.specialisation.axes if isinstance(axis, NoneAxis)]
    assert [(axis.parameters, axis.labels) for axis in axes] == [
        (("offsets", "chunks", "first"), ("offsets", "no_offsets")),
        (("bias",), ("bias", "no_bias")),
    ]
    assert [variant.label for variant in kernel.specialisation.variants] == [
        f"{offsets}-{bias}-{hints}"
        for offsets in ("offsets", "no_offsets")
        for bias in ("bias", "no_bias")
        for hints in ("aligned", "generic")
    ]
    for variant in kernel.specialisation.variants:
        constexprs, is_absent = variant.constexprs, variant.label.startswith("no_offsets")
        assert constexprs["PACKED"] is not is_absent
        assert {"chunks", "offsets", "first"} <= constexprs.keys() or not is_absent


def test_a_call_that_has_all_or_none(library: made.Library) -> None:
    x, offsets, chunks = tensor(8), tensor(3, dtype="i64"), tensor(5, 2, dtype="i64")
    label = "offsets-no_bias-aligned"
    assert library.chosen("packed", x, chunks, offsets, 16, None, 8).label == label
    label = "no_offsets-no_bias-aligned"
    assert library.chosen("packed", x, None, None, None, None, 8).label == label


CHUNKS, FIRST = "argument #1 `chunks`", "argument #3 `first`"
REFUSED: list[tuple[tuple[Any, Any, Any], str]] = [
    ((4096, None, None), f"{CHUNKS} must be None, as `offsets` is"),
    ((None, 4096, 1), f"{CHUNKS} must not be None, as `offsets` is not"),
    ((None, None, 0), f"{FIRST} must be None, as `offsets` is"),
    ((tensor(5, 2, dtype="i64"), 4096, None), f"{FIRST} must not be None, as `offsets` is not"),
]


@pytest.mark.parametrize(("given", "sentence"), REFUSED)
def test_a_call_that_has_some(
    library: made.Library, given: tuple[Any, Any, Any], sentence: str
) -> None:
    if given[0] == 4096:  # an address has no shape, which the grid reads
        given = (tensor(5, 2, dtype="i64"), *given[1:])
    with pytest.raises(ValueError, match="None") as caught:
        library.chosen("packed", tensor(8), *given, None, 8)
    assert str(caught.value) == f"tests.packed {sentence}\n{SIGNATURE}"


TUNED = """
CONFIGS = [triton.Config({"BLOCK": 64}), triton.Config({"BLOCK": 128})]

@export("tests.k", types={"x": "*fp32", "a": "*i64 | None", "b": "*i64 | None with a",
                          "m": "i32 | None with a"}, grid=lambda: (1,), tuned={
            (3, "torch.float32", "torch.int64", "torch.int64"): {"BLOCK": 128},
            (None, "torch.float32"): {"BLOCK": 128},
            (None, "torch.float32", "torch.int64"): {"BLOCK": 128},
        })
@triton.autotune(CONFIGS, key=["m"])
@triton.jit
def k(x, a, b, m, BLOCK: tl.constexpr):
    pass
"""


def test_tuned_keys(tmp_path: Path) -> None:
    """One that has a dtype for some of them is no call's."""
    library = made.library(tmp_path, TUNED)
    assert len(axis_of(library.plans["k"].kernel, ConfigurationAxis).tuned.rows) == 2
    x = Array().passed()
    for given, block in (((4096, 4096, 3), 128), ((4096, 4096, 4), 64), ((None, None, None), 128)):
        assert dict(library.chosen("k", x, *given).constexprs)["BLOCK"] == block


DECLARED = """
@export("tests.k", types=TYPES, constexprs=CONSTEXPRS, grid=lambda: (1,))
@triton.jit
def k(x, y, z): pass
"""
ERRORS: dict[str, tuple[dict[str, str], dict[str, Any], str, str]] = {
    "unknown": (
        {"x": "*fp32", "y": "*fp32 | None with w", "z": "i32"},
        {},
        "`w`, which is no run-time parameter",
        "name one whose type ends in | None",
    ),
    "compiled in": (
        {"x": "*fp32", "y": "*fp32 | None with z"},
        {"z": None},
        "`z`, which is no run-time parameter",
        "name one whose type ends in | None",
    ),
    "never None": (
        {"x": "*fp16 | *fp32", "y": "*fp32 | None with x", "z": "i32"},
        {},
        "`x`, which is never None",
        'give `x` the type "*fp16 | *fp32 | None"',
    ),
    "itself": (
        {"x": "*fp32", "y": "*fp32 | None with y", "z": "i32"},
        {},
        "`y`, which is itself",
        'write "| None" alone',
    ),
    "a chain": (
        {"x": "*fp32 | None", "z": "*fp32 | None with x", "y": "*fp32 | None with z"},
        {},
        "`z`, which is None with `x`",
        "name `x` in both",
    ),
}


@pytest.mark.parametrize("case", ERRORS)
def test_a_refusal(tmp_path: Path, case: str) -> None:
    types, constexprs, reason, hint = ERRORS[case]
    source = DECLARED.replace("TYPES", repr(types)).replace("CONSTEXPRS", repr(constexprs))
    with pytest.raises(CodegenErrors) as caught:
        made.read(tmp_path, source)
    (error,) = caught.value.errors
    assert error.message == f"`tests.k` parameter `y`: it is None with {reason}"
    assert error.hint == hint and error.where is not None
