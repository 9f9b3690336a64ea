"""Random functions with variables, branches, tensors and None: C computes what Python does.

Each is translated twice: as a grid of the kernel's parameters by name, and inlined into a
heuristic that reads them from a dict.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Literal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from codegen.expressions.operands import CExpression, float_parameter, int_parameter
from codegen.expressions.scope import bind
from codegen.expressions.translate import translate_grid, translate_heuristic
from codegen.expressions.values import Nullable, Real, Tensor
from codegen.model.computed import TensorFact
from codegen.model.errors import CodegenError
from tests.support.expression_programs import (
    Row,
    c_program,
    outcome,
    python_functions,
    results_of,
)
from tests.support.expressions import I32, I64, ints, load

PRELUDE = """\
import math
from triton import cdiv, next_power_of_2

def sum(values):
    total = 0
    for value in values:
        total = total + value
    return total

def prod(values):
    product = 1
    for value in values:
        product = product * value
    return product

def half(value):
    unused = value - 1
    if value > 7:
        return value // 2
    return value
"""
"""Python's own sum() and math.prod() would not show that an intermediate result leaves 64 bits."""

IN_FILE = """\
import math
from math import prod
from triton import cdiv, next_power_of_2

def half(value):
    unused = value - 1
    if value > 7:
        return value // 2
    return value
"""

NAMES = ("a", "b", "d", "flag", "opt", "scale", "rate", "x", "y", "MODE", "GONE")
SCALARS = {
    **ints(a=I32, b=I64, d=(1, 1000)),
    "flag": int_parameter("flag", "flag", 0, 1, is_bool=True),
    "opt": int_parameter("opt", "opt", *I32, nullable=True),
    "scale": float_parameter("scale", "scale", "fp32", nullable=True),
    "rate": float_parameter("rate", "rate", "fp64"),
}
POINTERS = {"x": Tensor("x", "x"), "y": Tensor("y", "y", nullable=True)}
CONSTANTS = {"MODE": "gelu", "GONE": None}
KERNEL = {**SCALARS, **POINTERS, **{name: bind(value) for name, value in CONSTANTS.items()}}

ONE = ["-{0}", "(not {0})", "abs({0})", "bool({0})", "int({0})", "half({0})", "({0} << 3)"]
ONE += ["({0} in (0, 1, 64))", "({0} not in (2, a))", "(opt or {0})", "({0} // 7)"]
ONE += ["(opt if opt is not None else {0})", "({0} if opt is None else opt + 1)"]
ONE += ["(y.shape[1] if y is not None else {0})", "({0} if y is None else y.numel())"]
ONE += ["(y is not None and y.stride(0) == {0})", "(opt is None or opt > {0})"]
ONE += ['({0} if MODE == "gelu" else b)', "(b if GONE is not None else {0})"]
ONE += ["(scale is not None and scale > 0.25)", "({0} if scale is None else scale != -1)"]
ONE += ["(scale is None or 1.5 >= scale)", "(rate <= -0.75)", "({0} if rate else 3)", "(not rate)"]
ONE += ["(rate in (0, 1.25))", "(rate < 1e400)", "({0} > 2.5)", "(-0.5 >= {0})", "({0} == 7.0)"]
ONE += ["({0} != 0.1)", "({0} < 1e30)", "(-1e400 < {0})", "({0} in (64.0, 1.5))", "(2**53 <= {0})"]
ONE += ["(scale is not None and {0})", "(x.shape[0] if x is not None else {0})"]
TWO = [f"({{0}} {sign} {{1}})" for sign in ("+", "-", "*", "//", "%", "&", "<", "==", "and", "or")]
TWO += ["cdiv({0}, {1})", "min(({0}, {1}))", "max({0}, {1})", "sum(({0}, {1}, 1))"]
TWO += ["prod([{0}, {1}])", "({0}, {1})[1]", "({1} if {0} else opt is None)"]
LEAVES = ["a", "b", "d", "flag", "u", "v", "w", "u", "v", "w", "0", "1", "7", "True", "(y is None)"]
LEAVES += ["x.shape[0]", "x.size(-1)", "x.stride(0)", "x.stride()[-2]", "x.numel()", "x.dim()"]
LEAVES += ["len(x.shape)", "x.shape.numel()", "math.ceil(a / d)", "math.floor(a / 64)", "x.ndim"]
LEAVES += ["math.prod(x.shape)", "int(opt == None)", "len(x)"]


class Sizes(tuple[int, ...]):
    def numel(self) -> int:
        return math.prod(self)


