"""Grids and shape entries, and the C they become."""

from __future__ import annotations

from pathlib import Path

import pytest

from codegen.expressions.operands import CExpression, int_parameter
from codegen.expressions.translate import translate_text
from codegen.model.errors import CodegenError
from tests.support.expressions import HERE, KERNEL, PRELUDE, grid, load, text

pytestmark = pytest.mark.triton


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        # Names and constants
        ("seq_len", "seq_len"),
        ("cast", "(int64_t)cast"),
        ("BLOCK", "64"),
        ("True", "1"),
        ("0x10", "16"),
        ("2147483647", "2147483647"),
        ("2147483648", "INT64_C(2147483648)"),
        ("-2147483648", "-INT64_C(2147483648)"),
        ("-9223372036854775808", "INT64_MIN"),
        ("BLOCK * 2 + 1", "129"),
        ("-7 // 2", "-4"),
        ("-7 % 3", "2"),
        ("2 ** 10", "1024"),
        ("rows * 0", "0"),
        # No check where the ranges need none
        ("seq_len + heads", "seq_len + heads"),
        ("seq_len * heads", "seq_len * heads"),
        ("n + m", "tb_checked_add(n, m, &failed)"),
        ("n - m", "tb_checked_sub(n, m, &failed)"),
        ("n * 2", "tb_checked_mul(n, 2, &failed)"),
        ("seq_len * heads * rows", "tb_checked_mul(seq_len * heads, rows, &failed)"),
        ("-seq_len", "-seq_len"),
        ("-n", "tb_checked_sub(0, n, &failed)"),
        ("abs(seq_len)", "tb_abs(seq_len)"),
        ("abs(n)", "tb_checked_abs(n, &failed)"),
        ("next_power_of_2(seq_len)", "tb_next_power_of_2(seq_len)"),
        ("next_power_of_2(n)", "tb_checked_next_power_of_2(n, &failed)"),
        ("min(n, m, 3)", "tb_min(tb_min(n, m), 3)"),
        ("max(n, 1)", "tb_max(n, 1)"),
        ("int(n)", "n"),
        # Division
        ("cdiv(seq_len, 64)", "tb_cdiv(seq_len, 64)"),
        ("triton.cdiv(n, BLOCK)", "tb_cdiv(n, 64)"),
        ("tl.cdiv(n, SPLITS)", "tb_cdiv(n, SPLITS)"),
        ("cdiv(seq_len, heads)", "tb_checked_cdiv(seq_len, heads, &failed)"),
        ("seq_len // 2", "tb_floordiv(seq_len, 2)"),
        ("rows // 2", "rows / 2"),
        ("rows % BLOCK", "rows % 64"),
        ("seq_len % BLOCK", "tb_mod(seq_len, 64)"),
        ("seq_len // heads", "tb_checked_floordiv(seq_len, heads, &failed)"),
        ("seq_len % heads", "tb_checked_mod(seq_len, heads, &failed)"),
        ("n // SPLITS", "tb_floordiv(n, SPLITS)"),
        ("n // -1", "tb_checked_floordiv(n, -1, &failed)"),
        ("n % -1", "0"),
        ("-(-rows // BLOCK)", "-tb_floordiv(-rows, 64)"),
        ("rows // max(seq_len, 1)", "rows / tb_max(seq_len, 1)"),
        ("rows // (heads * heads + 1)", "rows / (heads * heads + 1)"),
        # What fails is 0, so that a divisor made of it can be
        (
            "7 // max(n * n, -3)",
            "tb_checked_floordiv(7, tb_max(tb_checked_mul(n, n, &failed), -3), &failed)",
        ),
        # Operations without effect
        ("rows * 1 + 0", "rows"),
        ("cdiv(rows, 1) // 1 - 0", "rows"),
        # Parentheses
        ("(seq_len + heads) * 2", "(seq_len + heads) * 2"),
        ("seq_len + (heads * 2)", "seq_len + heads * 2"),
        ("seq_len - (heads - 1)", "seq_len - (heads - 1)"),
        ("(seq_len - heads) - 1", "seq_len - heads - 1"),
        ("rows * (rows // 2)", "rows * (rows / 2)"),
        ("-(-seq_len)", "-(-seq_len)"),
        ("seq_len - -3", "seq_len - -3"),
        ("-cast", "-(int64_t)cast"),
        ("seq_len ** 3 ** 0", "seq_len"),
        ("(heads + 1) ** 2", "(heads + 1) * (heads + 1)"),
        ("heads ** 0", "1"),
        # Bits
        ("rows << 3", "rows << 3"),
        ("1 << SPLITS", "1 << SPLITS"),
        ("1000000000 << SPLITS", "(int64_t)1000000000 << SPLITS"),
        ("seq_len << 3", "seq_len * 8"),
        ("rows << heads", "tb_checked_shift_left(rows, heads, &failed)"),
        ("n >> 4", "n >> 4"),
        ("5 >> heads", "tb_checked_shift_right(5, heads, &failed)"),
        ("(rows & 255) + 1", "(rows & 255) + 1"),
        ("rows & heads | 3", "(rows & heads) | 3"),
        ("7 | 64", "71"),
        ("-8 | 3", "-5"),
        ("rows ^ ~heads", "rows ^ ~heads"),
        ("~(n < 3)", "-1 - (n < 3)"),
        ("rows // (heads | 8)", "tb_floordiv(rows, heads | 8)"),
        ("(n < 3) | (m < 3)", "(int64_t)(n < 3) | (int64_t)(m < 3)"),
        # 32-bit constants and comparisons are computed in 64 bits
        ("(n > 3) * 2000000000 * 2", "(int64_t)((n > 3) * 2000000000) * 2"),
        ("(2000000000 if n else 1) + 2000000000", "(int64_t)(n ? 2000000000 : 1) + 2000000000"),
        # Comparisons and logic
        ("n < m", "n < m"),
        ("0 < n < m", "0 < n && n < m"),
        ("rows >= 0", "1"),
        ("rows == rows", "1"),
        ("SPLITS > 8", "0"),
        ("n + (m == 3)", "tb_checked_add(n, m == 3, &failed)"),
        ("n // m == n // m", "((void)tb_checked_floordiv(n, m, &failed), 1)"),
        ("not n", "!n"),
        ("not rows * 2", "rows * 2 == 0"),
        ("not n < m", "!(n < m)"),
        ("not (n and m)", "!(n && m)"),
        ("n < 3 and m < 3", "n < 3 && m < 3"),
        ("(n < 3 and m < 3) or n == m", "(n < 3 && m < 3) || n == m"),
        ("n and m", "n ? m : 0"),
        ("n or m", "n ? n : m"),
        ("n or m or 1", "n ? n : m ? m : 1"),
        ("n < 3 or m", "n < 3 ? 1 : m"),
        ("n and True", "n ? 1 : 0"),
        ("BLOCK and n", "n"),
        ("BLOCK or x_ptr", "64"),
        # Conditions, and what follows from them
        ("n if m else 1", "m ? n : 1"),
        ("n if rows * 2 else 1", "rows * 2 != 0 ? n : 1"),
        ("n if BLOCK == 64 else x_ptr", "n"),
        ("(n if m else 1) + 1", "tb_checked_add(m ? n : 1, 1, &failed)"),
        ("1 if n else 2 if m else 3", "n ? 1 : m ? 2 : 3"),
        ("(1 if n else 2) if m else 3", "m ? (n ? 1 : 2) : 3"),
        ("1 if n and m or rows else 2", "(n && m) || rows ? 1 : 2"),
        ("seq_len // heads if heads else 0", "heads ? tb_floordiv(seq_len, heads) : 0"),
        (
            "seq_len // heads if not heads == 0 else 0",
            "!(heads == 0) ? tb_floordiv(seq_len, heads) : 0",
        ),
        ("heads and seq_len // heads", "heads ? tb_floordiv(seq_len, heads) : 0"),
        ("seq_len // (heads or 1)", "tb_floordiv(seq_len, heads ? heads : 1)"),
        ("rows // heads if heads > 0 else 0", "heads > 0 ? rows / heads : 0"),
        ("n + 1 if 0 <= n < 9 else n", "0 <= n && n < 9 ? n + 1 : n"),
        ("n * BLOCK if n == 2 else n", "n == 2 ? 128 : n"),
    ],
)
def test_text(source: str, expected: str) -> None:
    assert text(source) == expected


