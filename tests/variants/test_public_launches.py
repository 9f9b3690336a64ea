"""Listed launches of a kernel and what stands around it: heuristics and configurations."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from codegen.model.errors import CodegenError, CodegenErrors
from codegen.model.kernel import Kernel
from tests.support import made
from tests.support.calls import tensor

ADDRESS = 0x7F0000000000
APART = 'to take launches as they reach the kernel, write grid="explicit"'


def constexprs(**values: object) -> dict[str, Any]:
    return {name: {"constexpr": value} for name, value in values.items()}


def launch(x: str, bias: str | None, n: str, block: int, even: bool, warps: int = 4) -> Any:
    given = constexprs(BLOCK=block, BIASED=bias is not None, EVEN=even)
    options = {"num_warps": warps, "num_stages": 3, "num_ctas": 1}
    return {"arguments": {"x": x, "bias": bias, "n": n, **given}, "options": options}


LAUNCHES = [
    launch("*fp32:16", None, "i32:16", 64, True),
    launch("*fp32:16", None, "i32", 64, False),
    launch("*fp32:16", "*fp32:16", "i32:16", 128, True, 8),
    launch("*bf16:16", None, "i32:16", 32, True),
]
BEST = {
    (64, "torch.float32"): {"BLOCK": 64},
    (128, "torch.float32", "torch.float32"): {"BLOCK": 128, "num_warps": 8},
    (64, "torch.bfloat16"): {"BLOCK": 32},
}
AROUND = """
@triton.heuristics({"BIASED": lambda args: args["bias"] is not None})
@triton.autotune(
    [
        triton.Config({"BLOCK": 32}),
        triton.Config({"BLOCK": 64}),
        triton.Config({"BLOCK": 128}, num_warps=8),
        triton.Config({"BLOCK": 256}),
    ],
    key=["n"],
)
@triton.heuristics({"EVEN": lambda args: args["n"] % args["BLOCK"] == 0})
@triton.jit
def k(x, bias, n, BLOCK: tl.constexpr, BIASED: tl.constexpr, EVEN: tl.constexpr): pass
"""
GRID = "lambda n, BLOCK: (cdiv(n, BLOCK), 3)"


def source(rows: object, more: str = "", around: str = AROUND, grid: str = GRID) -> str:
    return f"@export('t.k', launches={rows!r}, grid={grid}{more}){around}"


def labels(kernel: Kernel) -> list[str]:
    return [variant.label for variant in kernel.specialisation.variants]


def test_what_decorators_give_is_no_argument_and_no_product(tmp_path: Path) -> None:
    (kernel,) = made.read(tmp_path, source(LAUNCHES, f", tuned={BEST}"))
    assert [argument.name for argument in kernel.arguments] == ["x", "bias", "n"]
    assert labels(kernel) == [
        "bf16-no_bias-config_2-EVEN_True-n_16",
        "bf16-no_bias-config_2-EVEN_True-generic",
        "fp32-bias-config_1-EVEN_True-n_16",
        "fp32-bias-config_1-EVEN_True-generic",
        "fp32-no_bias-config_0-EVEN_True-n_16",
        "fp32-no_bias-config_0-EVEN_True-generic",
        "fp32-no_bias-config_0-EVEN_False-aligned",
        "fp32-no_bias-config_0-EVEN_False-generic",
    ]


def test_a_call_gets_the_configuration_of_its_key_and_its_grid(tmp_path: Path) -> None:
    library = made.library(tmp_path, source(LAUNCHES, f", tuned={BEST}"))
    fp32, bf16 = tensor(8, dtype="fp32", address=ADDRESS), tensor(8, dtype="bf16", address=ADDRESS)

    def called(*arguments: Any) -> tuple[str, tuple[int, int, int]]:
        found = library.launch("k", *arguments)
        return library.variant(found).label, found.grid

    assert called(fp32, ADDRESS, 128) == ("fp32-bias-config_1-EVEN_True-n_16", (1, 3, 1))
    assert called(bf16, None, 64) == ("bf16-no_bias-config_2-EVEN_True-n_16", (2, 3, 1))
    assert called(fp32, None, 64) == ("fp32-no_bias-config_0-EVEN_True-n_16", (1, 3, 1))
    # Other keys get the configuration that most launches had, or the first that these launches had.
    assert called(fp32, None, 65) == ("fp32-no_bias-config_0-EVEN_False-aligned", (2, 3, 1))
    assert called(fp32, ADDRESS, 256) == ("fp32-bias-config_1-EVEN_True-n_16", (2, 3, 1))
    assert called(bf16, None, 320) == ("bf16-no_bias-config_2-EVEN_True-n_16", (10, 3, 1))
    with pytest.raises(ValueError, match="no such launch") as caught:
        called(fp32, ADDRESS, 129)
    assert str(caught.value).partition("\n")[0] == (
        "t.k: no such launch was built: this one has EVEN=False (computed), and the nearest that "
        "was built has EVEN=True (computed)"
    )
    with pytest.raises(ValueError, match="no such launch") as caught:
        called(bf16, ADDRESS, 64)
    assert str(caught.value).partition("\n")[0] == (
        "t.k: no such launch was built: this one has bias given, and the nearest that was built "
        "has bias=None"
    )


def test_a_configuration_is_built_as_it_was_launched(tmp_path: Path) -> None:
    rows = [
        launch("*fp32:16", None, "i32:16", 64, True),
        launch("*fp32:16", None, "i32", 128, False, 8),
    ]
    best = {
        (64, "torch.float32"): {"BLOCK": 64},
        (1, "torch.float32"): {"BLOCK": 128},
        (9, "torch.float32"): {"BLOCK": 32},
    }
    (kernel,) = made.read(tmp_path, source(rows, f", tuned={best}"))
    assert labels(kernel) == [
        "config_0-EVEN_True-n_16",
        "config_0-EVEN_True-generic",
        "config_1-EVEN_False-aligned",
        "config_1-EVEN_False-generic",
        *("config_2-EVEN_True-n_16", "config_2-EVEN_True-generic"),  # which none was launched with
        *("config_2-EVEN_False-aligned", "config_2-EVEN_False-generic"),
    ]


def test_a_table_may_give_what_no_launch_had(tmp_path: Path) -> None:
    best = {**BEST, (512, "torch.float32"): {"BLOCK": 256}}
    (kernel,) = made.read(tmp_path, source(LAUNCHES, f", tuned={best}"))
    added = {label for label in labels(kernel) if "config_3" in label}
    assert added == {
        "fp32-no_bias-config_3-EVEN_True-n_16",
        "fp32-no_bias-config_3-EVEN_True-generic",
        "fp32-no_bias-config_3-EVEN_False-aligned",
        "fp32-no_bias-config_3-EVEN_False-generic",
    }


@pytest.mark.parametrize(
    ("more", "blocks"),
    [("", [32, 64, 128, 256]), (", configs=[{}]", [32, 64, 128, 256])]
    + [(", configs=[{'num_warps': 8}, {'BLOCK': 32}]", [128, 32])],
)
def test_without_a_table_a_call_names_any_configuration(
    tmp_path: Path, more: str, blocks: list[int]
) -> None:
    library = made.library(tmp_path, source(LAUNCHES, more))
    kernel = library.plans["k"].kernel
    assert [argument.name for argument in kernel.arguments] == ["x", "bias", "n", "config"]
    assert len(labels(kernel)) == 8 * len(blocks)  # other combinations are those of the launches
    x = tensor(8, dtype="bf16", address=ADDRESS)
    for number, block in enumerate(blocks):
        found = library.launch("k", x, None, 1024, number)
        assert library.variant(found).constexprs["BLOCK"] == block
        assert found.grid == (1024 // block, 3, 1)


def test_configurations_and_a_table_are_taken_together(tmp_path: Path) -> None:
    more = f", configs=[{{'BLOCK': 256}}], tuned={BEST}"
    library = made.library(tmp_path, source(LAUNCHES, more))
    x = tensor(8, dtype="bf16", address=ADDRESS)
    assert library.chosen("k", x, None, 64).constexprs["BLOCK"] == 32


def document(folder: Path, rows: Any, key: list[str]) -> str:
    (folder / "kernels").mkdir(parents=True)
    tuned = [{"key": key, "rows": rows}]
    text = json.dumps({"kernel": "m:k", "launches": LAUNCHES, "tuned": tuned})
    (folder / "kernels" / "k.json").write_text(text)
    return "k.json"


def winner(block: int, count: int) -> dict[str, Any]:
    return {"key": [64, "torch.bfloat16"], "config": {"BLOCK": block}, "count": count}


def test_the_file_has_the_table_and_the_winner_of_most_launches_counts(tmp_path: Path) -> None:
    large = {"key": [4096, "torch.bfloat16"], "config": {"BLOCK": 256}, "count": 1}
    file = document(tmp_path, [winner(64, 3), winner(32, 5), winner(256, 5), large], ["n"])
    library = made.library(tmp_path, source(file))
    x = tensor(8, dtype="bf16", address=ADDRESS)
    assert [argument.name for argument in library.plans["k"].kernel.arguments] == ["x", "bias", "n"]
    for n, block in ((64, 32), (256, 32), (1024, 256), (8192, 256)):  # the nearest, by ratio
        assert library.chosen("k", x, None, n).constexprs["BLOCK"] == block


def test_a_configuration_that_only_a_losing_launch_had_is_not_built(tmp_path: Path) -> None:
    file = document(tmp_path, [winner(32, 1)], ["n"])
    (kernel,) = made.read(tmp_path, source(file))
    blocks = {variant.constexprs["BLOCK"] for variant in kernel.specialisation.variants}
    assert blocks == {64, 32}  # 64 is the default, which most launches had


def test_an_explicit_grid_takes_the_launches_of_the_kernel_itself(tmp_path: Path) -> None:
    (kernel,) = made.read(tmp_path, source(LAUNCHES, grid="'explicit'"))
    names = [argument.name for argument in kernel.arguments]
    assert names == ["x", "bias", "n", "BLOCK", "BIASED", "EVEN", "num_warps"]
    # Both have the same images: what one has compiled, the other need not.
    (public,) = made.read(tmp_path / "2", source(LAUNCHES, f", tuned={BEST}"))

    def asked(of: Kernel) -> set[str]:
        variants = of.specialisation.variants
        return {repr((v.signature, v.constexprs, v.divisible, v.options)) for v in variants}

    assert asked(public) == asked(kernel)


FOLLOWING = """
@triton.heuristics({
    "BLOCK": lambda args: 128 if args["bias"] is not None else 64,
    "EVEN": lambda args: args["n"] % args["BLOCK"] == 0,
    "num_warps": lambda args: 8 if args["n"] > 1000 else 4,
})
@triton.jit
def k(x, bias, n, BLOCK: tl.constexpr, EVEN: tl.constexpr): pass
"""


def following(bias: str | None, even: bool, warps: int) -> dict[str, Any]:
    values = constexprs(BLOCK=64 if bias is None else 128, EVEN=even)
    given = {"x": "*fp32:16", "bias": bias, "n": "i32", **values}
    return {"arguments": given, "options": {"num_warps": warps}}


def test_heuristics_read_what_others_gave_in_the_same_launches(tmp_path: Path) -> None:
    rows = [
        following(None, True, 4),
        following(None, False, 8),
        following("*fp32:16", True, 4),
        following("*fp32:16", False, 4),
    ]
    library = made.library(tmp_path, source(rows, around=FOLLOWING))
    kernel = library.plans["k"].kernel
    assert [argument.name for argument in kernel.arguments] == ["x", "bias", "n"]
    assert {label.rpartition("-")[0] for label in labels(kernel)} == {
        "no_bias-EVEN_True-num_warps_4",
        "no_bias-EVEN_False-num_warps_8",
        "bias-EVEN_True-num_warps_4",
        "bias-EVEN_False-num_warps_4",
    }
    for bias, n, block, even, warps in (
        (None, 64, 64, True, 4),
        (ADDRESS, 64, 128, False, 4),
        (ADDRESS, 128, 128, True, 4),
        (None, 1001, 64, False, 8),
    ):
        found = library.launch("k", ADDRESS, bias, n)
        variant = library.variant(found)
        assert variant.constexprs["EVEN"] is even
        assert variant.options.num_warps == warps
        assert found.grid == (-(-n // block), 3, 1)
    with pytest.raises(ValueError, match="no such launch") as caught:
        library.launch("k", ADDRESS, None, 63)
    assert str(caught.value).partition("\n")[0] == (
        "t.k: no such launch was built: this one has bias=None, and the nearest that was built has "
        "bias given"
    )


def test_an_int_that_no_launch_had_is_refused_with_those_that_they_had(tmp_path: Path) -> None:
    around = """