@dataclass(frozen=True)
class TorchTensor:
    """What torch says of a tensor of two dimensions."""

    shape: Sizes
    strides: tuple[int, int]

    def __len__(self) -> int:
        return self.shape[0]

    def size(self, index: int | None = None) -> object:
        return self.shape if index is None else self.shape[index]

    def stride(self, index: int | None = None) -> object:
        return self.strides if index is None else self.strides[index]

    def numel(self) -> int:
        return self.shape.numel()

    def dim(self) -> int:
        return 2

    ndim = 2

    def fact(self, fact: TensorFact) -> int:
        by_kind = {"shape": self.shape, "stride": self.strides}
        if fact.kind in by_kind:
            return by_kind[fact.kind][fact.index]
        return {"numel": self.numel(), "ndim": 2}[fact.kind]


KINDS: list[tuple[Literal["shape", "stride", "numel", "ndim"], int]] = [
    *(("shape", index) for index in (0, 1, -1)),
    *(("stride", index) for index in (0, -2)),
    ("numel", 0),
    ("ndim", 0),
]
FACTS = [TensorFact(name, kind, index) for name in POINTERS for kind, index in KINDS]


def expressions() -> st.SearchStrategy[str]:
    def larger(smaller: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        templates = st.sampled_from(2 * ONE + 3 * TWO + ["({0} if {1} > 3 else {0})"])
        return st.builds(
            lambda template, *parts: template.format(*parts), templates, smaller, smaller
        )

    return st.recursive(st.sampled_from(LEAVES), larger, max_leaves=5)


def statements(depth: int = 2) -> st.SearchStrategy[list[str]]:
    expression, name = expressions(), st.sampled_from("uvw")
    simple = st.one_of(
        st.builds("{} = {}".format, name, expression),
        st.builds(
            "{} {}= {}".format, name, st.sampled_from(["+", "-", "*", "//", "%"]), expression
        ),
        st.builds("u, (v, w) = {}, (w, {})".format, expression, expression),
        st.just("u, v = x.shape"),
        st.builds("{}: int = {}".format, name, expression),
    ).map(lambda line: [line])
    if not depth:
        return st.lists(simple, max_size=2).map(lambda blocks: list(chain.from_iterable(blocks)))
    block = st.builds(
        lambda lines, result: [*lines, f"return {result}"] if result else lines or ["pass"],
        statements(depth - 1),
        st.one_of(st.none(), st.none(), expression),
    )
    branches = st.builds(
        lambda test, body, *others: [
            f"if {test}:",
            *indented(body),
            *(line for head, other in others if other for line in (head, *indented(other))),
        ],
        expression,
        block,
        st.tuples(st.builds("elif {}:".format, expression), st.one_of(st.just([]), block)),
        st.tuples(st.just("else:"), st.one_of(st.just([]), block)),
    )
    return st.lists(st.one_of(simple, branches), min_size=1, max_size=3).map(
        lambda blocks: list(chain.from_iterable(blocks))
    )


def indented(lines: list[str]) -> list[str]:
    return [f"    {line}" for line in lines]


def functions() -> st.SearchStrategy[list[str]]:
    return st.builds(
        lambda start, lines, result: [f"u, v, w = {start}, a, 1", *lines, f"return {result}"],
        st.sampled_from(LEAVES[:4]),
        statements(),
        expressions(),
    )


def batch() -> list[list[str]]:
    """Every construct once, and random functions."""
    start = "u, v, w = a, b, d"
    simple = [[start, f"return {part.format('v', 'u')}"] for part in [*ONE, *TWO, *LEAVES]]
    found = {"\n".join(lines): lines for lines in simple}

    @settings(
        max_examples=250,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(functions())
    def collect(lines: list[str]) -> None:
        found["\n".join(lines)] = lines

    collect()
    return list(found.values())


def source_of(prelude: str, bodies: list[list[str]]) -> str:
    """A module with a list of grids and a list of heuristics that call them."""
    lines = [prelude]
    for index, body in enumerate(bodies):
        lines += [f"def grid_{index}({', '.join(NAMES)}):", *indented(body)]
    arguments = ", ".join(f'args["{name}"]' for name in NAMES)
    lines += ["grids = [", *(f"    grid_{index}," for index in range(len(bodies))), "]"]
    lines += ["heuristics = ["]
    lines += [f"    lambda args: grid_{index}({arguments})," for index in range(len(bodies))]
    return "\n".join([*lines, "]\n"])


def inputs() -> list[dict[str, object]]:
    generator = random.Random(0)

    def number(low: int, high: int) -> int:
        size = generator.choice((3, 7, 31, 62))
        value = generator.choice((0, 1, 7, 64, low, high, generator.randrange(-(2**size), 2**size)))
        return min(max(value, low), high)

    def tensor() -> TorchTensor:
        shape = number(0, generator.choice((9, 2**31))), number(0, 2**31)
        return TorchTensor(Sizes(shape), (number(*I64), number(-9, 9)))

    return [
        {
            "a": number(*I32),
            "b": number(*I64),
            "d": number(1, 1000),
            "flag": generator.random() < 0.5,
            "opt": generator.choice((None, number(*I32))),
            "scale": generator.choice((None, 0.25, 0.5, -1.0)),
            "rate": generator.choice((0.0, -0.75, 1.25, 2.0)),
            "x": tensor(),
            "y": generator.choice((None, tensor())),
            **CONSTANTS,
        }
        for _ in range(60)
    ]


def row_of(values: dict[str, object]) -> Row:
    """The scalars with whether they are None, the pointers, then the facts of the tensors.

    Floats are counted in quarters.
    """
    numbers = [
        (
            int(4 * value if isinstance(value, float) else value)
            if isinstance(value, (int, float))
            else 0
        )
        for value in map(values.get, SCALARS)
    ]
    absent = [int(values[name] is None) for name in (*SCALARS, *POINTERS)]
    tensors = {name: values[name] for name in POINTERS}
    facts = [
        tensor.fact(fact) if isinstance(tensor := tensors[fact.tensor], TorchTensor) else 0
        for fact in FACTS
    ]
    return (*numbers, *absent, *facts)


def declarations(expression: CExpression) -> list[str]:
    assert not expression.reads_sm_count
    lines = []
    for index, (name, scalar) in enumerate(SCALARS.items()):
        absent = f"row[{len(SCALARS) + index}]"
        nullable = isinstance(scalar, Nullable)
        number = scalar.value if isinstance(scalar, Nullable) else scalar
        if name in expression.names and isinstance(number, Real):
            c_type = {"fp32": "float", "fp64": "double"}[number.dtype]
            value = name if not nullable else f"value_of_{name}"
            lines.append(f"const {c_type} {value} = row[{index}] / ({c_type})4;")
            if nullable:
                lines.append(f"const {c_type} *{name} = {absent} ? NULL : &{value};")
            continue
        if name in expression.names and nullable:
            lines.append(f"const int32_t value_of_{name} = (int32_t)row[{index}];")
            lines.append(f"const int32_t *{name} = {absent} ? NULL : &value_of_{name};")
        elif name in expression.names:
            lines.append(f"int64_t {name} = row[{index}];")
    for index, name in enumerate(POINTERS, 2 * len(SCALARS)):
        if name in expression.pointers:
            lines.append(f"const void *{name} = row[{index}] ? NULL : row;")
    for index, fact in enumerate(FACTS, 2 * len(SCALARS) + len(POINTERS)):
        if any(fact.c_name == read.c_name for read in expression.facts):
            lines.append(f"int64_t {fact.c_name} = row[{index}];")
    assert {fact.c_name for fact in expression.facts} <= {fact.c_name for fact in FACTS}
    return lines


def test_c_computes_what_python_does(tmp_path: Path) -> None:
    bodies = batch()
    module = load(tmp_path, source_of(IN_FILE, bodies))
    kept, translated, errors = [], [], []
    for body, grid, heuristic in zip(bodies, module.grids, module.heuristics, strict=True):
        try:
            by_name, _, _ = translate_grid(grid, KERNEL)
            by_dict = translate_heuristic(heuristic, KERNEL, "EVEN")
        except CodegenError as error:
            errors.append(error.message)
        else:
            assert by_name == by_dict
            kept.append(body)
            translated.append(by_name)
    assert len(errors) < len(bodies) / 5, errors
    assert all("always" in error or "characters long" in error for error in errors), errors

    values = inputs()
    rows = [row_of(row) for row in values]
    results = results_of(c_program(translated, rows, declarations), tmp_path)
    oracles = python_functions(source_of(PRELUDE, kept), "grids")
    for body, expression, oracle in zip(kept, translated, oracles, strict=True):
        for row in values:
            value, failed = next(results)
            expected = outcome(oracle, *(row[name] for name in NAMES))
            context = "\n".join([*body, f"on {row}:", expression.text])
            assert (None if failed else value) == expected, context
            assert expression.low <= value <= expression.high, context
