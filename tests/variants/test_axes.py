"""Each kind of axis: its labels, what a choice changes, its condition and its step in C."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from codegen.model.computed import Computed, Reads
from codegen.model.dtypes import parse_type
from codegen.model.kernel import Axis, Configuration, Kernel, Specialisation
from codegen.model.options import Options
from codegen.render.c_view import c_function
from codegen.variants.axes.configuration import ConfigurationAxis, TunedTable
from codegen.variants.axes.constexpr import ConstexprAxis
from codegen.variants.axes.dtype import DtypeAxis
from codegen.variants.axes.heuristic import HeuristicAxis
from codegen.variants.axes.hints import HintsAxis
from codegen.variants.axes.kind import AxisKind, CallAxis
from codegen.variants.axes.none import NoneAxis
from codegen.variants.axes.option import OptionAxis
from codegen.variants.axes.width import WidthAxis
from codegen.variants.combinations import Combination
from tests.support import manifest_calls
from tests.support.plans import axis_of, choice, kernel, plan, value

DOCS = Path(__file__).parents[2] / "docs"
X, Y = value("x", "*fp16 | *bf16"), value("y", "const *fp16 | const *bf16")


def start(types: Mapping[str, str] | None = None, **changes: Any) -> Combination:
    """A combination in which nothing is chosen, of parameters with these types."""
    parsed = {name: parse_type(type_) for name, type_ in (types or {}).items()}
    return dataclasses.replace(Combination((), (), {**parsed}, {}, Options()), **changes)


def with_axis(of: Kernel, axis: Axis) -> Kernel:
    """The kernel with one axis, each choice of which has its own variant."""
    first, *_ = of.specialisation.variants
    variants = tuple(dataclasses.replace(first, label=label) for label in axis.labels)
    return dataclasses.replace(of, specialisation=Specialisation((axis,), variants))


def steps(of: Kernel) -> list[str]:
    """The variables that lead to the variant, and what makes them fail, as if each argument were a
    variable."""
    found = []
    for step in c_function(plan(of), "", {}).decisions:
        found += [f"{step.variable} = {step.expression};"] * bool(step.variable)
        found += [f"if ({step.failure}) return {step.status};"] * bool(step.failure)
    return [text.replace("passed->", "") for text in found]


def test_every_kind_is_documented_and_the_tests_read_it() -> None:
    classes = [*AxisKind.__subclasses__(), *CallAxis.__subclasses__()]
    kinds = [kind.kind for kind in classes if kind is not CallAxis]
    assert len(set(kinds)) == len(kinds) == 8
    assert manifest_calls.HOLDS.keys() == {*kinds, "value"}
    section = (DOCS / "generator.md").read_text().partition("## Which calls fall")[2]
    assert {*re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)} >= {*kinds, "value"}


def test_dtype() -> None:
    of = kernel(X, Y, value("n", "i32"))
    axis = axis_of(of, DtypeAxis)
    assert axis.labels == ("fp16", "bf16")
    assert axis.condition((1,)) == {"kind": "dtype", "of": ["x", "y"], "is": ["bf16"]}
    chosen = axis.chosen(of, start(types={"n": "i32"}), 1)
    assert chosen == start(types={"n": "i32", "x": "*bf16", "y": "*kbf16"})
    assert steps(of)[0] == (
        "const int32_t x_choice = x_dtype == TRITONBIND_FP16 ? 0 : x_dtype == TRITONBIND_BF16 ? 1 "
        ": tb_fail_dtype(function, 0, x_dtype);"
    )
    assert steps(of)[1] == "if (x_choice < 0) return tb_last_status();"


def test_none() -> None:
    first = value("first", "*fp32 | None", hint=None)
    size = dataclasses.replace(value("size", "i32 | None"), partner="first")
    null = dataclasses.replace(value("null", "*fp32 | None"), partner="first", takes_null=True)
    of = kernel(first, size, null)
    axis = axis_of(of, NoneAxis)
    assert axis.labels == ("first", "no_first")
    of_all = ["first", "size", "null"]
    assert axis.condition((0,)) == {"kind": "none", "of": of_all, "is": [False]}
    types = {"first": "*fp32", "size": "i32", "null": "*fp32"}
    assert axis.chosen(of, start(types=types), 0) == start(types=types)
    assert axis.chosen(of, start(types=types), 1) == start(
        types={"null": "*fp32"}, values=dict.fromkeys(of_all)
    )
    assert steps(of)[:3] == [
        "const int32_t no_first = first == NULL;",
        "if ((size == NULL) != no_first) return tb_fail_together(function, 1, 0, no_first);",
        "if ((null == NULL) != no_first) return tb_fail_together(function, 2, 0, no_first);",
    ]


@pytest.mark.parametrize(
    ("types", "test"),
    [
        ("i32 | i64", "tb_fits_int32(n)"),
        ("i32 | i64 | None", "n == NULL || tb_fits_int32(*n)"),
    ],
)
def test_width(types: str, test: str) -> None:
    of = kernel(value("n", types))
    axis = axis_of(of, WidthAxis)
    assert axis.labels == ("n_i32", "n_i64")
    assert axis.condition((0, 1)) == {"kind": "width", "of": ["n"], "is": ["i32", "i64"]}
    assert axis.chosen(of, start(types={"n": "i32"}), 1) == start(types={"n": "i64"})
    assert axis.chosen(of, start(values={"n": None}), 1) == start(values={"n": None})
    assert f"const int32_t n_width = {test} ? 0 : 1;" in steps(of)


def test_constexpr() -> None:
    of = kernel(choice("size", 64, 128), choice("mode", "sum", None))
    axis, mode = (a for a in of.specialisation.axes if isinstance(a, ConstexprAxis))
    assert (axis.labels, mode.labels) == (("size_64", "size_128"), ("mode_sum", "mode_None"))
    assert axis.condition((1,)) == {"kind": "constexpr", "of": ["size"], "is": [128]}
    assert axis.chosen(of, start(), 1) == start(values={"size": 128})
    assert steps(of)[:4:2] == [
        "const int32_t size_choice = size == 64 ? 0 : size == 128 ? 1 "
        ": tb_fail_int(function, 0, size);",
        "const int32_t mode_choice = tb_choose_string(function, 1, mode);",
    ]


def test_a_constexpr_of_an_options_name_is_both_unless_they_are_said_apart() -> None:
    of = kernel(choice("num_warps", 2, 8))
    axis = axis_of(of, ConstexprAxis)
    both = start(values={"num_warps": 8}, options=Options(num_warps=8))
    assert axis.chosen(of, start(), 1) == both
    apart = dataclasses.replace(of, apart=frozenset({"num_warps"}))
    assert axis.chosen(apart, start(), 1) == start(values={"num_warps": 8})


def test_dtypes_that_a_constexpr_may_be_are_passed_by_name() -> None:
    passed = dataclasses.replace(choice("T", 0, 1), choices=(1.5, 2.5), texts=("fp16", "bf16"))
    axis = axis_of(kernel(passed), ConstexprAxis)
    assert axis.condition((1,))["is"] == ["bf16"]
    assert axis.chosen(kernel(passed), start(), 1).values == {"T": 2.5}


def test_option() -> None:
    axis = OptionAxis.of("maxnreg", (32, None))
    assert axis.labels == ("maxnreg_32", "maxnreg_None")
    assert axis.condition((0, 1)) == {"kind": "option", "of": ["maxnreg"], "is": ["32", None]}
    of = with_axis(kernel(value("n", "i32")), axis)
    assert axis.chosen(of, start(), 0) == start(options=Options(maxnreg=32))
    assert axis.choice_of(start()) == 1
    assert of.arguments[-1] == axis.argument
    assert axis.argument.passed == ("32", None)
    assert steps(of)[0] == "const int32_t maxnreg_choice = tb_choose_string(function, 1, maxnreg);"


CONFIGURATIONS = tuple(
    Configuration((("BLOCK", 64 * warps),), Options(num_warps=warps), ("num_warps",))
    for warps in (1, 2, 4)
)


def test_configuration_that_a_call_names() -> None:
    axis = ConfigurationAxis.of(CONFIGURATIONS, "config", TunedTable())
    of = with_axis(kernel(value("n", "i32")), axis)
    assert axis.labels == ("config_0", "config_1", "config_2")
    assert axis.condition((0, 2)) == {"kind": "configuration", "of": ["config"], "is": [0, 2]}
    assert axis.chosen(of, start(values={"BLOCK": 1}), 1) == start(
        values={"BLOCK": 128}, options=Options(num_warps=2)
    )
    assert [argument.name for argument in of.arguments] == ["n", "config"]
    assert steps(of)[0].startswith("const int32_t config_choice = config == 0 ? 0 : config == 1")
    assert axis.entry(plan(of)) == {
        "listed": [f"BLOCK={64 * n}, num_warps={n}, num_stages=3" for n in (1, 2, 4)],
        "default": 0,
        "argument": "config",
        "tuned": [],
        "shared": [],
    }


def test_configuration_that_a_key_decides() -> None:
    axis = ConfigurationAxis.of(CONFIGURATIONS, None, TunedTable(("n",), (((-1,), 1), ((5,), 2))))
    of = with_axis(kernel(value("n", "u64")), axis)
    assert [argument.name for argument in of.arguments] == ["n"]
    assert axis.condition((2,)) == {"kind": "configuration", "of": [], "is": [2]}
    assert axis.entry(plan(of))["tuned"] == [
        {
            "conditions": [{"kind": "value", "of": ["n"], "is": [(1 << 64) - 1]}],
            "configuration": 1,
        },
        {"conditions": [{"kind": "value", "of": ["n"], "is": [5]}], "configuration": 2},
    ]
    assert steps(of)[0] == (
        "const int32_t configuration = tb_find_tuned(kernel_keys, kernel_tuned, 2, 1, "
        "&(const tb_slots){NULL, 0}, (const int64_t[]){(int64_t)n});"
    )


@pytest.mark.parametrize("can_fail", [False, True])
def test_heuristic(can_fail: bool) -> None:
    computed = Computed("n + 1", Reads(("n",)), can_fail)
    axis = HeuristicAxis.of("block", (16, 32), computed)
    of = with_axis(kernel(value("n", "i32")), axis)
    assert axis.labels == ("block_16", "block_32")
    assert axis.condition((1,)) == {"kind": "heuristic", "of": ["block"], "is": [32]}
    named = dataclasses.replace(of, parameters=(*of.parameters, choice("block", 16)))
    assert axis.chosen(named, start(), 1) == start(values={"block": 32})
    passed = "n, &failed" if can_fail else "n"
    refusal = 'if (failed) return tb_fail_computed(function, "block");'
    assert steps(of) == [
        *["int failed = 0;"] * can_fail,
        f"const int64_t block = kernel_compute_block({passed});",
        *[refusal] * can_fail,
        'const int32_t block_choice = tb_choose_value(function, "block", block, '
        "kernel_block_choices, 2, &(const tb_slots){NULL, 0});",
        "if (block_choice < 0) return tb_last_status();",
    ]


def test_heuristic_of_an_option() -> None:
    axis = HeuristicAxis.of("num_warps", (4, 8), Computed("n"))
    assert axis.chosen(kernel(), start(), 1) == start(options=Options(num_warps=8))


def test_heuristic_that_is_true_or_false() -> None:
    axis = HeuristicAxis.of("even", (True, False), Computed("n % 2 == 0", Reads(("n",))))
    of = with_axis(kernel(value("n", "i32")), axis)
    assert "const int32_t even_choice = even ? 0 : 1;" in steps(of)


def test_hints() -> None:
    of = kernel(value("x", "*fp32"), value("n", "i32", hint=16))
    axis = axis_of(of, HintsAxis)
    hinted, generic = of.specialisation.variants
    assert axis.labels == ("aligned", "generic")
    assert axis.chosen(of, start(), 0) == start(hints=(("x", 16), ("n", 16)))
    facts = {"x": 16, "n": 16}
    assert axis.conditions((0,), hinted) == [{"kind": "hints", "of": ["x", "n"], "is": [facts]}]
    assert axis.conditions((1,), generic) == []
    assert axis.rank((0,), hinted) < axis.rank((1,), generic)
    assert steps(of)[:2] == [
        "const bool aligned = tb_divisible_by_16(x) && n % 16 == 0;",
        "const int32_t hints = aligned ? 0 : 1;",
    ]


def test_hints_of_what_is_none_are_no_condition() -> None:
    of = kernel(value("x", "*fp32 | None"))
    axis = axis_of(of, HintsAxis)
    (without,) = (v for v in of.specialisation.variants if v.label == "no_x-aligned")
    assert axis.conditions((0,), without) == []
    assert axis.rank((0,), without) == (0, 0)


def test_hints_of_several_cases_are_found_by_a_table() -> None:
    of = kernel(value("n", "i32"), value("m", "i32"))
    (axis,) = HintsAxis.of(of, ((("n", 16), ("m", 16)), (("m", 1),)))
    assert axis.labels == ("n_16_m_16", "m_1", "generic")
    made = c_function(plan(with_axis(of, axis)), "", {})
    assert steps(with_axis(of, axis)) == [
        "const bool aligned_0 = n % 16 == 0 && m % 16 == 0;",
        "const bool aligned_1 = m == 1;",
        "const int32_t hints = kernel_hints[aligned_0 | aligned_1 << 1];",
    ]
    assert [table.values for table in made.tables] == [("2", "0", "1", "0")]
