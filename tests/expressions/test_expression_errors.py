"""Grids and shape entries that are refused: the place, the sentence, the remedy."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from codegen.expressions.translate import translate_grid
from codegen.model.errors import CodegenError, SourceLocation
from tests.support.expressions import HERE, KERNEL, PRELUDE, grid, load, text

EXPLICIT = 'compute it before the call and use grid="explicit"'
KNOWN = (
    "known are + - * // % ** << >> & | ^ ~, comparisons, is None, in, and, or, not, if-else, "
    "assignments, if, while, for, return, cdiv, next_power_of_2, min, max, abs, int, bool, sum, "
    "all, any, math.prod, range, bit_length(), sm_count, the shape, size(), stride(), numel(), "
    "dim() of a tensor, and functions made of these; or "
)
INTS = "seq_len, heads, rows, n, m, BLOCK, SPLITS, cast"
NAMES = "seq_len, heads, rows, n, m, BLOCK, SPLITS, cast, x_ptr, MODE"


@pytest.mark.parametrize(
    ("source", "place", "message", "hint"),
    [
        (
            "lambda x_ptr: (1,\n    x_ptr)",
            "2:5",
            "the grid reads `x_ptr`, which is a pointer",
            EXPLICIT,
        ),
        (
            "lambda META: META['MODE']",
            "1:21",
            "the grid reads `META['MODE']`, which is a string constexpr",
            EXPLICIT,
        ),
        (
            "lambda META: META",
            "1:21",
            "the grid reads all of `META`, where an integer is expected",
            'read one of its entries: META["seq_len"]',
        ),
        (
            "lambda row: 1 if row is None else 2",
            "1:25",
            "the grid reads `row`, which is no parameter of the kernel",
            "did you mean `rows`?",
        ),
        (
            "lambda ROWS: ROWS",
            "1:21",
            "the grid reads `ROWS`, which is no parameter of the kernel",
            "did you mean `rows`?",
        ),
        (
            "lambda META: 1 if None is not META else 2",
            "1:38",
            "the grid reads all of `META`, where an integer is expected",
            'read one of its entries: META["seq_len"]',
        ),
        (
            "lambda META: META['BLOKC']",
            "1:21",
            "`META['BLOKC']` is no parameter of the kernel",
            "did you mean `BLOCK`?",
        ),
        (
            "lambda META: n",
            "1:21",
            "the grid reads `n`, which is not defined",
            'to read the kernel\'s parameter write META["n"]',
        ),
        (
            "lambda n: seq_len",
            "1:18",
            "the grid reads `seq_len`, which is not defined",
            "to read the kernel's parameter add `seq_len` to the function's parameters",
        ),
        (
            "lambda n: foo",
            "1:18",
            "the grid reads `foo`, which is not defined",
            f"the kernel's parameters are {NAMES}",
        ),
        (
            "lambda n: SCALE",
            "1:18",
            "the grid reads `SCALE`, which is a float (0.5)",
            EXPLICIT,
        ),
        (
            "lambda n: HUGE",
            "1:18",
            "the grid reads `HUGE`, which is an int beyond 64 bits (18446744073709551616)",
            EXPLICIT,
        ),
        (
            "lambda n: CONFIG.width",
            "1:18",
            "`CONFIG.width`: 'types.SimpleNamespace' object has no attribute 'width'",
            EXPLICIT,
        ),
        (
            "lambda n, k: n",
            "1:8",
            "the grid's parameter `k` is no parameter of the kernel",
            f"the kernel's parameters are {NAMES}",
        ),
        (
            "lambda META, n: n",
            "1:8",
            "the grid takes `META` beside `n`, and what stands for all parameters stands alone",
            'write `lambda META: ...` and read META["n"], or name each parameter that it reads',
        ),
        (
            "lambda n, *, args: n",
            "1:8",
            "the grid takes `args` beside `n`, and what stands for all parameters stands alone",
            'write `lambda args: ...` and read args["n"], or name each parameter that it reads',
        ),
        (
            "lambda **sizes: 1",
            "1:8",
            "the grid's parameter `**sizes` is no parameter of the kernel",
            f"the kernel's parameters are {NAMES}",
        ),
        (
            "lambda n: (1, 2, 3, n)",
            "1:19",
            "a grid has 1 to 3 entries, got `(1, 2, 3, n)`",
            "write it as (x,), (x, y) or (x, y, z)",
        ),
        (
            "lambda n: (*n,)",
            "1:20",
            "`*n` unpacks what is no tuple",
            EXPLICIT,
        ),
        (
            "lambda n: ((n, 1), 2)",
            "1:20",
            "expected an integer, got a tuple: `(n, 1)`",
            EXPLICIT,
        ),
        (
            "lambda n: n / 2",
            "1:18",
            "`n / 2` is a float, where an integer is expected",
            "write `n // 2`, or `cdiv(n, 2)` to round up",
        ),
        ("lambda n: n * 2.0", "1:22", "expected an integer, got a float: `2.0`", EXPLICIT),
        (
            "lambda n: sorted([n])",
            "1:18",
            "`sorted([n])` calls a function that is not known in C",
            KNOWN + EXPLICIT,
        ),
        (
            "lambda n: n.to_bytes()",
            "1:18",
            "the grid has `n.to_bytes()`, which is not known in C",
            KNOWN + EXPLICIT,
        ),
        (
            "lambda n: (n\n    is n)",
            "1:19",
            "the grid has `n is n`, which is not known in C",
            KNOWN + EXPLICIT,
        ),
        (
            "lambda n: n @ 2",
            "1:18",
            "the grid has `n @ 2`, which is not known in C",
            KNOWN + EXPLICIT,
        ),
        (
            "lambda n: n[0]",
            "1:18",
            "the grid has `n[0]`, which is not known in C",
            KNOWN + EXPLICIT,
        ),
        (
            "lambda n, sizes=(4, 2): sizes[0,]",
            "1:32",
            "the grid has `sizes[0,]`, which is not known in C",
            KNOWN + EXPLICIT,
        ),
        (
            "lambda x_ptr: max(size * 2 for size in x_ptr.shape if size)",
            "1:26",
            "the grid has `size * 2 for size in x_ptr.shape if size`, which is not known in C",
            f"{KNOWN}{EXPLICIT}",
        ),
        (
            "lambda n: any(size for size in range(n))",
            "1:39",
            "`range(n)` must be of constant ints",
            EXPLICIT,
        ),
        (
            "lambda n: cdiv(n)",
            "1:18",
            "expected cdiv(x, y), got `cdiv(n)`",
            "pass the arguments one by one, by position",
        ),
        (
            "lambda n: max(*n)",
            "1:18",
            "expected max(x, y, ...), got `max(*n)`",
            "pass the arguments one by one, by position",
        ),
        (
            "lambda n: blocks(*n)",
            "1:18",
            "`blocks(*n)` unpacks its arguments",
            "pass the arguments one by one, by position",
        ),
        (
            "lambda n: blocks(n, tile=3)",
            "1:18",
            "`blocks(n, tile=3)`: got an unexpected keyword argument 'tile'",
            "its parameters are (size, block=16)",
        ),
        (
            "lambda n: n // (3 - 3)",
            "1:18",
            "`n // (3 - 3)` always divides by zero",
            "guard it, as in `n // d if d else 0`",
        ),
        (
            "lambda n: n >> -1",
            "1:18",
            "`n >> -1` always shifts by a negative count",
            "shift the other way",
        ),
        (
            "lambda n: n ** n",
            "1:18",
            "`n ** n` needs a constant exponent from 0 to 63",
            "write `1 << n` for a power of 2",
        ),
        (
            "lambda n: n + 9223372036854775808",
            "1:22",
            "`9223372036854775808` does not fit in 64 bits",
            "sizes and grids are 64-bit integers; check the constants",
        ),
        (
            "lambda n: n + 2 ** 40 * 2 ** 40",
            "1:22",
            "`2 ** 40 * 2 ** 40` always exceeds 64 bits",
            "sizes and grids are 64-bit integers; check the constants",
        ),
    ],
)
def test_refused_grid(tmp_path: Path, source: str, place: str, message: str, hint: str) -> None:
    module = load(tmp_path, f"{PRELUDE}grid = {source}\n")
    with pytest.raises(CodegenError) as caught:
        translate_grid(module.grid, KERNEL)
    line, _, column = place.partition(":")
    where = SourceLocation(str(module.__file__), int(line) + PRELUDE.count("\n"), int(column))
    assert caught.value.where == where
    assert caught.value.message == message
    assert caught.value.hint == hint


def error_of(function: Callable[..., object]) -> str:
    with pytest.raises(CodegenError) as caught:
        translate_grid(function, KERNEL)
    return str(caught.value)


def test_refused_helpers(tmp_path: Path) -> None:
    module = load(
        tmp_path,
        f"{PRELUDE}grids = [\n"
        "    lambda n: forever(n),\n    lambda n: halved(n),\n    lambda n: loop(n),\n]\n"
        "def unset():\n    grid = lambda n: late\n    return grid\n    late = 1\n",
    )
    path = module.__file__
    assert [error_of(function) for function in module.grids] == [
        f"{path}:26:12: `forever(n - 1)` is recursive\n  hint: {EXPLICIT}",
        f"{path}:30:5: the grid has a loop that may have more than 64 rounds\n  hint: {EXPLICIT}",
        f"{path}:35:12: `loop(n)` is recursive\n  hint: {EXPLICIT}",
    ]
    assert error_of(module.unset()) == (
        f"{path}:48:22: the grid reads `late`, which is not defined\n"
        f"  hint: the kernel's parameters are {NAMES}"
    )


def test_refused_length(tmp_path: Path) -> None:
    module = load(tmp_path, "grid = lambda n: ((n ** 20) ** 20)\n")
    assert error_of(module.grid) == (
        f"{module.__file__}:1:19: `(n ** 20) ** 20` is 11173 characters long in C\n"
        f"  hint: {EXPLICIT}"
    )


def test_refused_objects(tmp_path: Path) -> None:
    assert error_of(print) == (
        "a grid must be a lambda or a def, got builtin_function_or_method\n"
        "  hint: write it as grid=lambda n: (cdiv(n, 64),)"
    )
    namespace: dict[str, Any] = {}
    # Not "<string>", whose source Python 3.13 knows in a process that runs `python -c`.
    exec(compile("grid = lambda n: n", "<typed>", "exec"), namespace)
    assert error_of(namespace["grid"]) == (
        "<typed>:1: the source of `<lambda>` cannot be read from <typed>\n"
        "  hint: it is translated from its source; write it in a file"
    )
    module = load(tmp_path, "async def grid(n):\n    return n\n")
    assert error_of(module.grid) == (
        f"{module.__file__}:1:1: `grid` is async, which is not known in C\n  hint: {EXPLICIT}"
    )


@pytest.mark.parametrize(
    "edited", ["grid = lambda n: n + 2\n", "\ngrid = lambda n: n\n", "grid = ("]
)
def test_refused_after_an_edit(tmp_path: Path, edited: str) -> None:
    module = load(tmp_path, "grid = lambda n: n\n")
    path = Path(str(module.__file__))
    assert grid(module.grid) == ["n", "1", "1"]
    path.write_text(edited)
    assert error_of(module.grid) == (
        f"{path}:1: `<lambda>` is no longer what its file says\n"
        "  hint: the file changed after it was imported; run the command again"
    )


def test_refused_neighbours(tmp_path: Path) -> None:
    """A class changes names that begin with two underscores, so that these read alike."""
    module = load(
        tmp_path, "class A:\n    grids = (lambda n: n + __a), (lambda n: n + __b), (lambda m: m)\n"
    )
    assert error_of(module.A.grids[1]) == (
        f"{module.__file__}:2: this line has several functions, and Python does not say which is "
        "`<lambda>`\n  hint: put them on separate lines"
    )
    assert grid(module.A.grids[2]) == ["m", "1", "1"]


@pytest.mark.parametrize(
    ("source", "message", "hint"),
    [
        (
            "seq_len *",
            "expected an integer expression, got `seq_len *`",
            "write it as in Python: a name, an int, or `cdiv(n, 64)`",
        ),
        (
            "x_ptr + 1",
            "the expression `x_ptr + 1` reads `x_ptr`, which is a pointer",
            "write an expression of the kernel's ints",
        ),
        (
            "cdiv(seqlen, 2)",
            "the expression `cdiv(seqlen, 2)` reads `seqlen`, which is no parameter of the kernel",
            "did you mean `seq_len`?",
        ),
        (
            "print(n)",
            "the expression `print(n)` reads `print`, which is no parameter of the kernel",
            f"the kernel's ints are {INTS}; of a variable of the file write the value instead of "
            "its name in quotes",
        ),
        (
            "'n'",
            "expected an integer, got a string: `'n'`",
            "write an expression of the kernel's ints",
        ),
    ],
)
def test_refused_text(source: str, message: str, hint: str) -> None:
    with pytest.raises(CodegenError) as caught:
        text(source)
    assert (caught.value.where, caught.value.message, caught.value.hint) == (HERE, message, hint)
