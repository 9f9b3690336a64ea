"""Configurations of autotuned kernels, against Triton's own `Autotuner` with its cache filled."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from triton import knobs
from triton.backends.compiler import GPUTarget
from triton.runtime import autotuner as tritons

from codegen.model.kernel import Variant
from codegen.variants.axes.configuration import ConfigurationAxis
from tests.support import made
from tests.support.conditions import variant_of
from tests.support.jit_calls import Array, Found, differences, launched, passed, plain
from tests.support.plans import axis_of

SOURCE = """
CONFIGS = [
    triton.Config({"BLOCK": 64}, num_warps=4),
    triton.Config({"BLOCK": 128, "SPLIT": 2}, num_warps=8, num_stages=2),
    triton.Config({"BLOCK": 256}, num_warps=8, maxnreg=128),
]

# Configurations first, then heuristics that read them.
@export("tests.inner", types={"x": "*fp16 | *fp32", "bias": "*fp16 | *fp32 | None", "n": "i64",
                              "m": "i32 | None", "flag": "i1"}, grid=lambda: (1,),
        tuned={
            (1, None, True, "torch.float16"): {"BLOCK": 128},
            (1, None, True, "torch.float16", "torch.float16"): {"BLOCK": 256},
            (1, None, True, "torch.float32"): {"BLOCK": 256},
            (1, 0, True, "torch.float32"): {"BLOCK": 128},
            (2**40, 3, False, "torch.float32", "torch.float32"): {"num_warps": 8},
            (2, 3, False, "torch.int8"): {"BLOCK": 128},
        })
@triton.autotune(CONFIGS, key=["n", "m", "flag"])
@triton.heuristics({
    "EVEN": lambda args: args["n"] % (args["BLOCK"] * args.get("SPLIT", 1)) == 0,
    "num_stages": lambda args: args["num_warps"] // 2,
})
@triton.jit
def inner(x, bias, n, m, flag, BLOCK: tl.constexpr, EVEN: tl.constexpr, SPLIT: tl.constexpr = 1):
    pass

# Heuristics first, then the key, which is made of constexprs too.
@export("tests.outer", types={"x": "*fp32", "n": "i32"}, grid=lambda: (1,),
        constexprs={"MODE": ["sum", "max"], "FAST": [False, True], "DEEP": 3},
        tuned={("sum", True, 3, 7): {"BLOCK": 256}, ("max", False, 3, 7): {"BLOCK": 128},
               ("max", True, 4, 7): {"BLOCK": 128}, ("min", True, 3, 7): {"BLOCK": 128}})
