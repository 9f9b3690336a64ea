"""Constexprs that are called as an option of the compiler: Triton's launches take one for both."""

from __future__ import annotations

from pathlib import Path

import pytest

from codegen.model.errors import CodegenError, CodegenErrors
from codegen.model.kernel import Variant
from codegen.model.options import Options
from codegen.variants.axes.configuration import ConfigurationAxis
from tests.support import made
from tests.support.jit_calls import Array, differences, launched, passed
from tests.support.plans import axis_of

SOURCE = """
CONFIGS = [triton.Config({"BLOCK": 64}, num_warps=2), triton.Config({"BLOCK": 128}, num_warps=8)]

@export("tests.one", types={"x": "*fp32"}, constexprs={"num_warps": 8}, grid=lambda: (1,))
@triton.jit
def one(x, num_warps: tl.constexpr):
    pass

@export("tests.several", types={"x": "*fp32"}, constexprs={"num_stages": [2, 4]}, grid=lambda: (1,))
@triton.jit
def several(x, num_stages: tl.constexpr = 2):
    pass

@export("tests.option", types={"x": "*fp32"}, num_warps=2, grid=lambda num_warps: (num_warps,))
@triton.jit
def option(x, num_warps: tl.constexpr = 16):
    pass

@export("tests.apart", types={"x": "*fp32"}, num_warps=2, grid=lambda: (1,),
        constexprs={"num_warps": [8, 16]})
@triton.jit
def apart(x, num_warps: tl.constexpr):
    pass

@export("tests.unsaid", types={"x": "*fp32"}, grid=lambda: (1,))
@triton.jit
def unsaid(x, num_warps: tl.constexpr = 16):
    pass

@export("tests.tuned", types={"x": "*fp32", "n": "i32"}, grid=lambda: (1,))
@triton.autotune(CONFIGS, key=["n"])
@triton.jit
def tuned(x, n, BLOCK: tl.constexpr, num_warps: tl.constexpr, num_stages: tl.constexpr):
    pass

WITHIN = {"BLOCK": 64, "num_warps": 1, "maxnreg": 64, "launch_cooperative_grid": True}

@export("tests.within", types={"x": "*fp32"}, grid=lambda: (1,))
@triton.autotune([triton.Config(WITHIN)], key=[])
@triton.jit
def within(x, BLOCK: tl.constexpr):
    pass

@export("tests.computed", types={"x": "*fp32", "n": "i32"}, constexprs={"num_warps": [4, 8]},
        grid=lambda num_warps: (num_warps,))
@triton.heuristics({"num_warps": lambda args: 8 if args["n"] > 100 else 4})
@triton.jit
def computed(x, n, num_warps: tl.constexpr):
    pass
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> made.Library:
    return made.library(tmp_path_factory.mktemp("options"), SOURCE)


def only(built: made.Library, name: str) -> Variant:
    found = {v.options: v for v in built.plans[name].kernel.specialisation.variants}
    (variant,) = found.values()
    return variant


def test_one_value_is_the_options_too(built: made.Library) -> None:
    assert only(built, "one").options == Options(num_warps=8)
    assert dict(only(built, "one").constexprs) == {"num_warps": 8}


def test_each_choice_is_the_options_too(built: made.Library) -> None:
    for stages in (2, 4):
        variant = built.chosen("several", Array().passed(), stages)
        assert variant.constexprs == {"num_stages": stages}
        assert variant.options == Options(num_stages=stages)


def test_an_option_is_the_parameters_too(built: made.Library) -> None:
    assert dict(only(built, "option").constexprs) == {"num_warps": 2}
    assert built.launch("option", Array().passed()).grid == (2, 1, 1)


def test_both_may_be_given_apart(built: made.Library) -> None:
    for warps in (8, 16):
        variant = built.chosen("apart", Array().passed(), warps)
        assert variant.constexprs == {"num_warps": warps}
        assert variant.options == Options(num_warps=2)


def test_a_default_of_the_kernel_is_no_option(built: made.Library) -> None:
    assert dict(only(built, "unsaid").constexprs) == {"num_warps": 16}
    assert only(built, "unsaid").options == Options()


@pytest.mark.parametrize("number", [0, 1])
def test_configurations_give_both(built: made.Library, number: int) -> None:
    variant = built.chosen("tuned", Array().passed(), 5, number)
    warps = (2, 8)[number]
    values = {"BLOCK": (64, 128)[number], "num_warps": warps, "num_stages": 3}
    assert variant.constexprs == values
    assert variant.options == Options(num_warps=warps)
    one = axis_of(built.plans["tuned"].kernel, ConfigurationAxis).configurations[number]
    assert str(one) == f"BLOCK={values['BLOCK']}, num_warps={warps}, num_stages=3"


def test_options_among_a_configurations_constexprs(built: made.Library) -> None:
    (config,) = built.functions["within"].configs
    assert config.all_kwargs()["num_warps"] == 4  # Config's own argument, and its default
    variant = only(built, "within")
    assert variant.constexprs == {"BLOCK": 64}
    assert variant.options == Options(maxnreg=64, launch_cooperative_grid=True)


@pytest.mark.parametrize("n", [7, 1000])
def test_heuristics_give_both(built: made.Library, n: int) -> None:
    call = {"x": Array(), "n": n}
    expected = launched(built.functions["computed"], call)
    variant = built.chosen("computed", *passed(call))
    assert not differences(built.plans["computed"].kernel, variant, expected)
    assert variant.constexprs["num_warps"] == variant.options.num_warps
    assert built.launch("computed", *passed(call)).grid == (variant.options.num_warps, 1, 1)


def test_a_value_that_no_option_can_have(tmp_path: Path) -> None:
    source = """
@export("tests.odd", types={"x": "*fp32"}, constexprs={"num_warps": 3}, grid=lambda: (1,))
@triton.jit
def odd(x, num_warps: tl.constexpr):
    pass
"""
    with pytest.raises((CodegenError, CodegenErrors)) as caught:
        made.read(tmp_path, source)
    assert "`tests.odd`: num_warps must be 1, 2, 4, 8, 16 or 32, got 3" in str(caught.value)
