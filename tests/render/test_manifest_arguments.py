"""Arguments in the manifest, and what all variants of a function have compiled in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from codegen.model.kernel import Kernel
from codegen.render.manifest_arguments import arguments_of, compiled_in
from codegen.render.manifest_entries import functions_of
from tests.support import made

SOURCE = """
@triton.jit
def double(x): return 2 * x


@export("tests.k", grid="explicit",
        types={"x": "*fp16 | *bf16 | None", "sizes": ("i32:16", None, "i64"), "scale": "fp32",
               "block": "tensordesc<fp32[16, N]>"},
        constexprs={"MODE": ["sum", None], "OUT": [tl.float16, tl.float32], "F": double,
                    "IN": tl.int8, "HALF": 0.5, "PAIR": (1, True), "NOTHING": None, "N": 64},
        num_warps=8)
@triton.jit
def k(x, sizes, scale, block, MODE: tl.constexpr, OUT: tl.constexpr, F: tl.constexpr,
      IN: tl.constexpr, HALF: tl.constexpr, PAIR: tl.constexpr, NOTHING, N: tl.constexpr): pass


@export("tests.tuned", types={"x": "*fp32"}, grid=lambda: (1,))
@triton.autotune([triton.Config({"BLOCK": 64}, num_warps=2), triton.Config({"BLOCK": 64})], key=[])
@triton.jit
def tuned(x, BLOCK: tl.constexpr): pass
"""


@pytest.fixture(scope="module")
def kernels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Kernel]:
    return {k.symbol: k for k in made.read(tmp_path_factory.mktemp("manifest"), SOURCE)}


def test_arguments(kernels: dict[str, Kernel]) -> None:
    of_sizes: dict[str, Any] = {"of": "sizes"}
    assert arguments_of(kernels["k"]) == [
        {"name": "x", "kind": "pointer", "types": ["*fp16", "*bf16"], "nullable": True},
        {"name": "sizes_0", "kind": "scalar", "types": ["i32"], "nullable": False}
        | of_sizes
        | {"at": [0]},
        {"name": "sizes_2", "kind": "scalar", "types": ["i64"], "nullable": False}
        | of_sizes
        | {"at": [2]},
        {"name": "scale", "kind": "scalar", "types": ["fp32"], "nullable": False},
        {
            "name": "block",
            "kind": "descriptor",
            "types": ["tensordesc<fp32[16, N]>"],
            "nullable": False,
        },
        {"name": "MODE", "kind": "constexpr", "values": ["sum", None]},
        {
            "name": "OUT",
            "kind": "constexpr",
            "values": [{"dtype": "fp16"}, {"dtype": "fp32"}],
            "passed": ["fp16", "fp32"],
        },
        {"name": "gx", "kind": "grid"},
        {"name": "gy", "kind": "grid"},
        {"name": "gz", "kind": "grid"},
    ]
    assert arguments_of(kernels["tuned"])[1:] == [
        {"name": "config", "kind": "configuration", "values": [0, 1]}
    ]


def test_what_is_compiled_into_all_variants(kernels: dict[str, Kernel]) -> None:
    found = compiled_in(kernels["k"])
    assert len(found["F"]["constexpr"].pop("digest")) == 64
    values = {name: entry["constexpr"] for name, entry in found.items() if "constexpr" in entry}
    assert values == {
        "sizes_1": None,
        "F": {"function": "kernels.made:double"},
        "IN": {"dtype": "i8"},
        "HALF": 0.5,
        "PAIR": [1, True],
        "NOTHING": None,
        "N": 64,
    }
    assert found["sizes_1"] == {"constexpr": None, "of": "sizes", "at": [1]}
    assert found["num_warps"] == {"option": 8}
    assert found["maxnreg"] == {"option": None}


def test_what_configurations_give_is_compiled_in_where_all_give_the_same(
    kernels: dict[str, Kernel],
) -> None:
    found = compiled_in(kernels["tuned"])
    assert found["BLOCK"] == {"constexpr": 64}
    assert "num_warps" not in found


def test_configurations_with_their_values_and_the_names_in_keys(tmp_path: Path) -> None:
    source = """
@export("tests.t", types={"x": "*fp32", "n": "i32", "sizes": ("i32",)}, grid=lambda: (1,),
        constexprs={"MODE": ["a", "b"]})
@triton.heuristics({"ABOVE": lambda args: 1})
@triton.autotune([triton.Config({"BLOCK": 64, "TO": tl.float16}, num_warps=2),
                  triton.Config({"BLOCK": 32, "TO": tl.float32}, maxnreg=64)],
                 key=["n", "MODE", "sizes", "BLOCK", "ABOVE", "BELOW"])
@triton.heuristics({"BELOW": lambda args: 2})
@triton.jit
def t(x, n, sizes, MODE: tl.constexpr, BLOCK: tl.constexpr, TO: tl.constexpr, ABOVE: tl.constexpr,
      BELOW: tl.constexpr): pass
"""
    (kernel,) = made.read(tmp_path, source)
    entry = functions_of([made.plan(kernel)])["tests.t"]["configurations"]
    assert entry["argument"] == "config"
    assert list(entry["key"]) == ["n", "MODE", "sizes", "ABOVE"]
    stages = {"num_stages": 3, "num_ctas": 1}
    assert entry["values"] == [
        {"BLOCK": 64, "TO": {"dtype": "fp16"}, "num_warps": 2, "maxnreg": None, **stages},
        {"BLOCK": 32, "TO": {"dtype": "fp32"}, "num_warps": 4, "maxnreg": 64, **stages},
    ]


def test_what_a_program_knows_a_kernel_by(tmp_path: Path, kernels: dict[str, Kernel]) -> None:
    identity = kernels["k"].identity
    assert (identity.module, identity.qualname) == ("kernels.made", "k")
    (again,) = made.read(
        tmp_path,
        "@export('t.k', types={'x': '*i8'}, grid=lambda: (1,))\n" "@triton.jit\ndef k(x): pass\n",
    )
    assert len(again.identity.digest) == 64 and again.identity != identity
