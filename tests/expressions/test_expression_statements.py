"""Grids of several statements: every variable is put in its place, every failure is kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from codegen.model.errors import CodegenError
from tests.support.expressions import load, optional_grid

HEAD = "from triton import cdiv\n\n\ndef grid(n, m, x, bias, limit):\n"


def loaded(tmp_path: Path, body: str) -> list[str]:
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    return [axis.text for axis in optional_grid(load(tmp_path, HEAD + lines).grid)]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("tile = 64\nreturn cdiv(n, tile), tile", ["tb_cdiv(n, 64)", "64"]),
        ("'''Doc.'''\na, b = n, 3; a += b\nreturn a", ["n + 3"]),
        ("(a, [b, c]) = d = (1, (2, n))\nreturn (a, b, c)", ["1", "2", "n"]),
        ("rows, columns = x.shape\nreturn rows, columns", ["tb_x_shape_0", "tb_x_shape_1"]),
        ("tile: int = 3\nunused: int\npass\nreturn (tile << 2,)", ["12"]),
        ("sizes = cdiv(n, 2), 4\nreturn sizes", ["tb_cdiv(n, 2)", "4"]),
        ("if n > 3: return n, 2\nreturn 1", ["n > 3 ? n : 1", "n > 3 ? 2 : 1"]),
        (
            "if n > 512:\n    tile = 128\nelif n > 64:\n    tile = 64\nelse:\n    tile = 1\n"
            "return cdiv(n, tile)",
            ["n > 512 ? tb_cdiv(n, 128) : n > 64 ? tb_cdiv(n, 64) : n"],
        ),
        ("tile = 1\nif n:\n    tile *= 2\nreturn tile", ["n ? 2 : 1"]),
        (
            "if bias is None:\n    return 1\nreturn bias.shape[0]",
            ["bias == NULL ? 1 : tb_bias_shape_0"],
        ),
        (
            "has = limit is not None\nreturn limit if has else 0",
            ["limit != NULL ? (int64_t)*limit : 0"],
        ),
        ("if n > 0:\n    pass\nelse:\n    return 1\nreturn 8 // n", ["n > 0 ? 8 / n : 1"]),
        # What fails in Python fails in C, whether or not it is read
        ("k = n // m\nreturn 7", ["((void)tb_checked_floordiv(n, m, &failed), 7)"]),
        ("k = n // m\nreturn k + 1", ["tb_checked_floordiv(n, m, &failed) + 1"]),
        ("k = n // m\nif k: return 2\nreturn 3", ["tb_checked_floordiv(n, m, &failed) ? 2 : 3"]),
        (
            "k = n // m\nif n: return k\nreturn 3",
            [
                "n ? tb_checked_floordiv(n, m, &failed) : "
                "((void)tb_checked_floordiv(n, m, &failed), 3)"
            ],
        ),
        (
            "a, b = n // m, 4\na = a + 1\nreturn 2, b",
            [
                "((void)(tb_checked_floordiv(n, m, &failed) + 1), 2)",
                "4",
            ],
        ),
        # Loops are written out
        ("for i in range(3):\n    n += i\nreturn n", ["n + 1 + 2"]),
        ("for a, b in ((1, 2), (3, 4)):\n    n += a * b\nreturn n", ["n + 2 + 12"]),
        (
            "for i in (1, 2, 3):\n    if n == i: break\nelse:\n    return 7\nreturn i",
            ["n == 1 ? 1 : n == 2 ? 2 : n == 3 ? 3 : 7"],
        ),
        (
            "for i in (1, 2):\n    if n == i: continue\n    m = i\nreturn m",
            ["n == 1 ? 2 : n == 2 ? 1 : 2"],
        ),
        (
            "tile = 1\nwhile tile < 8 and tile < n:\n    tile *= 2\nreturn tile",
            ["1 < n ? (2 < n ? (4 < n ? 8 : 4) : 2) : 1"],
        ),
        (
            "k = 0\nwhile k < 2:\n    for i in (1, 2):\n        if i == 2: break\n        k += i\n"
            "return k",
            ["2"],
        ),
        # A quotient that is compared goes through a float in Python
        ("return 1 if cdiv(n, 8) / 128 > 3 else 2", ["tb_cdiv(n, 8) > 384 ? 1 : 2"]),
        ("half = n / 2\nif 4.0 >= half: return 1\nreturn 2", ["n <= 8 ? 1 : 2"]),
    ],
)
def test_body(tmp_path: Path, body: str, expected: list[str]) -> None:
    found = loaded(tmp_path, body)
    assert found == [*expected, *["1"] * (3 - len(expected))]


REMEDY = 'compute it before the call and use grid="explicit"'
STATEMENTS = f"known are assignments, if, while, for and return; or {REMEDY}"


@pytest.mark.parametrize(
    ("body", "place", "message", "hint"),
    [
        (
            "assert n > 0\nreturn n",
            "5:5",
            "`assert n > 0` would not be checked in C",
            "leave it out: the call's own checks come before",
        ),
        (
            "for i in n:\n    n += i\nreturn n",
            "5:5",
            "the grid has the statement `for i in n`, which is not known in C",
            STATEMENTS,
        ),
        (
            "for i in range(n):\n    n += i\nreturn n",
            "5:14",
            "`range(n)` must be of constant ints",
            REMEDY,
        ),
        (
            "for i in range(65):\n    n += i\nreturn n",
            "5:14",
            "`range(65)` has more than 64 entries, to be written out in C",
            REMEDY,
        ),
        (
            "for i in range(1, 2, 0):\n    n += i\nreturn n",
            "5:14",
            "`range(1, 2, 0)`: range() arg 3 must not be zero",
            REMEDY,
        ),
        (
            "while n != 1:\n    m += 1\nreturn m",
            "5:5",
            "the grid has a loop that may have more than 64 rounds",
            REMEDY,
        ),
        (
            "while n > 0:\n    return n",
            "4:1",
            "`grid` ends without returning a value on some way through it",
            "end every branch with a return",
        ),
        (
            "while True:\n    if n: break",
            "4:1",
            "`grid` ends without returning a value on some way through it",
            "end every branch with a return",
        ),
        (
            "if n / m > 2: return 1\nreturn 2",
            "5:8",
            "`n / m > 2` goes through a float, which may be inexact",
            f"multiply instead; or {REMEDY}",
        ),
        (
            "n /= 2\nreturn n",
            "5:5",
            "the grid has the statement `n /= 2`, which is not known in C",
            STATEMENTS,
        ),
        (
            "first, *rest = n, m\nreturn first",
            "5:5",
            "the grid has the statement `first, *rest = n, m`, which is not known in C",
            STATEMENTS,
        ),
        (
            "a, b = n, m, 3\nreturn a",
            "5:5",
            "`a, b = n, m, 3` does not unpack a tuple of 2",
            REMEDY,
        ),
        (
            "if n:\n    tile = 1\nreturn tile",
            "7:12",
            "the grid reads `tile`, which is not yet assigned",
            "assign it in every branch that leads here",
        ),
        (
            "if n:\n    return 1",
            "4:1",
            "`grid` ends without returning a value on some way through it",
            "end every branch with a return",
        ),
        (
            "print(n)\nreturn n",
            "5:5",
            "the grid has the statement `print(n)`, which is not known in C",
            STATEMENTS,
        ),
        (
            "\n".join(f"if n & {1 << i}: m = 1" for i in range(9)) + "\nreturn 1",
            "14:12",
            "the grid has more than 200 ways through its ifs",
            REMEDY,
        ),
    ],
)
def test_refused(tmp_path: Path, body: str, place: str, message: str, hint: str) -> None:
    with pytest.raises(CodegenError) as caught:
        loaded(tmp_path, body)
    assert caught.value.where is not None
    assert str(caught.value.where).endswith(f"kernel_file.py:{place}")
    assert (caught.value.message, caught.value.hint) == (message, hint)


def test_a_helper_of_several_statements(tmp_path: Path) -> None:
    source = (
        "def tiles(size, tile):\n    if size is None:\n        return 1\n"
        "    count = size // tile\n    return count if count else 1\n\n\n"
        "def both(n, limit): return tiles(n, 64), tiles(limit, 2)\n"
    )
    axes = optional_grid(load(tmp_path, source).both)
    assert [axis.text for axis in axes] == [
        "tb_floordiv(n, 64) ? tb_floordiv(n, 64) : 1",
        "limit == NULL ? 1 : tb_floordiv((int64_t)*limit, 2) ? tb_floordiv((int64_t)*limit, 2) : 1",
        "1",
    ]
