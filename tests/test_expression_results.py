"""What translated expressions compute: what Python does, or a failure where it has no result."""

from __future__ import annotations

import ast
import random
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from codegen.errors import CodegenError
from codegen.expressions import CExpression, Operand, translate_grid
from codegen.expressions.c_value import literal
from tests.support.expressions import I32, I64, load

HEADER = Path(__file__).parents[1] / "templates" / "runtime" / "tb_arithmetic.h"
STRICT = ["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror"]

HELPERS = """\
from triton import cdiv, next_power_of_2


def half(value):
    return value // 2


def guarded(value, divisor):
    return value if divisor > 0 else divisor


"""
OPERANDS = {
    "a": Operand("a", *I32),
    "b": Operand("b", *I64),
    "c": Operand("c", 0, 2**31 - 1),
    "d": Operand("d", 1, 1000),
    "e": Operand("e", -3, 3),
    "BLOCK": Operand("64", 64, 64),
}
ONE = ["-{0}", "~{0}", "(not {0})", "abs({0})", "int({0})", "next_power_of_2({0})", "half({0})"]
ONE += ["({0} ** 0)", "({0} ** 2)", "({0} ** 3)", "({0} << 5)", "({0} >> 5)"]
INFIX = ["+", "-", "*", "//", "%", "<<", ">>", "&", "|", "^", "and", "or"]
INFIX += ["<", "<=", ">", ">=", "==", "!="]
TWO = [f"({{0}} {symbol} {{1}})" for symbol in INFIX]
TWO += ["cdiv({0}, {1})", "min({0}, {1})", "max({0}, {1})", "guarded({0}, {1})"]
THREE = [
    "({0} if {1} else {2})",
    "({0} < {1} <= {2})",
    "max({0}, {1}, {2})",
    "({0} and {1} or {2})",
]
THREE += ["({0} // {1} if {1} else {2})", "({0} % {1} if {1} > {2} else {1})"]
RANDOM = ["-Wno-tautological-compare"]
"""Random expressions compare what cannot be equal, as in `(a & 16) == 7`."""
LEAVES = [*OPERANDS, "0", "1", "2", "(-1)", "7", "64", "2147483647", "(-2147483648)"]
LEAVES += ["4611686018427387904", "9223372036854775807", "(-9223372036854775808)"]


