"""What cannot be made of an autotuner: each message as it is, with its remedy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from codegen.model.errors import CodegenError, CodegenErrors
from codegen.model.kernel import Kernel
from codegen.variants.axes.configuration import ConfigurationAxis
from tests.support import made

SOURCE = """
from codegen.model.sm_count import SmCount
def broken(**kwargs):
    pass

CONFIGS = [triton.Config({"BLOCK": 64}), triton.Config({"BLOCK": 128}, num_warps=8)]

@export("tests.k", types={"x": "*fp32", "y": "*fp32 | None", "n": "i32", "s": "fp32"},
        grid=lambda: (1,), OPTIONS)
@triton.autotune(AUTOTUNE)
@triton.jit
def k(x, y, n, s, BLOCK: tl.constexpr, SPLIT: tl.constexpr = 1):
    pass
"""
PLAIN = 'CONFIGS, key=["n"]'


def declared(folder: Path, options: str, autotune: str = PLAIN) -> Kernel:
    source = SOURCE.replace("OPTIONS", options).replace("AUTOTUNE", autotune)
    (kernel,) = made.read(folder, source)
    return kernel


def refusal(folder: Path, options: str, autotune: str = PLAIN) -> CodegenError:
    with pytest.raises(CodegenErrors) as caught:
        declared(folder, options, autotune)
    (error,) = caught.value.errors
    assert error.where is not None
    return error


ALL = (
    "its configurations are (BLOCK=64, num_warps=4, num_stages=3), "
    "(BLOCK=128, num_warps=8, num_stages=3)"
)
NAME = "name the configurations to build: configs=[{...}]"
PRUNED = NAME + "; configs=[{}] names them all; or give the best ones by key: tuned={...}"
LENGTH = (
    "a key has n, and then, in all keys or in none, the dtypes of the tensors (x, y) that are not "
    "None"
)
HOOK = 'CONFIGS[:1] + [triton.Config({"BLOCK": 32}, pre_hook=broken)], key=["n"]'
OVERRIDE = 'CONFIGS[:1] + [triton.Config({"BLOCK": 32}, ir_override="k.ttgir")], key=["n"]'
PRUNE = 'CONFIGS, key=["n"], prune_configs_by={"early_config_prune": lambda c, a, **named: %s}'
OF_SMS = (
    '[triton.Config({"BLOCK": 32, "SPLIT": SmCount(8)}), *CONFIGS], key=["n"]',
    "`tests.k`: of `SPLIT` in a configuration, its value is the number of SMs, which only the "
    "device of a call has",
    "name others to build: configs=[{...}]; or give it a number, or list those of your devices, "
    "with a heuristic around the kernel that gives sm_count() (docs/declaration.md#heuristics)",
)
ERRORS: dict[str, tuple[str, str, str, str | None]] = {
    "no such configuration": (
        "configs=[{'BLOCK': 32}]",
        PLAIN,
        "`tests.k`: configs asks for {'BLOCK': 32}, which the kernel does not have",
        ALL,
    ),
    "no such best one": (
        "tuned={1: {'BLOCK': 64}, 2: {'BLOCK': 64, 'num_warps': 2}}",
        PLAIN,
        "`tests.k`: tuned gives [2] the configuration {'BLOCK': 64, 'num_warps': 2}, which the "
        "kernel does not have",
        ALL,
    ),
    "a key too short": (
        "tuned={(): {'BLOCK': 64}, 1: {'BLOCK': 128}}",
        PLAIN,
        "`tests.k`: the tuned key [] has 0 entries",
        LENGTH,
    ),
    "a key too long": (
        "tuned={(1, 'torch.float32', 'torch.float32', 3): {'BLOCK': 128}}",
        PLAIN,
        "`tests.k`: the tuned key [1, 'torch.float32', 'torch.float32', 3] has 4 entries",
        LENGTH,
    ),
    "some keys with dtypes": (
        "tuned={(1, 'torch.float32'): {'BLOCK': 128}, 2: {'BLOCK': 128}}",
        PLAIN,
        "`tests.k`: the tuned key [2] has 1 entry",
        LENGTH,
    ),
    "a key with what the kernel computes": (
        "tuned={(1, 64): {'BLOCK': 128}}",
        'CONFIGS, key=["n", "BLOCK"]',
        "`tests.k`: the tuned key [1, 64] has 2 entries",
        LENGTH,
    ),
    "a float in a key": (
        "tuned={(1, 0.5): {'BLOCK': 128}}",
        'CONFIGS, key=["n", "s"]',
        "`tests.k`: the tuned key [1, 0.5] has 0.5 for `s`",
        "a key is made of ints and constexprs",
    ),
    "a pre_hook": (
        "",
        HOOK,
        "`tests.k`: its configuration (BLOCK=32, num_warps=4, num_stages=3) has a pre_hook, which "
        "Triton runs before each launch and which cannot be compiled",
        'do in the caller what it does, and say so: hooks="caller"',
    ),
    "an ir_override": (
        "",
        OVERRIDE,
        "`tests.k`: its configuration (BLOCK=32, ir_override='k.ttgir', num_warps=4, "
        "num_stages=3) gives ir_override, an option of Triton's that is not followed: the IR of "
        "one variant for one target would be taken for all",
        "leave it out, or export a kernel that compiles to what the file holds; or " + NAME,
    ),
    "the number of SMs": ("configs=[{'BLOCK': 32}]", *OF_SMS),
    "the number of SMs among all": ("configs=[{}]", *OF_SMS),
    "the number of SMs by an option": ("configs=[{'num_warps': 4}]", *OF_SMS),
    "the number of SMs in the default of a table": ("tuned={1: {'BLOCK': 128}}", *OF_SMS),
    "the number of SMs in a table": (
        "configs=[{'BLOCK': 64}], tuned={1: {'BLOCK': 32}}",
        *OF_SMS,
    ),
    "the number of SMs, not asked for by its value here": (
        "configs=[{'SPLIT': 8}]",
        OF_SMS[0],
        "`tests.k`: configs asks for {'SPLIT': 8}, which the kernel does not have",
        ALL,
    ),
    "an option that cannot be": (
        "",
        '[triton.Config({"BLOCK": 32}, num_warps=3)], key=["n"]',
        "`tests.k`: num_warps must be 1, 2, 4, 8, 16 or 32, got 3",
        None,
    ),
    "pruning by values": (
        "",
        PRUNE % '[x for x in c if x.kwargs["BLOCK"] <= a["n"]]',
        "`tests.k`: its early_config_prune asks for what only a call knows",
        PRUNED,
    ),
    "pruning by None": (
        "",
        PRUNE % 'c if a["y"] is None else c[:1]',
        "`tests.k`: its early_config_prune asks for `y`, which may be None",
        PRUNED,
    ),
    "pruning all": (
        "",
        PRUNE % "[]",
        "`tests.k`: its early_config_prune leaves no configuration",
        PRUNED,
    ),
    "pruning that fails beside a table": (
        "tuned={1: {'BLOCK': 64}}",
        PRUNE % 'c if a["nothing"] else c',
        "`tests.k`: its early_config_prune fails: KeyError: 'nothing'",
        NAME + "; configs=[{}] names them all",
    ),
    "pruning that divides by 0 beside a table": (
        "tuned={}",
        PRUNE % "c[: 1 // 0]",
        "`tests.k`: its early_config_prune fails: ZeroDivisionError: integer division or modulo by "
        "zero",
        NAME + "; configs=[{}] names them all",
    ),
    "pruning all beside a table": (
        "tuned={1: {'BLOCK': 64}}",
        PRUNE % "[]",
        "`tests.k`: its early_config_prune leaves no configuration",
        NAME + "; configs=[{}] names them all",
    ),
    "a value that only some give": (
        "",
        '[triton.Config({"SPLIT": 2}), *CONFIGS], key=["n"]',
        "`tests.k`: the configuration (SPLIT=2, num_warps=4, num_stages=3) gives no value to "
        "`BLOCK`, and others do",
        "give it a default in the kernel, or choose others: configs=[{...}]",
    ),
    "a value of the declaration too": (
        "constexprs={'BLOCK': 64}",
        PLAIN,
        "`tests.k`: constexprs names `BLOCK`, to which configurations give values",
        'choose among them instead: configs=[{"BLOCK": ...}]',
    ),
    "no file name": (
        "tuned='../best.json'",
        PLAIN,
        "`tests.k`: tuned must be a .json file beside the kernel file or below, got '../best.json'",
        "keep the table there, where changes of it are noticed",
    ),
    "twice": (
        "",
        PLAIN + ')\n@triton.autotune([triton.Config({})], key=["n"]',
        "`tests.k`: the kernel is autotuned twice",
        "export the inner kernel, and give the constexprs their values",
    ),
}


@pytest.mark.parametrize("case", ERRORS)
def test_a_refusal(tmp_path: Path, case: str) -> None:
    options, autotune, message, hint = ERRORS[case]
    error = refusal(tmp_path, options, autotune)
    assert (error.message, error.hint) == (message, hint)


def test_a_missing_file(tmp_path: Path) -> None:
    error = refusal(tmp_path, "tuned='*.autotune.json'")
    place = tmp_path / "kernels" / "*.autotune.json"
    assert error.message == f"`tests.k`: there is no file {place}"
    assert error.hint == "copy Triton's *.autotune.json files there, or write the table by hand"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (
            "{",
            "JSONDecodeError: Expecting property name enclosed in double quotes: line 1 column 2"
            " (char 1)",
        ),
        ('[{"key": [1]}]', "KeyError: 'configs_timings'"),
        ("[1]", "TypeError: 'int' object is not subscriptable"),
    ],
)
def test_a_file_that_is_no_table(tmp_path: Path, content: str, reason: str) -> None:
    path = tmp_path / "kernels" / "best.json"
    path.parent.mkdir()
    path.write_text(content)
    error = refusal(tmp_path, "tuned='best.json'")
    assert error.message == f"`tests.k`: {path} is no table of tuned configurations: {reason}"
    assert error.hint == (
        'write a list of {"key": [...], "config": {...}}, or copy an *.autotune.json'
    )


def test_two_files_that_disagree(tmp_path: Path) -> None:
    folder = tmp_path / "kernels"
    folder.mkdir()
    for block in (64, 128):
        table = [{"key": [1], "config": {"BLOCK": block}}]
        (folder / f"{block}.json").write_text(json.dumps(table))
    error = refusal(tmp_path, "tuned='*.json'")
    assert error.message == f"`tests.k`: the key [1] has two configurations in {folder}"
    assert error.hint == "remove the older file"


def blocks(kernel: Kernel) -> list[Any]:
    for axis in kernel.specialisation.axes:
        if isinstance(axis, ConfigurationAxis):
            return [dict(one.constexprs)["BLOCK"] for one in axis.configurations]
    return [dict(kernel.specialisation.variants[0].constexprs)["BLOCK"]]


@pytest.mark.parametrize("autotune", [HOOK, OVERRIDE])
def test_what_is_not_built_may_be_anything(tmp_path: Path, autotune: str) -> None:
    assert blocks(declared(tmp_path, "configs=[{'BLOCK': 64}]", autotune)) == [64]


def test_the_caller_may_do_what_a_hook_does(tmp_path: Path) -> None:
    assert blocks(declared(tmp_path, "hooks='caller'", HOOK)) == [64, 32]


@pytest.mark.parametrize(
    ("options", "prune", "expected"),
    [
        ("", 'c[1:] if a["n"] is not None else c', [128]),
        ("", '[x for x in c if x.kwargs["BLOCK"] > a.get("SPLIT", 64)]', [128]),
        ("configs=[{'BLOCK': 64}]", "1 / 0", [64]),
        ("configs=[{}]", "1 / 0", [64, 128]),
        ("constexprs={'SPLIT': 3}", 'c[named["SPLIT"] - 2 :]', [128]),
        (
            "constexprs={'SPLIT': 3}",
            '[x for x in c if a["SPLIT"] == 3 and x.num_warps == 8]',
            [128],
        ),
    ],
)
def test_pruning_that_needs_no_call(
    tmp_path: Path, options: str, prune: str, expected: list[int]
) -> None:
    assert blocks(declared(tmp_path, options, PRUNE % prune)) == expected


def test_one_configuration_is_not_pruned(tmp_path: Path) -> None:
    assert blocks(declared(tmp_path, "", PRUNE.replace("CONFIGS", "CONFIGS[:1]") % "1 / 0")) == [64]


def test_tables_are_for_autotuned_kernels(tmp_path: Path) -> None:
    source = SOURCE.replace("@triton.autotune(AUTOTUNE)\n", "")
    for option, value in (("configs", "[{}]"), ("tuned", "{}")):
        options = f"constexprs={{'BLOCK': 64}}, {option}={value}"
        with pytest.raises(CodegenErrors) as caught:
            made.read(tmp_path / option, source.replace("OPTIONS", options))
        (error,) = caught.value.errors
        assert error.message == f"`tests.k`: {option} is for autotuned kernels, and this is none"
        assert error.hint == "leave it out, or put @triton.autotune around the kernel"
