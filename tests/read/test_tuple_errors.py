"""What is wrong in the declaration of a tuple, or of names: a sentence for each mistake."""

from __future__ import annotations

from pathlib import Path

import pytest

from codegen.expressions.refusals import KNOWN
from tests.support.project import HEADER, PYPROJECT, new_project

NAMED = "from typing import NamedTuple\nclass Args(NamedTuple):\n    x: object\n    n: object\n"
TYPES = (
    "i1, i8, i16, i32, i64, u8, u16, u32, u64, fp16, bf16, fp32, fp64, fp8e4nv, fp8e4b8, fp8e5, "
    "fp8e5b16, fp8e4b15"
)
EXPLICIT = 'compute it before the call and use grid="explicit"'


def kernel(
    types: str, parameters: str, grid: str = '"explicit"', more: str = "", name: str = "bad"
) -> str:
    """A kernel file whose @export is on the line of EXPORT."""
    export = f'@export("demo.{name}", types={types}, grid={grid}{more})'
    return f"{HEADER}{NAMED}{export}\n@triton.jit\ndef bad({parameters}):\n    pass\n"


EXPORT = (HEADER + NAMED).count("\n") + 1

# source, message, hint; the place is the @export
BAD: dict[str, tuple[str, str, str]] = {
    "no types for *args": (
        kernel('{"x": "*fp32"}', "x, *args"),
        "`demo.bad` parameter `args`: it is a tuple, *args, and types does not name it",
        'give the type of each entry: types={"args": ("*fp32", "i32")}',
    ),
    "one type for *args": (
        kernel('{"args": "*fp32"}', "*args"),
        "`demo.bad` parameter `args`: it is a tuple, *args, and types gives it '*fp32'",
        'give the type of each entry: types={"args": ("*fp32", "i32")}',
    ),
    "a list": (
        kernel('{"x": ["*fp32", "i32"]}', "x"),
        "`demo.bad` parameter `x`: its type must be a string, got ['*fp32', 'i32']",
        'write it as "*fp32" or "i32"',
    ),
    "no type in a tuple": (
        kernel('{"x": ("*fp32", ("f32",))}', "x"),
        "`demo.bad` parameter `x_1_0`: `f32` is not a Triton type",
        f"write one of {TYPES}, or `*` and one of them for a pointer",
    ),
    "a list in a tuple": (
        kernel('{"x": ("*fp32", [1])}', "x"),
        "`demo.bad` parameter `x_1`: its value [1] cannot be hashed, as Triton's JIT does with "
        "constexprs",
        "write tuples instead of lists, and make pointer types in the kernel",
    ),
    "a float of 16 in a namedtuple": (
        kernel('{"x": Args("*fp32", "fp32:16")}', "x"),
        "`demo.bad` parameter `x_n`: only ints and pointers can be divisible by 16, got "
        "`fp32:16`",
        'write it as "fp32"',
    ),
    "a tuple for a constexpr": (
        kernel('{"x": ("*fp32",)}', "x: tl.constexpr"),
        "`demo.bad` parameter `x`: it is a constexpr, and types gives it `('*fp32',)`",
        'give its value instead: constexprs={"x": ...}',
    ),
    "a tuple for an annotated parameter": (
        kernel('{"x": ("i32", "i32")}', "x: tl.int32"),
        "`demo.bad` parameter `x`: types gives it a tuple, and the kernel annotates it as `i32`",
        "give it one type, or remove the annotation",
    ),
    "a type and a value": (
        kernel('{"x": ("i32",)}', "x", more=', constexprs={"x": (1,)}'),
        "`demo.bad` parameter `x`: constexprs gives it a value, and types gives it `('i32',)`",
        "leave it out of one of them",
    ),
    "a leaf called like a parameter": (
        kernel('{"x": ("i32", "i32"), "x_1": "i32"}', "x, x_1"),
        "`demo.bad` parameter `x`: an entry of it becomes the argument `x_1`, and another argument "
        "is called so too",
        "rename one of them in the kernel",
    ),
    "leaves called alike": (
        kernel('{"x": (1, ("i32",)), "x_1": ("i32",)}', "x, x_1"),
        "`demo.bad` parameter `x_1`: an entry of it becomes the argument `x_1_0`, and another "
        "argument is called so too",
        "rename one of them in the kernel",
    ),
    "a leaf that is no parameter of the kernel": (
        kernel('{"x_0": "i32", "x": ("i32",)}', "x"),
        "`demo.bad`: types names `x_0`, which is no parameter",
        "the kernel's parameters are x",
    ),
    "a shape of the whole": (
        kernel('{"x": Args("*fp32", "i32")}', "x", more=', shapes={"x": (4,)}'),
        "`demo.bad`: shapes names `x`, which is no parameter",
        "the kernel's parameters are x_x, x_n",
    ),
    "a default of another type": (
        kernel('{"x": ("i32", "i32")}', "x=(1, 2.5)"),
        "`demo.bad` parameter `x_1`: its default 2.5 is no `i32`",
        "change the default, or the type",
    ),
    "a case of the whole": (
        kernel('{"x": ("i32", "i32")}', "x", more=', cases=[{"x": 16}]'),
        "`demo.bad` case {'x': 16}: `x` is no run-time parameter",
        "those are x_0, x_1",
    ),
    "called like the C function": (
        kernel('{"x": "*fp32", "solve_on": "i32"}', "x, solve_on", name="solve"),
        "`demo.solve` parameter `solve_on`: the generated code of `solve` has a name like this for "
        "itself",
        'end the name in @export("demo.solve", ...) otherwise',
    ),
    "called like what C reads shapes with": (
        kernel('{"x": "*fp32", "solve_with": "i32"}', "x, solve_with", name="solve"),
        "`demo.solve` parameter `solve_with`: the generated code of `solve` has a name like this "
        "for itself",
        'end the name in @export("demo.solve", ...) otherwise',
    ),
    "called like the Python function": (
        kernel('{"x": "*fp32", "_solve": "i32"}', "x, _solve", name="solve"),
        "`demo.solve` parameter `_solve`: the generated code of `solve` has a name like this for "
        "itself",
        'end the name in @export("demo.solve", ...) otherwise',
    ),
    "called like a table of a constexpr": (
        kernel(
            '{"solve_B": ("i32",), "x": "i32"}',
            "solve_B, x, B: tl.constexpr, solve_x_values",
            name="solve",
            more=', constexprs={"B": [1, 2], "solve_x_values": [1, 2]}',
        ),
        "`demo.solve` parameter `solve_x_values`: the generated code of `solve` has a name like "
        "this for itself",
        'end the name in @export("demo.solve", ...) otherwise',
    ),
}

