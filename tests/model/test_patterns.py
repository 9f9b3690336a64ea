"""Entries for several parameters at once, and constexprs that follow from others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from codegen.model.errors import CodegenErrors
from codegen.model.kernel import Kernel
from codegen.model.parameters import Constexpr, Parameter
from codegen.variants.axes.hints import HintsAxis
from tests.support import made, standin
from tests.support.plans import axis_of

pytestmark = pytest.mark.triton

SOURCE = """
def plain(value):
    return value + 1

@export("t.step", grid=lambda: (1,), {words})
@triton.jit
def step(x_ptr, bias_ptr, n, stride_x, stride_b, stride_z: tl.int64, USE_A: tl.constexpr,
         USE_B: tl.constexpr, BLOCK: tl.constexpr = 64):
    pass

@triton.jit
def helper(x):
    return x
"""
PLAIN = "'x_ptr': '*fp32', 'bias_ptr': '*fp32 | None', 'n': 'i32'"


def read(folder: Path, words: str) -> Kernel:
    return made.read(folder, SOURCE.replace("{words}", words))[0]


def seen(kernel: Kernel) -> dict[str, Any]:
    """The hint of each run-time parameter, and the choices of each constexpr."""
    return {
        p.name: p.choices if isinstance(p, Constexpr) else f"{p.types[0]}:{p.hint}"
        for p in kernel.parameters
    }


def test_each_fitting_parameter_has_the_entry(tmp_path: Path) -> None:
    kernel = read(
        tmp_path,
        "types={'*_ptr': '*fp16', 'bias_ptr': '*fp32 | None', 'stride_?': 'i32:16', 'n': 'i32',"
        "'stride_z': 'i64:16'}, constexprs={'USE_*': False, 'USE_B': [True, False]}",
    )
    assert seen(kernel) == {
        **{"x_ptr": "*fp16:16", "bias_ptr": "*fp32:16", "n": "i32:None"},
        **{"stride_x": "i32:16", "stride_b": "i32:16", "stride_z": "i64:16"},
        **{"USE_A": (False,), "USE_B": (True, False), "BLOCK": (64,)},
    }


def test_what_constexprs_give_no_pattern_of_types_fits(tmp_path: Path) -> None:
    kernel = read(
        tmp_path,
        "types={'*': 'i32', '*_ptr*': '*fp32', 'n': 'i32', 'stride_z': 'i64'},"
        "constexprs={'stride_[xb]': 1, 'USE_*': [1, 2], '*as_ptr': None}".replace(
            "'*': 'i32', ", ""
        ),
    )
    assert seen(kernel)["stride_x"] == seen(kernel)["stride_b"] == (1,)
    assert seen(kernel)["bias_ptr"] == (None,)
    assert seen(kernel)["x_ptr"] == "*fp32:16"


def test_cases_have_patterns_too(tmp_path: Path) -> None:
    words = (
        f"types={{{PLAIN}, 'stride_*': 'i32:16', 'stride_z': 'i64:16'}}, constexprs={{'USE_*': 1}}"
    )
    kernel = read(tmp_path, words + ", cases=[{'stride_*': None, 'stride_b': 1}]")
    cases = axis_of(kernel, HintsAxis).cases
    assert cases == ((("x_ptr", 16), ("bias_ptr", 16), ("stride_b", 1)), ())


ERRORS = {
    "nothing": (
        f"types={{{PLAIN}, 'stride_*': 'i32', 'foo*': 'i32'}}, constexprs={{'USE_*': 1}}",
        "`t.step`: types has `foo*`, which fits no run-time parameter",
        "those without an entry are stride_x, stride_b, stride_z",
    ),
    "all have their own": (
        f"types={{{PLAIN}, 'n*': 'i32', 'stride_[xb]': 'i32'}}, constexprs={{'USE_*': 1}}",
        "`t.step`: types has `n*`, which fits no run-time parameter but those with an entry of "
        "their own, n",
        "leave it out",
    ),
    "nothing, and none is left": (
        f"types={{{PLAIN}, 'foo*': 'i32'}}, constexprs={{'USE_*': 1, 'stride_*': 1}}",
        "`t.step`: types has `foo*`, which fits no run-time parameter",
        "leave it out: no run-time parameter is without an entry of its own",
    ),
    "a constexpr": (
        f"types={{{PLAIN}, 'USE_*': 'i32'}}, constexprs={{'USE_*': 1}}",
        "`t.step`: types has `USE_*`, which fits no run-time parameter",
        "those without an entry are stride_x, stride_b, stride_z",
    ),
    "two": (
        f"types={{{PLAIN}, 'stride_*': 'i32', '*_x': 'i32'}}, constexprs={{'USE_*': 1}}",
        "`t.step`: types has `stride_*` and `*_x`, which both fit `stride_x`",
        'give it an entry of its own: types={"stride_x": ...}',
    ),
    "nothing in constexprs": (
        f"types={{{PLAIN}, 'stride_[xb]': 'i32'}}, constexprs={{'NO_*': 1}}",
        "`t.step`: constexprs has `NO_*`, which fits no parameter",
        "those without an entry are stride_x, stride_b, stride_z, USE_A, USE_B, BLOCK",
    ),
    "nothing in a case": (
        f"types={{{PLAIN}, 'stride_*': 'i32', 'stride_z': 'i64'}}, constexprs={{'USE_*': 1}}, "
        "cases=[{'USE_*': 16}]",
        "`t.step`: cases has `USE_*`, which fits no run-time parameter",
        "those without an entry are x_ptr, bias_ptr, n, stride_x, stride_b, stride_z",
    ),
    "a later one": (
        f"types={{{PLAIN}, 'stride_[xb]': 'i32'}}, "
        "constexprs={'USE_A': lambda USE_B: USE_B, 'USE_B': lambda bias_ptr: bias_ptr is None}",
        "`t.step`: the heuristic of `USE_A` reads `USE_B`, which is no parameter of the kernel, or "
        "is computed later",
        "put `USE_B` before it",
    ),
    "a later one, of all": (
        f"types={{{PLAIN}, 'stride_[xb]': 'i32'}}, "
        "constexprs={'USE_A': lambda args: args['USE_B'], 'USE_B': lambda n: n > 1}",
        "`t.step`: the heuristic of `USE_A` reads `USE_B`, which is no parameter of the kernel, or "
        "is computed later",
        "put `USE_B` before it",
    ),
    "itself": (
        f"types={{{PLAIN}, 'stride_[xb]': 'i32'}}, constexprs={{'USE_*': 1, "
        "'BLOCK': lambda BLOCK: BLOCK}",
        "`t.step`: the heuristic of `BLOCK` reads what a call passes by that name, and what that "
        "may be is not said",
        'say it, as in constexprs={"BLOCK": [False, True]}',
    ),
    "no parameter": (
        f"types={{{PLAIN}, 'stride_[xb]': 'i32'}}, constexprs={{'USE_*': 1, "
        "'BLOCK': lambda stride_y, n: stride_y}",
        "`t.step`: the heuristic of `BLOCK` reads `stride_y`, which is no parameter of the kernel, "
        "or is computed later",
        "did you mean `stride_z`?",
    ),
    "no parameter, alone": (
        f"types={{{PLAIN}, 'stride_[xb]': 'i32'}}, constexprs={{'BLOCK': 1, 'USE_B': 1, "
        "'USE_A': lambda bias: bias is not None}",
        "`t.step`: the heuristic of `USE_A` reads `bias`, which is no parameter of the kernel, or "
        "is computed later",
        "did you mean `bias_ptr`?",
    ),
    "all, by another name": (
        f"types={{{PLAIN}, 'stride_[xb]': 'i32'}}, constexprs={{'BLOCK': 1, 'USE_B': 1, "
        "'USE_A': lambda q: q['n'] % 2 == 0}",
        "`t.step`: the heuristic of `USE_A` reads `q`, which is no parameter of the kernel, or "
        "is computed later",
        "the kernel's parameters are x_ptr, bias_ptr, n, stride_x, stride_b, stride_z, USE_A, "
        "USE_B, BLOCK, and all in one `args`",
    ),
    "a function of nothing": (
        f"types={{{PLAIN}, 'stride_[xb]': 'i32'}}, constexprs={{'BLOCK': 1, 'USE_B': 1, "
        "'USE_A': lambda: 1}",
        "`t.step` parameter `USE_A`: its value is the plain Python function `<lambda>`, which no "
        "kernel can call",
        "put @triton.jit above it",
    ),
    "a function that the kernel calls": (
        f"types={{{PLAIN}, 'stride_[xb]': 'i32'}}, constexprs={{'BLOCK': 1, 'USE_B': 1, "
        "'USE_A': plain}",
        "`t.step`: the heuristic of `USE_A` reads `value`, which is no parameter of the kernel, or "
        "is computed later",
        "the kernel's parameters are x_ptr, bias_ptr, n, stride_x, stride_b, stride_z, USE_A, "
        "USE_B, BLOCK, and all in one `args`; a function that the kernel calls has @triton.jit "
        "above it",
    ),
    "an int of a call": (
        f"types={{{PLAIN}, 'stride_[xb]': 'i32'}}, constexprs={{'USE_*': 1, "
        "'BLOCK': lambda n: n * 2}",
        "`t.step`: the heuristic of `BLOCK` gives an int in each call, and which ones to build for "
        "is not said",
        'name them, constexprs={"BLOCK": [64, 128]}, and put the function around the kernel: '
        'triton.heuristics({"BLOCK": lambda args: ...})',
    ),
}


@pytest.mark.parametrize("case", ERRORS)
def test_errors(tmp_path: Path, case: str) -> None:
    words, message, hint = ERRORS[case]
    with pytest.raises(CodegenErrors) as caught:
        read(tmp_path, words)
    assert [(error.message, error.hint) for error in caught.value.errors] == [(message, hint)]
    assert caught.value.errors[0].where is not None


DERIVED = """
@export("t.derived", types={"x_ptr": "*fp32", "bias_ptr": "*fp32 | None", "n": "i32", "m": "i32"},
        constexprs={"HEAD": [48, 64],
                    "HAS_BIAS": lambda args: args["bias_ptr"] is not None,
                    "BLOCK": lambda HEAD: triton.next_power_of_2(HEAD),
                    "WIDE": lambda BLOCK, HAS_BIAS: BLOCK > HEAD_MOST and HAS_BIAS,
                    "EVEN": lambda n, BLOCK, step=2: n % (BLOCK * step) == 0,
                    "m": lambda HEAD: HEAD * 2,
                    "FUNCTION": helper,
                    "num_warps": lambda HEAD: 4 if HEAD == 48 else 8},
        grid=lambda n, BLOCK, m: (cdiv(n, BLOCK), m))