def test_what_is_known_of_an_expression() -> None:
    assert translate_text("rows * SPLITS + BLOCK", KERNEL, HERE) == CExpression(
        "rows * SPLITS + 64", 64, (2**31 - 1) * 8 + 64, frozenset({"rows", "SPLITS"}), False
    )
    assert translate_text("n * n", KERNEL, HERE) == CExpression(
        "tb_checked_mul(n, n, &failed)", 0, 2**63 - 1, frozenset({"n"}), True
    )


def test_an_int_has_64_bits() -> None:
    with pytest.raises(ValueError, match="beyond 64 bits"):
        int_parameter("address", "address", 0, 2**64 - 1)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("lambda: 1", ["1", "1", "1"]),
        ("lambda n: n", ["n", "1", "1"]),
        ("lambda n, heads: (n, heads)", ["n", "heads", "1"]),
        ("lambda heads, n: [n, 2, heads]", ["n", "2", "heads"]),
        ("lambda seq_len, BLOCK: (cdiv(seq_len, BLOCK),)", ["tb_cdiv(seq_len, 64)", "1", "1"]),
        (
            "lambda META: (triton.cdiv(META['seq_len'], META[\"BLOCK\"]), META['heads'])",
            ["tb_cdiv(seq_len, 64)", "heads", "1"],
        ),
        ("lambda seq_len: (tl.cdiv(seq_len, 2), 1, 1)", ["tb_cdiv(seq_len, 2)", "1", "1"]),
        ("lambda n, tile=TILE: (n // tile,)", ["tb_floordiv(n, 16)", "1", "1"]),
        ("lambda rows: (rows * TILE, FLAG, WIDTH)", ["rows * 16", "1", "32"]),
        ("lambda rows: rows * CONFIG.tile", ["rows * 8", "1", "1"]),
        ("lambda rows: rows * WIDTH.value * CONFIG.tile.real", ["rows * 32 * 8", "1", "1"]),
        ("lambda rows: blocks(rows)", ["(rows + 16 - 1) / 16", "1", "1"]),
        ("lambda rows: blocks(block=4, size=rows)", ["(rows + 4 - 1) / 4", "1", "1"]),
        (
            "lambda rows: blocks(rows if rows else 1)",
            ["((rows ? rows : 1) + 16 - 1) / 16", "1", "1"],
        ),
        ("lambda n: first(n * n, n)", ["tb_checked_mul(n, n, &failed)", "1", "1"]),
        (
            "lambda n: first(5, n * n)",
            ["((void)tb_checked_mul(n, n, &failed), 5)", "1", "1"],
        ),
        (
            "lambda n, m: guarded(n // m, m)",
            [
                "m ? tb_checked_floordiv(n, m, &failed) : "
                "((void)tb_checked_floordiv(n, m, &failed), 0)",
                "1",
                "1",
            ],
        ),
        (
            "(lambda size: (lambda n: n + size - size))(3)",
            ["tb_checked_add(n, 3, &failed) - 3", "1", "1"],
        ),
        ("(lambda n: n), (lambda m: m)", ["n", "1", "1"]),
        ("(\n    lambda\n    n: (\n        n,\n        2,  # two\n    )\n)", ["n", "2", "1"]),
    ],
)
def test_grid(tmp_path: Path, source: str, expected: list[str]) -> None:
    found = load(tmp_path, f"{PRELUDE}grid = {source}\n").grid
    assert grid(found[0] if isinstance(found, tuple) else found) == expected