# the grid, message, hint; the place is in the @export
X = '{"x": ("i32", ("*fp32", "fp32", None)), "args": Args("*fp32", "i32")}'
GRIDS: dict[str, tuple[str, str, str]] = {
    "a leaf by the name of its argument": (
        "lambda x_0, args: (x_0,)",
        "`demo.bad`: the grid's parameter `x_0` is no parameter of the kernel",
        "the kernel's parameters are x, args",
    ),
    "beyond the end": (
        "lambda x: (x[2],)",
        "`demo.bad`: `x[2]`: an index must be a constant int in range",
        EXPLICIT,
    ),
    "an entry that is no number": (
        "lambda x: (x[1][1],)",
        "`demo.bad`: the grid reads `x[1][1]`, which is of type fp32",
        EXPLICIT,
    ),
    "an entry that is None": (
        "lambda x: (x[1][2],)",
        "`demo.bad`: the grid reads `x[1][2]`, which is None",
        EXPLICIT,
    ),
    "no such field": (
        'lambda META: (META["args"].y,)',
        '`demo.bad`: `META["args"].y` is no entry of the namedtuple',
        "its entries are x, n",
    ),
    "a field of a plain tuple": (
        "lambda x: (x.n,)",
        "`demo.bad`: the grid has `x.n`, which is not known in C",
        f"{KNOWN}; or {EXPLICIT}",
    ),
}


def errors_of(folder: Path, source: str) -> list[str]:
    project = new_project(folder, {"pyproject.toml": "", "kernels/bad.py": source})
    result = project.run("regenerate")
    assert (result.code, result.out) == (2, "")
    return [line for line in result.errors if "nothing was written" not in line]


@pytest.mark.parametrize("case", BAD)
def test_a_bad_declaration_gets_a_sentence(tmp_path: Path, case: str) -> None:
    source, message, hint = BAD[case]
    lines = [f"error: kernels/bad.py:{EXPORT}: {message}", f"  hint: {hint}"]
    assert errors_of(tmp_path, source) == lines


@pytest.mark.parametrize("case", GRIDS)
def test_a_bad_grid_gets_a_sentence(tmp_path: Path, case: str) -> None:
    grid, message, hint = GRIDS[case]
    error, shown_hint = errors_of(tmp_path, kernel(X, "x, args", grid))
    place, _, text = error.partition(": `demo")
    assert place.startswith(f"error: kernels/bad.py:{EXPORT}")
    assert ("`demo" + text, shown_hint) == (message, f"  hint: {hint}")


def test_an_annotation_that_triton_does_not_know(tmp_path: Path) -> None:
    source = f"{HEADER}@export('demo.bad', grid=lambda: (1,), types={{'x': '*i8'}})\n@triton.jit\n"
    source += "def bad(x, flag: bool):\n    tl.store(x, flag)\n"
    project = new_project(tmp_path, {"pyproject.toml": PYPROJECT, "kernels/bad.py": source})
    line = HEADER.count("\n") + 3
    assert project.run("regenerate").errors[:2] == [
        f"error: kernels/bad.py:{line}:18: `demo.bad` variant `aligned` for sm_80: Triton's "
        "compiler has no `bool` (and so for 1 other of its images)",
        '  hint: annotate with tl.int1, or with "bool" in quotes',
    ]