@triton.jit
def derived(x_ptr, bias_ptr, n, m, HEAD: tl.constexpr, HAS_BIAS: tl.constexpr,
            BLOCK: tl.constexpr, WIDE: tl.constexpr, EVEN: tl.constexpr, FUNCTION: tl.constexpr):
    pass
""".replace('"n": "i32", "m": "i32"', '"n": "i32"')


def test_constexprs_that_follow_from_others(tmp_path: Path) -> None:
    source = "HEAD_MOST = 48\n@triton.jit\ndef helper(x):\n    return x\n" + DERIVED
    library = made.library(tmp_path, source)
    (kernel,) = (plan.kernel for plan in library.plans.values())
    assert [a.name for a in kernel.arguments] == ["x_ptr", "bias_ptr", "n", "HEAD"]
    names = ("HAS_BIAS", "BLOCK", "WIDE", "EVEN", "m")
    for head in (48, 64):
        for bias in (None, 4096):
            for n in (128, 130, 64):
                launch = library.launch("derived", 4096, bias, n, head, 0)
                values = dict(library.variant(launch).constexprs)
                assert [values[name] for name in names] == [
                    *(bias is not None, 64, bias is not None, n % 128 == 0, 2 * head)
                ], (head, bias, n)
                assert library.variant(launch).options.num_warps == (4 if head == 48 else 8)
                assert launch.grid == (-(-n // 64), 2 * head, 1)
    standin.reset()


def test_the_kernels_own_heuristic_is_replaced(tmp_path: Path) -> None:
    source = """
@export("t.own", types={"x_ptr": "*fp32 | None"}, grid=lambda: (1,),
        constexprs={"FLAG": lambda x_ptr: x_ptr is None})
@triton.heuristics({"FLAG": lambda args: 1 / 0, "OTHER": lambda args: not args["FLAG"]})
@triton.jit
def own(x_ptr, FLAG: tl.constexpr, OTHER: tl.constexpr):
    pass
"""
    (kernel,) = made.read(tmp_path, source)
    found = [variant.constexprs for variant in kernel.specialisation.variants]
    assert {(one["FLAG"], one["OTHER"]) for one in found} == {(True, False), (False, True)}


def test_parameters_keep_their_kinds(tmp_path: Path) -> None:
    kernel = read(tmp_path, f"types={{{PLAIN}, 'stride_[xb]': 'i32:1'}}, constexprs={{'USE_*': 1}}")
    kinds = {type(parameter) for parameter in kernel.parameters}
    assert kinds == {Parameter, Constexpr}
