"""Heuristics of calls, against Triton's own `Heuristics.run` with the very same lambdas."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from codegen.model.errors import CodegenError, CodegenErrors
from codegen.model.kernel import Kernel
from codegen.variants.axes.heuristic import HeuristicAxis
from tests.support import made
from tests.support.conditions import variant_of
from tests.support.heuristic_kernels import DTYPES, ONE_DTYPE, SOURCE
from tests.support.jit_calls import Array, differences, launched, passed, plain
from tests.support.plans import axis_of
from tests.support.project import HEADER

small = st.integers(-(2**31), 2**31 - 1)
sizes = st.one_of(st.integers(0, 300), small, st.integers(0, 64).map(lambda n: 32 * n))
wide = st.one_of(st.integers(-20, 20), st.integers(-(2**63), 2**63 - 1), st.integers(2**30, 2**33))
arrays = st.builds(Array)
CALLS: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "reads_earlier": {"x": arrays, "bias": st.none() | arrays, "n": st.integers(0, 2**30) | sizes},
    "warps": {"x": arrays, "n": st.integers(0, 9000), "m": st.none() | st.sampled_from([1, 2, 3])},
    "fails": {"x": arrays, "a": wide, "b": wide},
    "chosen": {
        "x": arrays,
        "K": st.sampled_from([16, 100, 64]),
        "MODE": st.sampled_from(["a", "b"]),
    },
    "derived": {
        "x": arrays,
        "y": st.none() | arrays,
        "n": st.integers(1, 900),
        "K": st.sampled_from([16, 100, 64]),
    },
    "loops": {"x": arrays, "n": st.integers(-3, 70) | small, "m": st.integers(0, 300) | small},
    "floats": {
        "x": arrays,
        "alpha": st.sampled_from([0.0, -0.0, 0.25, -1.5, float("inf"), float("nan")]),
        "beta": st.none() | st.sampled_from([0.1, 30.0, float("inf"), float("nan")]),
        "n": st.integers(-3, 9),
    },
    "shapes": {
        "x": st.builds(Array, shape=st.sampled_from([(), (3,), (4, 2)])),
        "y": st.none() | st.builds(Array, shape=st.tuples(st.integers(90, 110))),
    },
    "checked": {"x": arrays, "n": st.sampled_from([48, 64])},
    "named": {"x": arrays, "n": sizes},
}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> made.Library:
    return made.library(tmp_path_factory.mktemp("heuristics"), SOURCE)


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@pytest.mark.parametrize("name", CALLS)
@given(data=st.data())
def test_a_call_gets_what_tritons_heuristics_give(
    built: made.Library, name: str, data: st.DataObject
) -> None:
    drawn = data.draw(st.fixed_dictionaries(CALLS[name]))
    call = {argument: drawn[argument] for argument in CALLS[name]}  # hypothesis changes their order
    kernel = built.plans[name].kernel
    try:
        expected = launched(built.functions[name], call)
        results = [call["a"] * call["b"], call["b"] - 3] if name == "fails" else [0]
        is_64_bit = all(-(2**63) <= result < 2**63 for result in results)
    except ZeroDivisionError:
        is_64_bit = False
    if is_64_bit:
        variant = built.chosen(name, *passed(call))
        assert not differences(kernel, variant, expected)
        assert variant_of(built.plans[name], plain(call), expected) == variant.label
    else:
        with pytest.raises(ValueError, match="these arguments") as caught:
            built.chosen(name, *passed(call))
        assert str(caught.value).partition("\n")[0] == (
            "tests.fails: `BIG` cannot be computed from these arguments: it overflows 64 bits or "
            "divides by zero"
        )


def labels(kernel: Kernel) -> list[str]:
    return [variant.label for variant in kernel.specialisation.variants]


def test_what_no_call_can_have_is_not_built(built: made.Library) -> None:
    plans = built.plans
    assert len(labels(plans["chosen"].kernel)) == 3 * 2 * 2
    assert labels(plans["shapes"].kernel) == [
        f"{y}-MATRIX_{matrix}-LONG_{long}-{hints}"
        for y, longs in (("y", ("True", "False")), ("no_y", ("False",)))
        for matrix in ("True", "False")
        for long in longs
        for hints in ("aligned", "generic")
    ]
    assert all(
        variant.options.num_warps == (8 if "no_bias" in variant.label else 2)
        for variant in plans["reads_earlier"].kernel.specialisation.variants
    )


@pytest.mark.torch
def test_dtypes_are_known_when_generating(tmp_path: Path) -> None:
    library = made.library(tmp_path, DTYPES)
    plan = library.plans["dtypes"]
    pairs = [(x, y) for x in ("fp16", "fp32", "bf16") for y in ("fp16", "i8")]
    assert labels(plan.kernel) == [
        f"{x}-{y}-{hints}" for x, y in pairs for hints in ("aligned", "generic")
    ]
    for x, y in pairs:
        call = {"x": Array(x), "y": Array(y)}
        expected = launched(library.functions["dtypes"], call)
        variant = library.chosen("dtypes", *passed(call))
        assert not differences(plan.kernel, variant, expected)
        assert variant_of(plan, plain(call), expected) == variant.label


@pytest.mark.torch
def test_a_dtype_beside_values_of_a_call(tmp_path: Path) -> None:
    library = made.library(tmp_path, ONE_DTYPE)
    for n in (2, 32, 33, 64, 65):
        call = {"x": Array("fp16"), "n": n}
        expected = launched(library.functions["one_dtype"], call)
        variant = library.chosen("one_dtype", *passed(call))
        assert not differences(library.plans["one_dtype"].kernel, variant, expected)
    axes = library.plans["one_dtype"].kernel.grid.axes
    assert axes is not None and axes[0] == "tb_floordiv(n, 2)"


@pytest.mark.torch
def test_a_dtype_that_calls_choose_beside_their_values(tmp_path: Path) -> None:
    with pytest.raises(CodegenErrors) as caught:
        made.read(tmp_path, ONE_DTYPE.replace('"*fp16"', '"*fp16 | *fp32"'))
    (error,) = caught.value.errors
    assert (error.message, error.hint) == (
        '`tests.one_dtype`: the heuristic `WIDE` reads `args["x"].dtype`, and calls choose the '
        "dtype of `x`",
        "export the kernel once for each dtype; or give its value instead: "
        'constexprs={"WIDE": ...}',
    )


INSTANCES = """
import torch

