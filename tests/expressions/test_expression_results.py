"""What translated expressions compute: what Python does, or a failure where it has no result."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from codegen.expressions.operands import CExpression
from codegen.expressions.translate import translate_grid
from codegen.model.errors import CodegenError
from tests.support.expression_programs import (
    HEADER,
    c_program,
    compile_c,
    outcome,
    python_functions,
    results_of,
)
from tests.support.expressions import I32, I64, ints, load

HELPERS = """\
from triton import cdiv, next_power_of_2


def half(value):
    return value // 2


def guarded(value, divisor):
    return value if divisor > 0 else divisor


"""
RANGES = {"a": I32, "b": I64, "c": (0, 2**31 - 1), "d": (1, 1000), "e": (-3, 3), "BLOCK": (64, 64)}
KERNEL = ints(**RANGES)
ONE = ["-{0}", "~{0}", "(not {0})", "abs({0})", "int({0})", "next_power_of_2({0})", "half({0})"]
ONE += ["({0}).bit_length()", "({0} ** 0)", "({0} ** 2)", "({0} ** 3)", "({0} << 5)", "({0} >> 5)"]
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
THREE += ["all({2} % x for x in ({0}, {1}))", "any(x > {2} for x in ({0}, {1} // {2}))"]
THREE += ["all([{0} // {1}, {2}])", "max([x // {2} for x in ({0}, {1})])"]
LEAVES = [*KERNEL, "0", "1", "2", "(-1)", "7", "64", "2147483647", "(-2147483648)"]
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

    leaves = st.sampled_from(LEAVES + 2 * [*KERNEL])
    return st.recursive(leaves, larger, max_leaves=12)


def oracles(sources: list[str]) -> list[Callable[..., object]]:
    grids = "\n".join(f"    lambda {', '.join(KERNEL)}: {source}," for source in sources)
    return python_functions(f"{HELPERS}grids = [\n{grids}\n]", "grids")


def input_rows() -> list[tuple[int, ...]]:
    generator = random.Random(0)

    def value(low: int, high: int) -> int:
        edges = [-3, -1, 0, 1, 2, 63, 64, 65, low, low + 1, high]
        size = generator.choice((4, 16, 31, 62))
        value = generator.choice((*edges, generator.randrange(-(2**size), 2**size)))
        return min(max(value, low), high)

    return [tuple(value(*ends) for ends in RANGES.values()) for _ in range(100)]


def declarations(expression: CExpression) -> list[str]:
    return [
        f"int64_t {name} = row[{position}];"
        for position, name in enumerate(KERNEL)
        if name in expression.names
    ]


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
    grids = "\n".join(f"    lambda {', '.join(KERNEL)}: {source}," for source in batch)
    functions = load(tmp_path, f"{HELPERS}grids = [\n{grids}\n]\n").grids
    sources, translated, errors = [], [], []
    for source, function in zip(batch, functions, strict=True):
        try:
            expression, _, _ = translate_grid(function, KERNEL)
        except CodegenError as error:
            errors.append(error.message)
        else:
            sources.append(source)
            translated.append(expression)
    assert len(errors) < len(batch) / 5
    assert all("always" in error or "characters long" in error for error in errors)

    rows = input_rows()
    program = c_program(translated, rows, declarations)
    results = results_of(program, tmp_path)
    for source, expression, oracle in zip(sources, translated, oracles(sources), strict=True):
        for row in rows:
            value, failed = next(results)
            context = f"{source} on {row}: {expression.text}"
            assert (None if failed else value) == outcome(oracle, *row), context
            assert expression.low <= value <= expression.high, context

    defined = set(re.findall(r"static inline int64_t (\w+)", HEADER.read_text()))
    assert defined <= set(re.findall(r"\w+", program))


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_header_compiles_alone(compiler: str, tmp_path: Path) -> None:
    source = tmp_path / "alone.c"
    source.write_text(f'#include "{HEADER.name}"\nint main(void) {{\n    return 0;\n}}\n')
    compile_c(compiler, "-O2", source, "-o", tmp_path / "alone")
