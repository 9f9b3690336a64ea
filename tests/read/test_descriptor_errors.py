"""What is wrong in a declaration of tensor descriptors: one sentence each, with its remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.declarations import EXPORT_LINE, kernel
from tests.support.project import new_project

HALF = "tensordesc<fp16[64, 64]>"
PARAMETER = "`demo.bad` parameter `x`"
SEVERAL = "export the kernel once for each of them, under several names"
UNLIKE = "must be descriptors of different elements, and alike in dimensions and options"


def declared(type_: str, **more: str) -> str:
    return kernel(f'types={{"x": "{type_}", "n": "i32"}}', **more)


BAD: dict[str, tuple[str, str, str]] = {
    "descriptor or pointer": (
        declared(f"{HALF} | *fp16"),
        f"{PARAMETER}: its types `{HALF}` | `*fp16` {UNLIKE}",
        SEVERAL,
    ),
    "other dimensions": (
        declared(f"{HALF} | tensordesc<fp32[64]>"),
        f"{PARAMETER}: its types `{HALF}` | `tensordesc<fp32[64]>` {UNLIKE}",
        SEVERAL,
    ),
    "other options": (
        declared(f"{HALF} | tensordesc<fp32[64, 64], tf32>"),
        f"{PARAMETER}: its types `{HALF}` | `tensordesc<fp32[64, 64], tf32>` {UNLIKE}",
        SEVERAL,
    ),
    "the same elements": (
        declared(f"{HALF} | tensordesc<fp16[32, 64]>"),
        f"{PARAMETER}: its types `{HALF}` | `tensordesc<fp16[32, 64]>` {UNLIKE}",
        SEVERAL,
    ),
    "None": (
        declared(f"{HALF} | None"),
        f"{PARAMETER}: a tensor descriptor cannot be None",
        "where the kernel takes None, export it once more with None in constexprs",
    ),
    "divisible": (
        declared("tensordesc<i32[64, 64]>:16"),
        f"{PARAMETER}: only ints and pointers can be divisible by 16, got "
        "`tensordesc<i32[64, 64]>:16`",
        'write it as "tensordesc<i32[64, 64]>"',
    ),
    "default": (
        declared("tensordesc<i32[64, 64]>", parameters="n, x=0"),
        f"{PARAMETER}: its default 0 is no `tensordesc<i32[64, 64]>`",
        "change the default, or the type",
    ),
    "shape": (
        kernel(f'types={{"x": "{HALF}", "n": "i32"}}, shapes={{"x": ("n", 64)}}'),
        f"{PARAMETER}: only a pointer has a shape",
        "leave it out",
    ),
    "elements in the grid": (
        declared(HALF, grid="lambda x: (x.numel(),)"),
        "`demo.bad`: something reads `x.numel()`, which may not fit 64 bits",
        "multiply the sizes that it is to be made of",
    ),
    "another dimension in the grid": (
        declared(HALF, grid="lambda x: (x.shape[-3],)"),
        "`demo.bad`: something reads `x.shape[-3]`, and its descriptor has 2 dimensions",
        "read another, or declare another block",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_a_mistake(tmp_path: Path, case: str) -> None:
    source, message, hint = BAD[case]
    project = new_project(tmp_path, {"pyproject.toml": "", "kernels/bad.py": source})
    result = project.run("regenerate")
    assert result.code == 2
    place = f"error: kernels/bad.py:{EXPORT_LINE}"
    assert result.errors[:2] == [f"{place}: {message}", f"  hint: {hint}"]


def test_a_grid_that_unpacks_another_number_of_dimensions(tmp_path: Path) -> None:
    blocks = "def blocks(x):\n    rows, columns, more = x.shape\n    return (rows,)\n"
    source = blocks + declared(HALF, grid="blocks")
    project = new_project(tmp_path, {"pyproject.toml": "", "kernels/bad.py": source})
    assert project.run("regenerate").errors[:2] == [
        f"error: kernels/bad.py:{EXPORT_LINE + 3}: `demo.bad`: something reads `x.shape` as 3 "
        "numbers, and its descriptor has 2 dimensions",
        "  hint: unpack as many, or declare another block",
    ]


def test_a_block_of_unknown_constexprs_is_an_error_of_the_kernel(tmp_path: Path) -> None:
    source = declared("tensordesc<fp16[BLOCK, 64]>")
    project = new_project(tmp_path, {"pyproject.toml": "", "kernels/bad.py": source})
    result = project.run("regenerate")
    assert (result.code, result.errors[0].partition("error: ")[2], result.errors[1]) == (
        2,
        f"kernels/bad.py:{EXPORT_LINE}: {PARAMETER}: the size `BLOCK` reads `BLOCK`, "
        "which is no constexpr of the kernel",
        "  hint: the constexprs are none",
    )
