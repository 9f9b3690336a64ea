"""Functions, and what else stays in a process, as what heuristics give and configurations name."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path
from typing import Any

import pytest

from codegen.model.constexpr_values import Held, held
from codegen.model.errors import CodegenErrors
from tests.support import made
from tests.support.project import HEADER, new_project

pytestmark = pytest.mark.triton


FACTORY = """
def scaled(factor):
    factor = tl.constexpr(factor)
    @triton.jit
    def act(x):
        return x * factor
    return act

THREE, SEVEN = scaled(3), scaled(7)
"""

SCORED = """

@export("demo.scored", types={"x": "*fp32", "aux": "*fp32 | None"}, grid=lambda: (1,))
@triton.heuristics({
    "ACT": lambda args: (THREE if args["aux"] is None else SEVEN, None),
    "KEEPS": lambda args: args["ACT"][0] is THREE,
    })
@triton.jit
def scored(x, aux, ACT: tl.constexpr, KEEPS: tl.constexpr):
    tl.store(x, ACT[0](tl.load(x)))
"""


def test_a_heuristic_may_give_functions(tmp_path: Path) -> None:
    """Also those of a factory, which print alike; who compiles finds them by running it again."""
    project = new_project(
        tmp_path,
        {
            "pyproject.toml": '[tool.codegen]\ntargets = ["compute_80"]\n',
            "kernels/scored.py": HEADER + FACTORY + SCORED,
        },
    )
    assert project.run("regenerate").code == 0
    manifest = json.loads((project.output / "MANIFEST.json").read_text())
    variants = manifest["functions"]["demo.scored"]["variants"]
    found = {}
    for label, variant in variants.items():
        text = (project.output / variant["images"]["compute_80"]["file"]).read_text()
        (found[label],) = re.findall(r"mul\.f32.*, (0f\w{8});", text)
    three, seven = "0f40400000", "0f40E00000"
    assert found == {
        **{"aux-aligned": seven, "aux-generic": seven},
        **{"no_aux-aligned": three, "no_aux-generic": three},
    }
    assert {variant["constexprs"]["KEEPS"] for variant in variants.values()} == {"True", "False"}


@pytest.mark.parametrize("choices", ["[THREE, SEVEN]", "[SEVEN]", "THREE"])
def test_its_functions_may_be_listed_or_pinned(tmp_path: Path, choices: str) -> None:
    source = FACTORY + PICKED.replace("CHOICES", choices)
    if choices == "[SEVEN]":
        with pytest.raises(CodegenErrors) as caught:
            made.read(tmp_path, source)
        (error,) = caught.value.errors
        name = "JITFunction(kernels.made:scaled.<locals>.act)"
        assert error.message == (
            f"`tests.picked`: the heuristic of `ACT` gives {name} in some calls, and its choices "
            f"are [{name}]"
        )
        return
    (kernel,) = made.read(tmp_path, source)
    given = {factor(v.constexprs["ACT"]) for v in kernel.specialisation.variants}
    assert given == ({3, 7} if choices.startswith("[") else {3})


@pytest.mark.parametrize(
    ("configs", "factors"),
    [("None", [3, 7]), ("[{'ACT': SEVEN}]", [7]), ("[{'ACT': SEVEN}, {'ACT': THREE}]", [7, 3])],
)
def test_configurations_of_functions_that_print_alike_are_two(
    tmp_path: Path, configs: str, factors: list[int]
) -> None:
    (kernel,) = made.read(tmp_path, FACTORY + ALIKE.replace("CONFIGS", configs))
    variants = kernel.specialisation.variants
    found = [factor(variant.constexprs["ACT"]) for variant in variants]
    assert found == [one for one in factors for _ in range(2)]


def test_a_value_that_prints_its_address_is_told_without() -> None:
    """What it prints is recorded, and in another run it is elsewhere."""
    value = held(Silent(), "B", 0)
    assert isinstance(value, Held)
    assert repr(value) == f"<{__name__}.Silent object>"


@dataclasses.dataclass(frozen=True, repr=False)
class Silent:
    number: int = 3


def factor(function: Any) -> int:
    """What a product of the factory multiplies by."""
    (cell,) = function.value.fn.__closure__
    number: int = cell.cell_contents.value
    return number


PICKED = """
@export("tests.picked", types={"x": "*fp32", "aux": "*fp32 | None"}, grid=lambda: (1,),
        constexprs={"ACT": CHOICES})
@triton.heuristics({"ACT": lambda args: THREE if args["aux"] is None else SEVEN})
@triton.jit
def picked(x, aux, ACT: tl.constexpr):
    pass
"""

ALIKE = """
@export("tests.alike", types={"x": "*fp32"}, grid=lambda: (1,), configs=CONFIGS)
@triton.autotune([triton.Config({"ACT": THREE}), triton.Config({"ACT": SEVEN})], key=[])
@triton.jit
def alike(x, ACT: tl.constexpr):
    pass
"""
