"""Recorded grid functions as lambdas of the kernel's parameters, or why there is none."""

from __future__ import annotations

from typing import Any

import pytest

from codegen.adopt.recorded_grids import (
    by_name,
    check_examples,
    function_of,
    imports_of,
    names_of,
    written,
)
from codegen.model.errors import CodegenError

PARAMETERS = ("x", "n", "stride", "batch", "BLOCK", "WIDE")


@pytest.mark.parametrize(
    ("source", "grid"),
    [
        ("lambda meta: (cdiv(n, meta['BLOCK']),)", "lambda n, BLOCK: (cdiv(n, BLOCK),)"),
        (
            'lambda META: (\n    batch,\n    triton.cdiv(n, META["BLOCK"]),\n)',
            "lambda n, batch, BLOCK: (batch, cdiv(n, BLOCK))",
        ),
        (
            'def grid(meta) -> tuple:\n    """Blocks."""\n    return (n, meta.get("WIDE"))',
            "lambda n, WIDE: (n, WIDE)",
        ),
        (
            "def grid(meta): return (max(n // meta['BLOCK'], 1),)",
            "lambda n, BLOCK: (max(n // BLOCK, 1),)",
        ),
        ("lambda meta: (x.shape[0], x.numel() // n)", "lambda x, n: (x.shape[0], x.numel() // n)"),
        ("lambda meta: (triton.next_power_of_2(n), 2)", "lambda n: (next_power_of_2(n), 2)"),
        ("lambda _: (1, 1)", "lambda: (1, 1)"),
        (
            "lambda meta: (sum(k for k in (n, meta['BLOCK'])),)",
            "lambda n, BLOCK: (sum((k for k in (n, BLOCK))),)",
        ),
    ],
)
def test_it_is_written_as_a_person_would(source: str, grid: str) -> None:
    assert written([source], PARAMETERS) == grid


def test_functions_that_say_the_same_are_one() -> None:
    sources = ["lambda meta: (cdiv(n, meta['BLOCK']),)", "lambda m: (triton.cdiv(n, m['BLOCK']),)"]
    grid = written(sources, PARAMETERS)
    assert (grid, names_of(grid)) == ("lambda n, BLOCK: (cdiv(n, BLOCK),)", ["n", "BLOCK"])
    assert imports_of(grid) == ["cdiv"]


@pytest.mark.parametrize(
    ("sources", "reason"),
    [
        ([], "the program gives it as a tuple, and not by a function"),
        (["lambda meta: (NT, batch)"], "it reads `NT`, which is no parameter of the kernel"),
        (["lambda meta: (meta['M'],)"], "it reads 'M', which is no parameter of the kernel"),
        (
            ["lambda meta: blocks(meta, n)"],
            "it reads `blocks`, which is no parameter of the kernel",
        ),
        (["lambda meta: (len(meta),)"], "it reads more of `meta` than parameters by name"),
        (
            ["def grid(meta):\n    size = n\n    return (size,)"],
            "its function does more than return it: def grid(meta): size = n return (size,)",
        ),
        (
            ["lambda meta, n=n: (n,)"],
            "its function takes more than the kernel's arguments: lambda meta, n=n: (n,)",
        ),
        (["Grid"], "its function cannot be read: Grid"),
        (["lambda meta: ("], "its function cannot be read: lambda meta: ("),
        (
            ["lambda meta: (n,)", "lambda meta: (batch,)"],
            "the program computes it in 2 ways: lambda n: (n,); lambda batch: (batch,)",
        ),
    ],
)
def test_why_it_is_not_written(sources: list[str], reason: str) -> None:
    with pytest.raises(CodegenError) as caught:
        written(sources, PARAMETERS)
    assert str(caught.value) == reason


def row(*examples: dict[str, Any]) -> dict[str, Any]:
    arguments = {"x": "*fp32:16", "n": "i32", "stride": "i32:1", "batch": None}
    return {"arguments": {**arguments, "BLOCK": {"constexpr": 64}}, "examples": examples}


def example(n: int, *grid: int) -> dict[str, Any]:
    return {"values": {"n": n}, "shapes": {"x": [2, n]}, "grid": list(grid)}


GOOD = row(example(100, 2, 1, 1), example(64, 1, 1, 1))


@pytest.mark.parametrize(
    ("grid", "rows", "reason"),
    [
        ("lambda n, BLOCK: (cdiv(n, BLOCK),)", [GOOD], ""),
        ("lambda x, stride: (x.shape[1] // 64 + (x.numel() % 128 > 0), stride)", [GOOD], ""),
        ("lambda batch, n: cdiv(n, 64) if batch is None else 0", [GOOD], ""),
        ("lambda n: (n,)", [row()], "no example of it was recorded"),
        (
            "lambda n, BLOCK: (n // BLOCK, 1)",
            [GOOD],
            "it would be (1, 1) where a recorded launch has (2, 1, 1), with n=100, BLOCK=64",
        ),
        (
            "lambda x: (x.stride(0),)",
            [GOOD],
            "it fails for a recorded launch: AttributeError: '_Tensor' object has no attribute "
            "'stride'",
        ),
        (
            "lambda n: (n,)",
            [
                {
                    **GOOD,
                    "arguments": {"n": "fp32"},
                    "examples": [{"values": {}, "shapes": {}, "grid": [1, 1, 1]}],
                }
            ],
            "what `n` was is not recorded",
        ),
    ],
)
def test_it_must_be_that_of_every_recorded_example(
    grid: str, rows: list[dict[str, Any]], reason: str
) -> None:
    function = by_name(function_of(grid, "<grid>"), names_of(grid))
    if not reason:
        check_examples(function, rows)
        return
    with pytest.raises(CodegenError) as caught:
        check_examples(function, rows)
    assert str(caught.value) == reason