def expressions() -> st.SearchStrategy[str]:
    def larger(smaller: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        return st.builds(
            lambda template, *parts: template.format(*parts),
            st.sampled_from(ONE + 2 * TWO + 2 * THREE),
            smaller,
            smaller,
            smaller,
        )

    leaves = st.sampled_from(LEAVES + 2 * [*OPERANDS])
    return st.recursive(leaves, larger, max_leaves=12)


class Checked(ast.NodeTransformer):
    """Hands every result to `checked`, and shifts to functions that refuse to build huge ints."""

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.op, ast.LShift):
            return ast.Call(ast.Name("shift_left", ast.Load()), [node.left, node.right], [])
        return self.checked(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        return node if isinstance(node.operand, ast.Constant) else self.visit_Call(node)

    def visit_Call(self, node: ast.expr) -> ast.AST:
        self.generic_visit(node)
        return self.checked(node)

    def checked(self, node: ast.expr) -> ast.AST:
        return ast.Call(ast.Name("checked", ast.Load()), [node], [])


def checked(value: int) -> int:
    if not I64[0] <= value <= I64[1]:
        raise OverflowError
    return value


def shift_left(value: int, count: int) -> int:
    if count > 64 and value:
        raise OverflowError
    return checked(value << min(count, 64))


def oracles(sources: list[str]) -> Callable[..., int | None]:
    """What Python says of each; None where it raises or leaves 64 bits."""
    grids = "\n".join(f"    lambda {', '.join(OPERANDS)}: {source}," for source in sources)
    tree = Checked().visit(ast.parse(f"{HELPERS}grids = [\n{grids}\n]"))
    namespace: dict[str, Any] = {"checked": checked, "shift_left": shift_left}
    exec(compile(ast.fix_missing_locations(tree), "oracle", "exec"), namespace)

    def oracle(index: int, *values: int) -> int | None:
        try:
            return int(namespace["grids"][index](*values))
        except (ZeroDivisionError, OverflowError, ValueError):
            return None

    return oracle


def input_rows() -> list[tuple[int, ...]]:
    generator = random.Random(0)

    def value(operand: Operand) -> int:
        edges = [-3, -1, 0, 1, 2, 63, 64, 65, operand.low, operand.low + 1, operand.high]
        size = generator.choice((4, 16, 31, 62))
        value = generator.choice((*edges, generator.randrange(-(2**size), 2**size)))
        return min(max(value, operand.low), operand.high)

    return [tuple(value(operand) for operand in OPERANDS.values()) for _ in range(100)]


def c_program(translated: list[CExpression], rows: list[tuple[int, ...]]) -> str:
    """Prints, per expression and row, the value and whether it failed.

    Only the names that an expression claims to read are declared, and `failed` only where it claims
    that it can fail; the compiler refuses names that are missing or unused.
    """
    lines = ["#include <stdio.h>", f'#include "{HEADER.name}"']
    for index, expression in enumerate(translated):
        lines.append(f"static int64_t f{index}(const int64_t *row, int *out) {{")
        for position, name in enumerate(OPERANDS):
            if name in expression.names:
                lines.append(f"    int64_t {name} = row[{position}];")
        if not expression.names:
            lines.append("    (void)row;")
        if expression.can_fail:
            lines += ["    int failed = 0;", f"    int64_t value = {expression.text};"]
            lines += ["    *out = failed;", "    return value;", "}"]
        else:
            lines += ["    *out = 0;", f"    return {expression.text};", "}"]
    functions = ", ".join(f"f{index}" for index in range(len(translated)))
    table = ",\n    ".join("{" + ", ".join(literal(v).text for v in row) + "}" for row in rows)
    return "\n".join(
        [
            *lines,
            f"static int64_t (*const functions[])(const int64_t *, int *) = {{{functions}}};",
            f"static const int64_t rows[][{len(OPERANDS)}] = {{\n    {table}}};",
            "int main(void) {",
            f"    for (int i = 0; i < {len(translated)}; i++) {{",
            f"        for (int j = 0; j < {len(rows)}; j++) {{",
            "            int failed;",
            "            long long value = functions[i](rows[j], &failed);",
            '            printf("%lld %d\\n", value, failed);',
            "        }",
            "    }",
            "    return 0;",
            "}\n",
        ]
    )


def compile_c(compiler: str, *arguments: str | Path) -> None:
    if not shutil.which(compiler):
        pytest.skip(f"{compiler} is not installed")
    command = [compiler, *STRICT, f"-I{HEADER.parent}", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="session")
def batch() -> list[str]:
    """Every operation on every kind of operand, and random trees."""
    simple = [
        template.format(x, y, z)
        for template in ONE + TWO + THREE
        for x, y, z in [
            ("a", "e", "d"),
            ("b", "a", "0"),
            ("c", "d", "a"),
            ("b", "b", "b"),
            ("e", "(-1)", "c"),
        ]
    ]
    found: dict[str, None] = dict.fromkeys(simple)

    @settings(
        max_examples=400,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(expressions())
    def collect(source: str) -> None:
        found[source] = None

    collect()
    return list(found)


def test_c_computes_what_python_does(batch: list[str], tmp_path: Path) -> None:
    grids = "\n".join(f"    lambda {', '.join(OPERANDS)}: {source}," for source in batch)
    functions = load(tmp_path, f"{HELPERS}grids = [\n{grids}\n]\n").grids
    sources, translated, errors = [], [], []
    for source, function in zip(batch, functions, strict=True):
        try:
            expression, _, _ = translate_grid(function, OPERANDS)
        except CodegenError as error:
            errors.append(error.message)
        else:
            sources.append(source)
            translated.append(expression)
    assert len(errors) < len(batch) / 5
    assert all("always" in error or "characters long" in error for error in errors)

    rows = input_rows()
    program = tmp_path / "program.c"
    program.write_text(c_program(translated, rows))
    sanitize = ["-fsanitize=undefined", "-fno-sanitize-recover=all"]
    compile_c("gcc", *sanitize, *RANDOM, program, "-o", tmp_path / "program")
    done = subprocess.run([tmp_path / "program"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr

    results = (tuple(map(int, line.split())) for line in done.stdout.splitlines())
    oracle = oracles(sources)
    for index, (source, expression) in enumerate(zip(sources, translated, strict=True)):
        for row in rows:
            value, failed = next(results)
            expected = oracle(index, *row)
            context = f"{source} on {row}: {expression.text}"
            assert (None if failed else value) == expected, context
            assert expression.low <= value <= expression.high, context

    if shutil.which("clang"):
        compile_c("clang", "-fsyntax-only", *RANDOM, program)
    defined = set(re.findall(r"static inline int64_t (\w+)", HEADER.read_text()))
    assert defined <= set(re.findall(r"\w+", program.read_text()))


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_header_compiles_alone(compiler: str, tmp_path: Path) -> None:
    source = tmp_path / "alone.c"
    source.write_text(f'#include "{HEADER.name}"\nint main(void) {{\n    return 0;\n}}\n')
    compile_c(compiler, "-O2", source, "-o", tmp_path / "alone")
