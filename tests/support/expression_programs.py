"""C programs that print what translated expressions compute, and what Python says of them."""

from __future__ import annotations

import ast
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from codegen.expressions.c_value import literal
from codegen.expressions.operands import CExpression
from tests.support.expressions import I64
from tests.support.places import RUNTIME

HEADER = RUNTIME / "core/tb_arithmetic.h"
STRICT = ["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror"]
RANDOM = ["-Wno-tautological-compare"]
"""Random expressions compare what cannot be equal, as in `(a & 16) == 7`."""

Row = tuple[int, ...]
Declare = Callable[[CExpression], Sequence[str]]
"""The C declarations of what an expression claims to read, from `const int64_t *row`."""


class Checked(ast.NodeTransformer):
    """Hands every result to `checked`, and shifts to functions that refuse to build huge ints."""

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.op, ast.LShift):
            return ast.Call(ast.Name("shift_left", ast.Load()), [node.left, node.right], [])
        return self.checked(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        assert isinstance(node.target, ast.Name)
        value = ast.BinOp(ast.Name(node.target.id, ast.Load()), node.op, node.value)
        return self.visit(ast.Assign([node.target], value))

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        return node if isinstance(node.operand, ast.Constant) else self.visit_Call(node)

    def visit_Call(self, node: ast.expr) -> ast.AST:
        self.generic_visit(node)
        return self.checked(node)

    def checked(self, node: ast.expr) -> ast.AST:
        return ast.Call(ast.Name("checked", ast.Load()), [node], [])


def checked(value: object) -> object:
    if isinstance(value, int) and not I64[0] <= value <= I64[1]:
        raise OverflowError
    return value


def shift_left(value: int, count: int) -> object:
    if count > 64 and value:
        raise OverflowError
    return checked(value << min(count, 64))


def python_functions(source: str, name: str) -> list[Callable[..., object]]:
    """The list of functions `name` in a module of this text, with all arithmetic checked."""
    tree = ast.fix_missing_locations(Checked().visit(ast.parse(source)))
    namespace: dict[str, object] = {"checked": checked, "shift_left": shift_left}
    exec(compile(tree, "oracle", "exec"), namespace)
    functions = namespace[name]
    assert isinstance(functions, list)
    return functions


def outcome(function: Callable[..., object], *arguments: object) -> int | None:
    """What Python returns; None where it raises for a number or leaves 64 bits."""
    try:
        result = function(*arguments)
    except (ZeroDivisionError, OverflowError, ValueError):
        return None
    assert isinstance(result, int)
    return int(result)


def c_program(translated: Sequence[CExpression], rows: Sequence[Row], declare: Declare) -> str:
    """Prints, per expression and row, the value and whether it failed.

    Only what an expression claims to read is declared, and `failed` only where it claims that it
    can fail; the compiler refuses names that are missing or unused.
    """
    lines = ["#include <stddef.h>", "#include <stdio.h>", f'#include "{HEADER.name}"']
    for index, expression in enumerate(translated):
        lines.append(f"static int64_t f{index}(const int64_t *row, int *out) {{")
        lines += [f"    {line}" for line in declare(expression) or ["(void)row;"]]
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
            f"static const int64_t rows[][{len(rows[0])}] = {{\n    {table}}};",
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


def results_of(program: str, folder: Path) -> Iterator[tuple[int, int]]:
    """What the program prints, built with gcc and a sanitizer; clang compiles it too."""
    source, binary = folder / "program.c", folder / "program"
    source.write_text(program)
    sanitize = ["-fsanitize=undefined", "-fno-sanitize-recover=all"]
    compile_c("gcc", *sanitize, *RANDOM, source, "-o", binary)
    if shutil.which("clang"):
        compile_c("clang", "-fsyntax-only", *RANDOM, source)
    done = subprocess.run([binary], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for line in done.stdout.splitlines():
        value, failed = line.split()
        yield int(value), int(failed)


def compile_c(compiler: str, *arguments: str | Path) -> None:
    if not shutil.which(compiler):
        pytest.skip(f"{compiler} is not installed")
    command = [compiler, *STRICT, f"-I{HEADER.parent}", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