@export("tests.instances", types={"x": "*fp32 | None", "n": "i32", "scale": "fp32", "flag": "i1"},
        constexprs={"SAME": [3, 4]}, grid=lambda: (1,))
@triton.heuristics({
    "IS_TENSOR": lambda args: isinstance(args["x"], torch.Tensor),
    "COUNTED": lambda args: not isinstance(args["n"], torch.Tensor) and isinstance(args["n"], int),
    "KINDS": lambda args: "".join(
        type_.__name__ for type_ in (bool, int, float)
        for name in ("n", "scale", "flag") if isinstance(args[name], type_)
    ),
    "SAME": lambda args: args["n"] if args["x"] is None else 3,
})
@triton.jit
def instances(x, n, scale, flag, IS_TENSOR: tl.constexpr, COUNTED: tl.constexpr,
              KINDS: tl.constexpr, SAME: tl.constexpr):
    pass
"""


@pytest.mark.torch
def test_what_kind_of_thing_an_argument_is_known_when_generating(tmp_path: Path) -> None:
    import torch

    library = made.library(tmp_path, INSTANCES)
    plan = library.plans["instances"]
    for x in (torch.zeros(8), None):
        call = {"x": x, "n": 3, "scale": 0.5, "flag": True}
        expected = launched(library.functions["instances"], call)
        given = None if x is None else Array().passed()
        variant = library.chosen("instances", given, 3, 0.5, True)
        assert not differences(plan.kernel, variant, expected)
        assert variant.constexprs["KINDS"] == "boolintintfloat"


def test_a_value_that_was_not_built(built: made.Library) -> None:
    with pytest.raises(ValueError, match="these arguments") as caught:
        built.chosen("warps", 4096, 1, 7)
    assert str(caught.value) == (
        "tests.warps: these arguments make `SPLIT` 7, and it was built for 1, 2, 3\n"
        "tests.warps(x: *fp32, n: i64, m: i32 | None, stream=None)"
    )


def test_a_list_of_one_value_is_built_alone_and_checked(built: made.Library) -> None:
    kernel = built.plans["checked"].kernel
    assert labels(kernel) == ["aligned", "generic"]
    for size, sentence in (
        (128, "these arguments make `BLOCK` 128, and it was built for 64"),
        (50, "these arguments make `EVEN` 0, and it was built for 1"),
    ):
        with pytest.raises(ValueError, match="these arguments") as caught:
            built.chosen("checked", 4096, size)
        assert str(caught.value).partition("\n")[0] == f"tests.checked: {sentence}"


def test_a_parameter_of_an_options_name_gets_its_value_too(built: made.Library) -> None:
    for variant in built.plans["named"].kernel.specialisation.variants:
        assert variant.constexprs["num_warps"] == variant.options.num_warps


def declared(folder: Path, heuristics: str, **options: Any) -> tuple[Kernel, ...]:
    """A kernel with a constexpr BLOCK and these heuristics, outermost last."""
    given = ", ".join(f"{name}={value!r}" for name, value in options.items())
    return made.read(
        folder,
        "@export('tests.k', types={'x': '*fp32 | None', 'n': 'i32', 'scale': 'fp32'}, "
        f"grid=lambda: (1,), {given})\n{heuristics}\n@triton.jit\n"
        "def k(x, n, scale, BLOCK: tl.constexpr): pass\n",
    )


ERRORS: dict[str, tuple[str, dict[str, Any], str, str | None]] = {
    "an int of which the values are not said": (
        '@triton.heuristics({"BLOCK": lambda args: args["n"]})',
        {},
        "`tests.k`: the heuristic of `BLOCK` gives an int in each call, and which ones to build "
        "for is not said",
        'name them: constexprs={"BLOCK": [64, 128]}',
    ),
    "an option of which the values are not said": (
        '@triton.heuristics({"num_warps": lambda args: args["n"]})',
        {"constexprs": {"BLOCK": 1}},
        "`tests.k`: the heuristic of `num_warps` gives an int in each call, and which ones to "
        "build for is not said",
        'name them: constexprs={"num_warps": [4, 8]}',
    ),
    "not translatable": (
        '@triton.heuristics({"BLOCK": lambda args: int(args["scale"])})',
        {"constexprs": {"BLOCK": [1, 2]}},
        '`tests.k`: the heuristic `BLOCK` reads `args["scale"]`, which is of type fp32',
        'give its value instead: constexprs={"BLOCK": ...}',
    ),
    "fails in Python": (
        '@triton.heuristics({"BLOCK": lambda args: args["gone"]})',
        {},
        "`tests.k`: the heuristic of `BLOCK` reads `gone`, which is no parameter of the kernel, or "
        "is computed later",
        "the kernel's parameters are x, n, scale, BLOCK",
    ),
    "slips in Python": (
        '@triton.heuristics({"BLOCK": lambda args: args["scael"]})',
        {},
        "`tests.k`: the heuristic of `BLOCK` reads `scael`, which is no parameter of the kernel, "
        "or is computed later",
        "did you mean `scale`?",
    ),
    "fails in Python by a table of its own": (
        '@triton.heuristics({"BLOCK": lambda args: {}["gone"]})',
        {},
        "`tests.k`: the heuristic of `BLOCK` fails: KeyError: 'gone'",
        'give its value instead: constexprs={"BLOCK": ...}',
    ),
    "reads its own name": (
        '@triton.heuristics({"BLOCK": lambda args: int(args["BLOCK"])})',
        {},
        "`tests.k`: the heuristic of `BLOCK` reads what a call passes by that name, and what that "
        "may be is not said",
        'say it, as in constexprs={"BLOCK": [False, True]}',
    ),
    "gives what no constexpr can be": (
        '@triton.heuristics({"BLOCK": lambda args: print})',
        {},
        "`tests.k`: the heuristic of `BLOCK` gives <built-in function print>, and can give "
        "numbers, strings, None, types and @triton.jit functions",
        'give its value instead: constexprs={"BLOCK": ...}',
    ),
    "an option that cannot be": (
        '@triton.heuristics({"num_warps": lambda args: 3, "BLOCK": lambda args: 1})',
        {},
        "`tests.k`: num_warps must be 1, 2, 4, 8, 16 or 32, got 3",
        None,
    ),
    "no parameter": (
        '@triton.heuristics({"BLOKC": lambda args: 3})',
        {"constexprs": {"BLOCK": 1}},
        "`tests.k`: the kernel computes `BLOKC`, which is no parameter and no option of it",
        "did you mean `BLOCK`? its parameters are x, n, scale, BLOCK",
    ),
    "beyond its choices": (
        '@triton.heuristics({"BLOCK": lambda args: 3 if args["x"] is None else args["n"]})',
        {"constexprs": {"BLOCK": [2, 4]}},
        "`tests.k`: the heuristic of `BLOCK` gives 3 in some calls, and its choices are [2, 4]",
        "add it to the choices",
    ),
    "beyond its one choice, when generating": (
        '@triton.heuristics({"BLOCK": lambda args: 3})',
        {"constexprs": {"BLOCK": [2]}},
        "`tests.k`: the heuristic of `BLOCK` gives 3 in some calls, and its choices are [2]",
        "add it to the choices",
    ),
    "also a type": (
        '@triton.heuristics({"n": lambda args: 1})',
        {"constexprs": {"BLOCK": 1}},
        "`tests.k`: types names `n`, which the kernel computes",
        "leave it out",
    ),
}


@pytest.mark.parametrize("case", ERRORS)
def test_a_refusal(tmp_path: Path, case: str) -> None:
    heuristics, options, message, hint = ERRORS[case]
    with pytest.raises(CodegenErrors) as caught:
        declared(tmp_path, heuristics, **options)
    (error,) = caught.value.errors
    assert (error.message, error.hint) == (message, hint)
    assert isinstance(error, CodegenError) and error.where is not None


def test_a_failure_is_told_at_its_line(tmp_path: Path) -> None:
    with pytest.raises(CodegenErrors) as caught:
        made.read(tmp_path, FAILING)
    (error,) = caught.value.errors
    assert error.message == "`tests.k`: the heuristic of `BLOCK` fails: MemoryError"
    line = (HEADER + FAILING).splitlines().index("        raise MemoryError") + 1
    assert error.where is not None and error.where.line == line


FAILING = """
def fails(args):
    if args["x"] is not None:
        raise MemoryError
    return 1