@triton.heuristics({"BLOCK": lambda args: min(args["n"], 64)})
@triton.jit
def k(x, n, BLOCK: tl.constexpr): pass
"""
    rows = [
        {"arguments": {"x": "*fp32", "n": "i32", **constexprs(BLOCK=block)}} for block in (64, 16)
    ]
    library = made.library(tmp_path, source(rows, around=around))
    assert library.launch("k", ADDRESS, 1000).grid == (16, 3, 1)
    with pytest.raises(ValueError, match="it was built for") as caught:
        library.launch("k", ADDRESS, 32)
    assert str(caught.value).partition("\n")[0] == (
        "t.k: these arguments make `BLOCK` 32, and it was built for 16, 64"
    )


def test_what_a_call_passes_by_the_name_of_a_heuristic_stays_an_argument(tmp_path: Path) -> None:
    around = """
@triton.heuristics({"FLIP": lambda args: bool(args["FLIP"])})
@triton.jit
def k(x, n, FLIP: tl.constexpr): pass
"""
    rows = [
        {"arguments": {"x": "*fp32", "n": "i32", **constexprs(FLIP=flip)}} for flip in (True, False)
    ]
    (kernel,) = made.read(tmp_path, source(rows, around=around, grid="lambda n: (n,)"))
    assert [argument.name for argument in kernel.arguments] == ["x", "n", "FLIP"]


def refusal(folder: Path, text: str) -> tuple[str, str | None]:
    with pytest.raises(CodegenError) as caught:
        made.read(folder, text)
    error = caught.value.errors[0] if isinstance(caught.value, CodegenErrors) else caught.value
    return error.message, error.hint


LISTED = (
    "its configurations are (BLOCK=32, num_warps=4, num_stages=3), (BLOCK=64, num_warps=4, "
    "num_stages=3), (BLOCK=128, num_warps=8, num_stages=3), (BLOCK=256, num_warps=4, num_stages=3)"
)


def test_a_launch_that_the_decorators_would_not_make_is_named(tmp_path: Path) -> None:
    rows = [*LAUNCHES, launch("*fp32:16", None, "i32", 128, True, 4)]
    assert refusal(tmp_path / "1", source(rows)) == (
        "`t.k`: launch 5 had the configuration (BLOCK=128, num_warps=4, num_ctas=1, num_stages=3), "
        "which the kernel's autotuner does not list here",
        f"{LISTED}; {APART}",
    )
    rows = [{**LAUNCHES[0], "arguments": {**LAUNCHES[0]["arguments"], **constexprs(BIASED=True)}}]
    assert refusal(tmp_path / "2", source(rows)) == (
        "`t.k`: launch 1 has BIASED=True, and the heuristic of `BIASED` gives False",
        "record the program again with this kernel; or take launches as they reach the kernel: "
        'grid="explicit"',
    )
    rows = [{**LAUNCHES[0], "arguments": {**LAUNCHES[0]["arguments"], "BLOCK": "i32"}}]
    assert refusal(
        tmp_path, source(rows, around=AROUND.replace("BLOCK: tl.constexpr", "BLOCK"))
    ) == (
        "`t.k` parameter `BLOCK`: a decorator of the kernel gives it, and launch 1 passes `i32`",
        'take launches as they reach the kernel: grid="explicit"',
    )


def test_a_heuristic_that_c_cannot_compute_is_named(tmp_path: Path) -> None:
    around = """
@triton.heuristics({"MODE": lambda args: "odd" if args["n"] % 2 else "even"})
@triton.jit
def k(x, n, MODE: tl.constexpr): pass
"""
    row = {"arguments": {"x": "*fp32", "n": "i32", **constexprs(MODE="odd")}}
    assert refusal(tmp_path, source([row], around=around, grid="lambda n: (n,)")) == (
        "`t.k`: the heuristic of `MODE` gives 'odd' in some calls and asks for what only a call "
        "knows, and C can compute ints and bools",
        'take launches as they reach the kernel: grid="explicit"',
    )


def test_keys_of_another_autotuner_are_refused(tmp_path: Path) -> None:
    file = document(tmp_path, [winner(32, 1)], ["n", "m"])
    assert refusal(tmp_path, source(file)) == (
        "`t.k`: k.json has tuned keys of ['n', 'm'], and the kernel's autotuner has keys of ['n']",
        "record the program again with this kernel, or give the table: tuned=...",
    )