DEFS = """
def same(function):
    return function


def make(tile):
    @same
    def grid(n: int, *, rows=1) -> tuple:
        '''Over two
        lines.'''
        return blocks(rows, tile), 2
    return grid


def in_one_line(n): return n
"""


def test_grid_from_def(tmp_path: Path) -> None:
    module = load(tmp_path, PRELUDE + DEFS)
    assert grid(module.make(4)) == ["(rows + 4 - 1) / 4", "2", "1"]
    assert grid(module.in_one_line) == ["n", "1", "1"]


DECORATED = """
def keep(grid): return lambda function: function.__dict__.update(grid=grid) or function

if True:
    below = lambda n: (n, 7)

@keep(grid=lambda n: (n, 4))
def kernel(n,
           m): return n

@keep(
    grid=lambda n: (n, 5),
)
def wrapped(n):
    @keep(grid=lambda n: (n, 6))
    def inside(n):
        return n
    return inside
"""


def test_a_grid_is_found_beside_what_stands_below_it(tmp_path: Path) -> None:
    module = load(tmp_path, DECORATED)
    found = [module.kernel.grid, module.wrapped.grid, module.wrapped(1).grid, module.below]
    assert [grid(function)[1] for function in found] == ["4", "5", "6", "7"]


def test_several_lambdas_in_a_line(tmp_path: Path) -> None:
    module = load(
        tmp_path,
        "grids = {'ä': lambda n: n, 'ö': lambda n: (n, 'é', (lambda n: n)), 'ü': lambda n: (n)}\n"
        "nested = lambda n: lambda n: (n, 2)\n"
        "default = lambda n, m=lambda n: (n, 4): m\n"
        "constants = (lambda: 1 + 2), (lambda: 3), (lambda: 4)\n"
        "closures = (lambda a, b: ((lambda: a), (lambda: b), (lambda: a + b)))(5, 6)\n",
    )
    assert grid(module.grids["ä"]) == grid(module.grids["ü"]) == ["n", "1", "1"]
    assert grid(module.nested(1)) == ["n", "2", "1"]
    assert grid(module.default(1)) == ["n", "4", "1"]
    assert [grid(function)[0] for function in module.constants] == ["3", "3", "4"]
    assert [grid(function)[0] for function in module.closures] == ["5", "6", "11"]
    with pytest.raises(CodegenError, match="the grid has `lambda n: n`, which is not"):
        grid(module.grids["ö"])


def test_grid_in_a_module_that_pytest_rewrites() -> None:
    rows = 3
    function = lambda n: (n, rows)  # noqa: E731
    assert grid(function) == ["n", "3", "1"]
    assert grid(lambda m: m) == ["m", "1", "1"]