@export("tests.k", types={"x": "*fp32"}, grid=lambda: (1,))
@triton.heuristics({"BLOCK": fails})
@triton.jit
def k(x, BLOCK: tl.constexpr):
    pass
"""


def test_hints_have_the_order_of_the_signature(tmp_path: Path) -> None:
    heuristics = '@triton.heuristics({"BLOCK": lambda args: args["n"] > 4 and args["gone"]})'
    with pytest.raises(CodegenErrors) as caught:
        declared(tmp_path, heuristics)
    hint = caught.value.errors[0].hint
    assert hint is not None
    assert hint.startswith("the kernel's parameters are x, n, scale, BLOCK, num_warps")


def test_one_that_gives_back_what_a_call_passes_is_an_argument(tmp_path: Path) -> None:
    heuristics = '@triton.heuristics({"BLOCK": lambda args: int(args["BLOCK"])})'
    (kernel,) = declared(tmp_path, heuristics, constexprs={"BLOCK": [2, 4]})
    assert [argument.name for argument in kernel.arguments] == ["x", "n", "scale", "BLOCK"]
    assert {v.constexprs["BLOCK"] for v in kernel.specialisation.variants} == {2, 4}


SMS = {
    "sm_count()": "sm_count",
    "SMS": "sm_count",
    "2 * SMS": "2 * sm_count",
    "132 if SMS >= 100 else 148": "sm_count >= 100 ? 132 : 148",
    "triton.next_power_of_2(SMS // 4)": "tb_next_power_of_2(sm_count / 4)",
    "132 if SMS > 7 and SMS / 2 > 5 else 148": "sm_count > 7 && sm_count > 10 ? 132 : 148",
}


@pytest.mark.parametrize("given", SMS)
def test_the_number_of_sms_is_found_by_each_call(tmp_path: Path, given: str) -> None:
    (kernel,) = made.read(
        tmp_path,
        "from codegen.model.sm_count import SmCount\n\nSMS = SmCount(8)\n\n"
        "@export('tests.k', types={'x': '*fp32'}, constexprs={'SMS': [132, 148]}, "
        "grid=lambda: (1,))\n"
        f"@triton.heuristics({{'SMS': lambda args: {given}}})\n@triton.jit\n"
        "def k(x, SMS: tl.constexpr): pass\n",
    )
    axis = axis_of(kernel, HeuristicAxis)
    assert axis.values == (132, 148)
    assert axis.computed.text == SMS[given]


def test_a_pinned_value_is_the_only_one(tmp_path: Path) -> None:
    of = "lambda args: 1 / 0"
    heuristics = f'@triton.heuristics({{"BLOCK": {of}, "num_warps": {of}}})'
    (kernel,) = declared(tmp_path, heuristics, constexprs={"BLOCK": 64, "num_warps": 8})
    assert labels(kernel) == ["x-aligned", "x-generic", "no_x-aligned"]
    for variant in kernel.specialisation.variants:
        assert (variant.constexprs["BLOCK"], variant.options.num_warps) == (64, 8)


def test_without_torch_a_dtype_is_tritons(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    function = 'lambda args: 1 if args["x"] is None or args["x"].dtype == tl.float32 else 2'
    (kernel,) = declared(tmp_path, f'@triton.heuristics({{"BLOCK": {function}}})')
    assert {v.constexprs["BLOCK"] for v in kernel.specialisation.variants} == {1}
