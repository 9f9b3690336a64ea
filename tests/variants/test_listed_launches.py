"""What follows from a few launches: arguments, combinations, values of every kind."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from codegen.model.kernel import Kernel
from codegen.render.manifest_arguments import arguments_of
from tests.support import made
from tests.support.calls import tensor

ADDRESS = 0x7F0000001000


def row(options: dict[str, Any] | None = None, /, **arguments: Any) -> dict[str, Any]:
    return {"arguments": arguments, "options": options or {}}


def source(parameters: str, rows: list[dict[str, Any]], grid: str = "'explicit'") -> str:
    above = f"@export('t.k', launches={rows!r}, grid={grid})\n@triton.jit\n"
    return f"{above}def k({parameters}): pass\n"


def labels(kernel: Kernel) -> list[str]:
    return [variant.label for variant in kernel.specialisation.variants]


def test_tensors_choose_their_dtypes_together_if_all_launches_agree(tmp_path: Path) -> None:
    rows = [
        row(x="*fp16", y="*fp16", z="*fp32", b=None),
        row(x="*fp32", y="*fp32", z="*fp32", b="*fp32"),
        row(x="*fp32", y="*fp32", z="*fp16", b=None),
    ]
    (kernel,) = made.read(tmp_path, source("x, y, z, b", rows))
    axes = {axis.parameters: axis.labels for axis in kernel.specialisation.axes}
    dtypes = ("fp16", "fp32")
    assert axes == {("x", "y"): dtypes, ("z",): dtypes, ("b",): ("b", "no_b")}
    assert labels(kernel) == [
        "fp16-fp32-no_b",
        "fp32-fp16-no_b",
        "fp32-fp32-b",
    ]


def test_the_order_of_the_launches_changes_nothing(tmp_path: Path) -> None:
    rows = [
        row({"num_warps": warps}, x=x, n=n, K={"constexpr": value})
        for warps in (4, 8)
        for x in ("*bf16:16", "*fp32:16")
        for n in ("i64:16", "i32:1", "i32")
        for value in (64, 32)
    ]
    (first,) = made.read(tmp_path / "1", source("x, n, K: tl.constexpr", rows))
    (other,) = made.read(tmp_path / "2", source("x, n, K: tl.constexpr", rows[::-1] + rows[:3]))
    assert other.specialisation == first.specialisation
    assert [argument.name for argument in first.arguments] == ["x", "n", "K", "num_warps"]


def test_tensors_that_are_all_none_choose_no_dtype(tmp_path: Path) -> None:
    rows = [row(x="*bf16:16", n="i32"), row(x="*fp32:16", n="i32"), row(x=None, n="i32:16")]
    library = made.library(tmp_path, source("x, n", rows))
    assert library.chosen("k", None, 16, 1, 1, 1).label == "no_x-n_16"
    assert library.chosen("k", None, 1, 1, 1, 1).label == "no_x-generic"
    assert library.chosen("k", tensor(8, dtype="bf16"), 1, 1, 1, 1).label == "bf16-x-aligned"
    with pytest.raises(TypeError, match="since an address does not tell its dtype"):
        library.chosen("k", ADDRESS, 1, 1, 1, 1)


VALUES = {
    "bf16": {"dtype": "bf16"},
    "kernels.made:twice": {"function": "kernels.made:twice"},
    "False": False,
    "0.5": 0.5,
    "0": 0,
    "1180591620717411303424": 2**70,
    "'0'": "0",
    "(1, 2)": [1, 2],
    None: None,
}


def test_values_of_every_kind_are_passed_by_their_text(tmp_path: Path) -> None:
    twice = "@triton.jit\ndef twice(x): return 2 * x\n\n"
    rows = [row(x="*fp32", K={"constexpr": value}) for value in VALUES.values()]
    library = made.library(tmp_path, twice + source("x, K: tl.constexpr", rows))
    _, argument = arguments_of(library.plans["k"].kernel)[:2]
    assert argument["passed"] == list(VALUES)
    known = [value for value in argument["values"] if isinstance(value, dict)]
    assert [len(value.pop("digest")) for value in known if "function" in value] == [64]
    assert [repr(value) for value in argument["values"]] == [*map(repr, VALUES.values())]
    for text in VALUES:
        (value,) = library.chosen("k", ADDRESS, text, 1, 1, 1).constexprs.values()
        shown = {"bf16": "triton.language.bfloat16", "kernels.made:twice": f"JITFunction({text})"}
        assert repr(value) == shown.get(str(text), str(text))


@pytest.mark.parametrize("values", [[False, True], [-(2**63), 5], ["a", "b"], ["a", None]])
def test_what_a_call_can_pass_is_passed_as_it_is(tmp_path: Path, values: list[Any]) -> None:
    rows = [row(x="*fp32", K={"constexpr": value}) for value in values]
    library = made.library(tmp_path, source("x, K: tl.constexpr", rows))
    for value in values:
        assert library.chosen("k", ADDRESS, value, 1, 1, 1).constexprs == {"K": value}


def test_an_option_that_some_launches_do_not_give_has_its_default_there(tmp_path: Path) -> None:
    rows = [row({"maxnreg": 32, "num_stages": 3}, x="*fp32"), row({"num_warps": 4}, x="*fp32")]
    library = made.library(tmp_path, source("x", rows))
    assert [a.name for a in library.plans["k"].kernel.arguments] == ["x", "maxnreg"]
    assert library.chosen("k", ADDRESS, "32", 1, 1, 1).options.maxnreg == 32
    assert library.chosen("k", ADDRESS, None, 1, 1, 1).options.maxnreg is None


def test_debug_is_what_the_kernel_says_where_a_launch_says_nothing(tmp_path: Path) -> None:
    text = source("x", [row(x="*fp32"), row({"debug": False}, x="*fp32")])
    (kernel,) = made.read(tmp_path, text.replace("@triton.jit", "@triton.jit(debug=True)"))
    assert {variant.options.debug for variant in kernel.specialisation.variants} == {True, False}


def test_a_constexpr_called_as_an_option_is_both(tmp_path: Path) -> None:
    rows = [
        row({"num_warps": warps}, x="*fp32", num_warps={"constexpr": warps}) for warps in (2, 8)
    ]
    library = made.library(tmp_path, source("x, num_warps: tl.constexpr", rows))
    for warps in (2, 8):
        chosen = library.chosen("k", ADDRESS, warps, 1, 1, 1)
        assert (chosen.constexprs["num_warps"], chosen.options.num_warps) == (warps, warps)


def test_a_block_follows_a_constexpr(tmp_path: Path) -> None:
    rows = [
        row(x="tensordesc<bf16[64, 32]>", M={"constexpr": 64}),
        row(x="tensordesc<fp16[128, 32]>", M={"constexpr": 128}),
    ]
    (kernel,) = made.read(tmp_path, source("x, M: tl.constexpr", rows))
    assert arguments_of(kernel)[0]["types"] == [
        "tensordesc<bf16[M, 32]>",
        "tensordesc<fp16[M, 32]>",
    ]
    assert [dict(variant.signature)["x"] for variant in kernel.specialisation.variants] == [
        "tensordesc<bf16[64, 32]>",
        "tensordesc<fp16[128, 32]>",
    ]


def test_the_entries_of_a_tuple_are_arguments(tmp_path: Path) -> None:
    three = {"constexpr": 3}
    rows = [row(t=["i32:16", None, three, "*fp32:16"]), row(t=["i64", None, three, None])]
    (kernel,) = made.read(tmp_path, source("t", rows))
    assert [argument.name for argument in kernel.arguments] == ["t_0", "t_3"]
    assert labels(kernel) == ["t_0_i32-t_3-t_0_16", "t_0_i32-t_3-generic", "t_0_i64-no_t_3-generic"]


def test_a_grid_that_is_a_function_reads_constexprs(tmp_path: Path) -> None:
    rows = [row(x="*fp32", n="i32", K={"constexpr": value}) for value in (64, 128)]
    grid = "lambda META: (cdiv(META['n'], META['K']),)"
    library = made.library(tmp_path, source("x, n, K: tl.constexpr", rows, grid))
    assert library.launch("k", ADDRESS, 1000, 64).grid == (16, 1, 1)
    assert library.launch("k", ADDRESS, 1000, 128).grid == (8, 1, 1)


def test_hints_that_change_no_image_are_not_looked_at(tmp_path: Path) -> None:
    """As where both images have the same bytes."""
    (kernel,) = made.read(tmp_path, source("x, n", [row(x="*fp32:16", n="i32:16")]))
    plan = made.plan(kernel)
    first = plan.binaries[0].images
    same = [dataclasses.replace(binary, images=first) for binary in plan.binaries]
    alike = dataclasses.replace(plan, binaries=tuple(same))
    for name, of in (("apart", plan), ("alike", alike)):
        library = made.build(tmp_path / name, [of])
        has_facts = "uint64_t facts" in (library.folder / "made.c").read_text()
        assert has_facts == (name == "apart")