@triton.heuristics({"HALF": lambda args: args["n"] // 2 > 3})
@triton.autotune(CONFIGS, key=["MODE", "FAST", "DEEP", "n"])
@triton.jit
def outer(x, n, MODE: tl.constexpr, FAST: tl.constexpr, DEEP: tl.constexpr, HALF: tl.constexpr,
          BLOCK: tl.constexpr, SPLIT: tl.constexpr = 1):
    pass

# Of what the kernel computes, a key has what is known before the autotuner alone.
@export("tests.computed", types={"x": "*fp16 | *fp32", "bias": "*fp32 | None", "n": "i32"},
        grid=lambda: (1,), tuned={
            (True, 3, "long", False, "torch.float32", "torch.float32"): {"BLOCK": 128},
            (False, 3, "long", False, "torch.float16"): {"BLOCK": 256},
            (False, 200, "long", True, "torch.float32"): {"BLOCK": 128},
            (True, 200, "short", True, "torch.float16", "torch.float32"): {"BLOCK": 256},
            (True, 200, "gone", True, "torch.float16", "torch.float32"): {"BLOCK": 128},
            (True, 3, "long", True, "torch.float16", "torch.float32"): {"BLOCK": 128},
        })
@triton.heuristics({
    "BIASED": lambda args: args["bias"] is not None,
    "LARGE": lambda args: args["n"] > 100,
    "MODE": lambda args: "short" if args["x"].element_size() == 2 and args["BIASED"] else "long",
})
@triton.autotune(CONFIGS, key=["BIASED", "n", "BLOCK", "EVEN", "MODE", "LARGE"])
@triton.heuristics({"EVEN": lambda args: args["n"] % args["BLOCK"] == 0})
@triton.jit
def computed(x, bias, n, BIASED: tl.constexpr, LARGE: tl.constexpr, MODE: tl.constexpr,
             EVEN: tl.constexpr, BLOCK: tl.constexpr, SPLIT: tl.constexpr = 1):
    pass

# Several tensors that may be None: Triton's key does not say which.
@export("tests.ambiguous", types={"x": "*fp32 | None", "y": "*fp32 | None", "z": "*i8 | None"},
        grid=lambda: (1,), tuned={
            ("torch.float32",): {"BLOCK": 128},
            ("torch.float32", "torch.int8"): {"BLOCK": 256},
            ("torch.int8",): {"BLOCK": 256},
        })
@triton.autotune(CONFIGS, key=[])
@triton.jit
def ambiguous(x, y, z, BLOCK: tl.constexpr, SPLIT: tl.constexpr = 1):
    pass

@export("tests.untyped", types={"x": "*fp16 | *fp32", "n": "u64"}, grid=lambda: (1,),
        tuned={2**64 - 1: {"BLOCK": 128}, 5: {"BLOCK": 256}})
@triton.autotune(CONFIGS, key=["n"])
@triton.jit
def untyped(x, n, BLOCK: tl.constexpr, SPLIT: tl.constexpr = 1):
    pass
"""
half_or_single = st.sampled_from(["fp16", "fp32"])
CALLS: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "inner": half_or_single.flatmap(
        lambda dtype: st.fixed_dictionaries(
            {
                "x": st.just(Array(dtype)),
                "bias": st.sampled_from([None, Array(dtype)]),
                "n": st.sampled_from([0, 1, 2, 63, 256, 2**40]),
                "m": st.sampled_from([None, 0, 3, -5]),
                "flag": st.booleans(),
            }
        )
    ),
    "outer": st.fixed_dictionaries(
        {
            "x": st.just(Array()),
            "n": st.sampled_from([7, 8, -1]),
            "MODE": st.sampled_from(["sum", "max"]),
            "FAST": st.booleans(),
        }
    ),
    "computed": st.fixed_dictionaries(
        {
            "x": st.builds(Array, half_or_single),
            "bias": st.sampled_from([None, Array()]),
            "n": st.sampled_from([3, 200, 4, 256]),
        }
    ),
    "ambiguous": st.fixed_dictionaries(
        {
            "x": st.sampled_from([None, Array()]),
            "y": st.sampled_from([None, Array()]),
            "z": st.sampled_from([None, Array("i8")]),
        }
    ),
    "untyped": st.fixed_dictionaries(
        {
            "x": st.builds(Array, half_or_single),
            "n": st.sampled_from([0, 5, 2**63, 2**64 - 1, 2**64 - 2]),
        }
    ),
}
ORDER = {
    "inner": ("x", "bias", "n", "m", "flag"),
    "outer": ("x", "n", "MODE", "FAST"),
    "computed": ("x", "bias", "n"),
    "ambiguous": ("x", "y", "z"),
    "untyped": ("x", "n"),
}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> made.Library:
    library = made.library(tmp_path_factory.mktemp("configurations"), SOURCE)
    for name in CALLS:
        fill(library.functions[name], TABLES[name])
    return library


TABLES: dict[str, dict[tuple[Any, ...], dict[str, Any]]] = {
    "inner": {
        (1, None, True, "torch.float16"): {"BLOCK": 128},
        (1, None, True, "torch.float16", "torch.float16"): {"BLOCK": 256},
        (1, None, True, "torch.float32"): {"BLOCK": 256},
        (1, 0, True, "torch.float32"): {"BLOCK": 128},
        (2**40, 3, False, "torch.float32", "torch.float32"): {"BLOCK": 128},
    },
    "outer": {("sum", True, 3, 7): {"BLOCK": 256}, ("max", False, 3, 7): {"BLOCK": 128}},
    "computed": {
        (True, 3, "long", False, "torch.float32", "torch.float32"): {"BLOCK": 128},
        (False, 3, "long", False, "torch.float16"): {"BLOCK": 256},
        (False, 200, "long", True, "torch.float32"): {"BLOCK": 128},
        (True, 200, "short", True, "torch.float16", "torch.float32"): {"BLOCK": 256},
    },
    "ambiguous": {
        ("torch.float32",): {"BLOCK": 128},
        ("torch.float32", "torch.int8"): {"BLOCK": 256},
        ("torch.int8",): {"BLOCK": 256},
    },
    "untyped": {(2**64 - 1,): {"BLOCK": 128}, (5,): {"BLOCK": 256}},
}


def tuner_of(kernel: Any) -> tritons.Autotuner:
    while not isinstance(kernel, tritons.Autotuner):
        kernel = kernel.fn
    return kernel


def fill(kernel: Any, table: Mapping[tuple[Any, ...], Mapping[str, Any]]) -> None:
    """Let Triton's tuner think that it has found these."""
    tuner = tuner_of(kernel)
    by_block = {config.kwargs["BLOCK"]: config for config in tuner.configs}
    tuner.cache = Found(tuner, {key: by_block[best["BLOCK"]] for key, best in table.items()})


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@pytest.mark.parametrize("name", CALLS)
@given(data=st.data())
def test_a_call_gets_the_configuration_that_triton_would_use(
    built: made.Library, name: str, data: st.DataObject
) -> None:
    drawn = data.draw(CALLS[name])
    call = {argument: drawn[argument] for argument in ORDER[name]}
    constexprs: dict[str, Any] = {key: call[key] for key in ("MODE", "FAST") if key in call}
    values = {key: value for key, value in call.items() if key not in constexprs}
    if name == "outer":
        constexprs["DEEP"] = 3
    expected = launched(built.functions[name], values, **constexprs)
    variant = built.chosen(name, *passed(call))
    assert not differences(built.plans[name].kernel, variant, expected)
    assert variant_of(built.plans[name], plain(call), expected) == variant.label


def test_only_configurations_that_some_key_names_are_built(built: made.Library) -> None:
    """And the default, which is the kernel's first."""
    axis = axis_of(built.plans["untyped"].kernel, ConfigurationAxis)
    assert [str(value) for value in axis.configurations] == [
        "BLOCK=64, SPLIT=1, num_warps=4, num_stages=3",
        "BLOCK=128, SPLIT=2, num_warps=8, num_stages=2",
        "BLOCK=256, SPLIT=1, num_warps=8, num_stages=3, maxnreg=128",
    ]


KERNEL = """
CONFIGS = [
    triton.Config({"BLOCK": 64}, num_warps=4),
    triton.Config({"BLOCK": 128}, num_warps=8),
    triton.Config({"BLOCK": 256}, num_warps=8),
]

@export("tests.k", types={"x": "*fp16 | *fp32", "n": "i32"}, grid=lambda: (1,), OPTIONS)
@triton.autotune(CONFIGS, key=["n"])
@triton.jit
def k(x, n, BLOCK: tl.constexpr):
    pass
"""


def block(variant: Variant) -> object:
    return variant.constexprs["BLOCK"]


def test_a_table_in_a_file(tmp_path: Path) -> None:
    table = [
        {"key": [3, "torch.float16"], "config": {"BLOCK": 128}},
        {"key": [3, "torch.float32"], "config": {"BLOCK": 256, "num_warps": 8}},
    ]
    (tmp_path / "kernels").mkdir()
    (tmp_path / "kernels" / "best.json").write_text(json.dumps(table))
    library = made.library(tmp_path, KERNEL.replace("OPTIONS", "tuned='best.json'"))
    for dtype, n, expected in (("fp16", 3, 128), ("fp32", 3, 256), ("fp32", 4, 64)):
        assert block(library.chosen("k", Array(dtype).passed(), n)) == expected


def test_the_files_of_tritons_own_autotuner(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Written by `Autotuner.check_disk_cache`, with made-up timings."""
    monkeypatch.setattr(knobs.cache, "dir", str(tmp_path / "cache"))
    made.read(tmp_path / "tuning", KERNEL.replace("OPTIONS", ""))
    tuner = tuner_of(made.declarations(tmp_path / "tuning")["k"])
    active = mock.Mock()
    active.get_current_target.return_value = GPUTarget("cuda", 90, 32)
    timings = {(3, "torch.float16"): [3.0, 1.0, 2.0], (5, "torch.float32"): [3.0, 2.0, 1.0]}
    with mock.patch.object(type(tritons.driver), "active", active, create=True):
        for key, times in timings.items():

            def bench(times: list[float] = times) -> None:
                tuner.configs_timings = {
                    config: [time, time, time]
                    for config, time in zip(tuner.configs, times, strict=True)
                }

            assert tuner.check_disk_cache(key, tuner.configs, bench) is False
    found = list((tmp_path / "cache").rglob("*.autotune.json"))
    assert len(found) == 2
    (tmp_path / "kernels").mkdir()
    for number, path in enumerate(found):
        path.rename(tmp_path / "kernels" / f"k{number}.autotune.json")
    library = made.library(tmp_path, KERNEL.replace("OPTIONS", "tuned='*.autotune.json'"))
    for dtype, n, expected in (
        *(("fp16", 3, 128), ("fp32", 5, 256)),
        *(("fp32", 3, 64), ("fp16", 5, 64), ("fp16", 0, 64)),
    ):
        assert block(library.chosen("k", Array(dtype).passed(), n)) == expected


def test_an_option_that_is_a_parameter_too(tmp_path: Path) -> None:
    """Triton's tuner passes it by keyword, which is both."""
    source = KERNEL.replace("BLOCK: tl.constexpr", "BLOCK: tl.constexpr, num_warps: tl.constexpr")
    library = made.library(tmp_path, source.replace("OPTIONS", ""))
    for number, warps in enumerate((4, 8, 8)):
        variant = library.chosen("k", Array().passed(), 3, number)
        assert variant.constexprs["num_warps"] == variant.options.num_warps == warps


def test_without_a_table_the_call_names_the_configuration(tmp_path: Path) -> None:
    library = made.library(tmp_path, KERNEL.replace("OPTIONS", ""))
    for number, expected in enumerate((64, 128, 256)):
        assert block(library.chosen("k", Array().passed(), 1, number)) == expected
    with pytest.raises(ValueError, match="config") as caught:
        library.chosen("k", Array().passed(), 1, 3)
    assert str(caught.value) == (
        "tests.k argument #2 `config` must be one of 0, 1, 2, got 3\n"
        "tests.k(x: *fp16 | *fp32, n: i32, config: 0 | 1 | 2, stream=None)"
    )


def test_a_parameter_may_be_called_config(tmp_path: Path) -> None:
    source = KERNEL.replace("OPTIONS", "configs=[{'BLOCK': 256}, {'BLOCK': 64}]")
    source = source.replace('"n"', '"config"').replace("k(x, n,", "k(x, config,")
    library = made.library(tmp_path, source)
    kernel = library.plans["k"].kernel
    assert [argument.name for argument in kernel.arguments] == ["x", "config", "config_"]
    assert [block(library.chosen("k", Array().passed(), 9, n)) for n in (0, 1)] == [256, 64]


def test_one_configuration_is_no_choice(tmp_path: Path) -> None:
    library = made.library(tmp_path, KERNEL.replace("OPTIONS", "configs=[{'num_warps': 4}]"))
    variant = library.chosen("k", Array().passed(), 1)
    assert (block(variant), variant.options.num_warps) == (64, 4)


def test_all_that_match_are_built(tmp_path: Path) -> None:
    library = made.library(tmp_path, KERNEL.replace("OPTIONS", "configs=[{'num_warps': 8}]"))
    assert [block(library.chosen("k", Array().passed(), 1, n)) for n in (0, 1)] == [128, 256]


@pytest.mark.parametrize(
    ("options", "place"),
    [
        ("configs=[{'BLOCK': 64}]", 0),
        ("configs=[{'SPLIT': 1}]", 0),
        ("configs=[{'BLOCK': 64, 'SPLIT': 1}]", 0),
        ("configs=[{'BLOCK': 64}], tuned={}", 0),
        ("tuned={1: {'BLOCK': 64}}", 1),
        ("tuned={}", 1),
    ],
)
@pytest.mark.parametrize("count", ["SmCount(1)", "SmCount(8) * 4", "object()"])
def test_what_is_not_named_need_not_be_understood(
    tmp_path: Path, options: str, place: int, count: str
) -> None:
    source = "from codegen.model.sm_count import SmCount\n" + KERNEL.replace("OPTIONS", options)
    listed = ["triton.Config({'BLOCK': 64, 'SPLIT': 1})"]
    listed.insert(place, f"triton.Config({{'BLOCK': 32, 'SPLIT': {count}}})")
    source = source.replace("autotune(CONFIGS", f"autotune([{', '.join(listed)}]")
    source = source.replace("BLOCK: tl.constexpr)", "BLOCK: tl.constexpr, SPLIT: tl.constexpr = 1)")
    (kernel,) = made.read(tmp_path, source)
    assert {block(variant) for variant in kernel.specialisation.variants} == {64}


@pytest.mark.parametrize("options", ["tuned={}", "tuned={}, configs=[{'BLOCK': 64}, {}]"])
def test_an_empty_table_leaves_the_default_alone(tmp_path: Path, options: str) -> None:
    (kernel,) = made.read(tmp_path, KERNEL.replace("OPTIONS", options))
    assert [argument.name for argument in kernel.arguments] == ["x", "n"]
    assert {block(variant) for variant in kernel.specialisation.variants} == {64}


@pytest.mark.parametrize("condition", ["a['n'] > 4", "a['x'].dtype"])
def test_a_table_does_without_pruning(tmp_path: Path, condition: str) -> None:
    """By whatever only a call knows: the table says what is best."""
    source = KERNEL.replace("OPTIONS", "tuned={1: {'BLOCK': 128}}")
    prune = f"lambda c, a, **named: [one for one in c if {condition}]"
    source = source.replace(
        "autotune(CONFIGS", f"autotune(CONFIGS, prune_configs_by={{'early_config_prune': {prune}}}"
    )
    (kernel,) = made.read(tmp_path, source)
    axis = axis_of(kernel, ConfigurationAxis)
    assert [dict(one.constexprs)["BLOCK"] for one in axis.configurations] == [64, 128]
    assert axis.tuned.rows == (((1,), 1),)
