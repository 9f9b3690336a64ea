"""Mistakes in the expressions of a declaration: whose they are, and where they stand."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.declarations import EXPORT_LINE, POINTERS, kernel
from tests.support.project import new_project

pytestmark = pytest.mark.triton

# Those of expressions have tests of their own; here, that they say whose and where.
EXPRESSIONS = {
    "grid": (
        kernel(grid="lambda x: (x,)"),
        f"{EXPORT_LINE}:71: `demo.bad`: the grid reads `x`, which is a tensor",
        "read a number of it (shape, size(), stride(), numel(), dim()), or test `x is None`",
    ),
    "shape": (
        kernel(f'{POINTERS}, shapes={{"x": ("rows",)}}'),
        f"{EXPORT_LINE}: `demo.bad` parameter `x`: the expression `rows` reads `rows`, which is "
        "no parameter of the kernel",
        "the kernel's ints are n; of a variable of the file write the value instead of its name "
        "in quotes",
    ),
    "shape that reads a pointer among others": (
        kernel(f'{POINTERS}, shapes={{"x": ("n + x",)}}'),
        f"{EXPORT_LINE}: `demo.bad` parameter `x`: the expression `n + x` reads `x`, which is a "
        "pointer",
        "write an expression of the kernel's ints",
    ),
    "names in the order of the signature": (
        kernel(
            'types={"x": "*fp32", "n": "i32", "t": ("i32", "i32"), "s": "fp32"}, '
            'constexprs={"C": "text"}',
            "C: tl.constexpr, s, x, t, n",
            grid="lambda q, n: 1",
        ),
        f"{EXPORT_LINE}:120: `demo.bad`: the grid's parameter `q` is no parameter of the kernel",
        "the kernel's parameters are C, s, x, t, n",
    ),
}


@pytest.mark.parametrize("case", EXPRESSIONS)
def test_a_bad_expression_gets_its_place(tmp_path: Path, case: str) -> None:
    source, message, hint = EXPRESSIONS[case]
    project = new_project(tmp_path, {"pyproject.toml": "", "kernels/bad.py": source})
    assert project.run("regenerate").errors == [
        f"error: kernels/bad.py:{message}",
        f"  hint: {hint}",
        "1 error; nothing was written",
    ]
