"""A function that was generated from a list of launches: which it takes, and what it launches."""

from __future__ import annotations

import importlib
import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, get_type_hints

import pytest

from tests.support import listed_project, standin
from tests.support.calls import tensor
from tests.support.project import Project

pytestmark = pytest.mark.triton

FP16 = {"x": "fp16", "bias": None, "out": "fp16", "n": 48, "factor": 2.0}
BF16 = {"x": "bf16", "bias": "fp32", "out": "bf16", "n": 48, "factor": 2.0}
PLAIN = {"MODE": "plain", "EPSILON": "0.0", "BLOCK": 64, "num_warps": 4}
SQUARE = {"MODE": "square", "EPSILON": "0.5", "BLOCK": 128, "num_warps": 8}
GRID = {"gx": 3, "gy": 1, "gz": 1}
PLAIN_FP16, SQUARE_BF16 = {**FP16, **PLAIN, **GRID}, {**BF16, **SQUARE, **GRID}
TO_FP32 = {**SQUARE_BF16, "out": "fp32", "EPSILON": "0.25"}


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    shared = tmp_path_factory.getbasetemp()
    folder = listed_project.generate(shared)
    sys.path.insert(0, str(folder.parent))
    yield folder
    sys.path.remove(str(folder.parent))


@pytest.fixture(autouse=True)
def driver() -> None:
    standin.install()
    standin.reset()


def entry(package: Path, name: str = "scaled") -> dict[str, Any]:
    document = json.loads((package / "MANIFEST.json").read_bytes())
    found: dict[str, Any] = document["functions"][f"program.{name}"]
    return found


def function(package: Path) -> Any:
    return importlib.import_module(f"{package.name}.listed").scaled


def passed(call: dict[str, Any], **addresses: int) -> list[Any]:
    """The arguments, with a tensor for each dtype of a pointer."""
    base = 0x7F0000000000
    return [
        (
            tensor(8, dtype=value, address=addresses.get(name, base))
            if name in ("x", "bias", "out") and value is not None
            else value
        )
        for name, value in call.items()
    ]


def labels(package: Path, call: dict[str, Any], **addresses: int) -> set[str]:
    """The variants whose image a call launches."""
    standin.reset()
    function(package)(*passed(call, **addresses))
    launch = standin.launch()
    assert launch.grid == (3, 1, 1)
    return {
        label
        for label, variant in entry(package)["variants"].items()
        for image in variant["images"].values()
        if launch.image.matches((package / image["file"]).read_bytes())
    }


HALF = "fp16-fp16-no_bias-MODE_plain-EPSILON_0_0-BLOCK_64-num_warps_4"
WHOLE = "bf16-bf16-bias-MODE_square-EPSILON_0_5-BLOCK_128-num_warps_8"
SINGLE = "bf16-fp32-bias-MODE_square-EPSILON_0_25-BLOCK_128-num_warps_8"


def test_a_call_that_was_launched_gets_what_the_jit_compiled(package: Path) -> None:
    assert f"{HALF}-n_16" in labels(package, PLAIN_FP16)
    assert f"{HALF}-aligned" in labels(package, {**PLAIN_FP16, "n": 47})
    assert f"{WHOLE}-n_16" in labels(package, SQUARE_BF16)
    assert f"{SINGLE}-n_1" in labels(package, {**TO_FP32, "n": 1})


def test_other_sizes_and_addresses_get_what_assumes_nothing(package: Path) -> None:
    assert f"{HALF}-generic" in labels(package, PLAIN_FP16, out=0x7F0000000002)
    assert f"{WHOLE}-generic" in labels(package, {**SQUARE_BF16, "n": 47})
    assert f"{SINGLE}-generic" in labels(package, {**TO_FP32, "n": 2})


def refusal(package: Path, call: dict[str, Any], error: type[Exception]) -> str:
    with pytest.raises(error) as caught:
        function(package)(*passed(call))
    assert standin.launches() == []
    return str(caught.value).partition("\n")[0]


def test_a_combination_that_nobody_launched_is_refused(package: Path) -> None:
    assert refusal(package, {**SQUARE_BF16, "num_warps": 4}, ValueError) == (
        "program.scaled: no such launch was built: this one has num_warps=4, and the nearest that "
        "was built has num_warps=8"
    )
    assert refusal(package, {**SQUARE_BF16, "bias": None, "EPSILON": "0.25"}, ValueError) == (
        "program.scaled: no such launch was built: this one has bias=None, EPSILON='0.25', and the "
        "nearest that was built has bias given, EPSILON='0.5'"
    )
    assert refusal(package, {**SQUARE_BF16, "x": "fp16"}, ValueError) == (
        "program.scaled: no such launch was built: this one has x=float16, and the nearest that "
        "was built has x=bfloat16"
    )


def test_what_no_launch_has_at_all_is_refused_by_the_argument(package: Path) -> None:
    assert refusal(package, {**PLAIN_FP16, "BLOCK": 256}, ValueError) == (
        "program.scaled argument #7 `BLOCK` must be one of 64, 128, got 256"
    )
    assert refusal(package, {**PLAIN_FP16, "n": 2**31}, ValueError) == (
        "program.scaled argument #3 `n` must be an i32-range integer, got 2147483648"
    )
    assert refusal(package, {**PLAIN_FP16, "x": "fp32"}, TypeError).startswith(
        "program.scaled argument #0 `x` must be a tensor of bfloat16 or float16, got a float32"
    )


def test_what_cannot_be_compiled_without_hints_is_left_out(package: Path) -> None:
    dense = importlib.import_module(f"{package.name}.listed").dense
    dense(0x7F0000000000, 1, 1, 1, 1)
    assert standin.launch().grid == (1, 1, 1)
    standin.reset()
    with pytest.raises(RuntimeError) as caught:
        dense(0x7F0000000000, 2, 1, 1, 1)
    assert str(caught.value).partition("\n")[0] == (
        "program.dense: no image could be built for these arguments; MANIFEST.json says why"
    )
    assert standin.launches() == []
    found = entry(package, "dense")
    assert [(one["variant"], one["target"]) for one in found["omitted"]] == [
        ("generic", "sm_80"),
        ("generic", "sm_90"),
    ]
    assert found["variants"]["generic"]["images"] == {}


def test_a_prepared_launch(package: Path) -> None:
    prepare = importlib.import_module(f"{package.name}._library").prepare
    launch = prepare(function(package), *passed(SQUARE_BF16))
    launch()
    launch()
    assert len(standin.launches()) == 2


def test_the_typed_function(package: Path) -> None:
    hints = get_type_hints(function(package))
    assert list(hints) == [*PLAIN_FP16, "stream", "return"]
    assert hints["MODE"] == Literal["plain", "square"]
    assert hints["EPSILON"] == Literal["0.0", "0.25", "0.5"]
    assert hints["BLOCK"] == Literal[64, 128]
    assert hints["num_warps"] == Literal[4, 8]


def test_the_manifest(package: Path) -> None:
    found = entry(package)
    assert found["combinations"] == 3
    assert found["kernel_identity"] | {"digest": ""} == {
        "module": "program.ops",
        "qualname": "scaled",
        "digest": "",
    }
    assert found["python"] == {"module": "listed", "name": "scaled"}
    assert [one["name"] for one in found["arguments"]] == list(PLAIN_FP16)
    by_name = {one.pop("name"): one for one in found["arguments"]}
    assert by_name["bias"] == {"kind": "pointer", "types": ["*fp32"], "nullable": True}
    values, texts = [0.0, 0.25, 0.5], ["0.0", "0.25", "0.5"]
    assert by_name["EPSILON"] == {"kind": "constexpr", "values": values, "passed": texts}
    assert by_name["num_warps"] == {"kind": "option", "values": [4, 8]}
    assert found["compiled_in"]["num_stages"] == {"option": 3}
    facts = {"x": 16, "out": 16, "n": 16}
    call = next(one for one in found["calls"] if one["variant"] == f"{HALF}-n_16")
    assert call["conditions"] == [
        {"kind": "dtype", "of": ["x"], "is": ["fp16"]},
        {"kind": "dtype", "of": ["out"], "is": ["fp16"]},
        {"kind": "none", "of": ["bias"], "is": [True]},
        {"kind": "constexpr", "of": ["MODE"], "is": ["plain"]},
        {"kind": "constexpr", "of": ["EPSILON"], "is": ["0.0"]},
        {"kind": "constexpr", "of": ["BLOCK"], "is": [64]},
        {"kind": "option", "of": ["num_warps"], "is": [4]},
        {"kind": "hints", "of": ["x", "out", "n"], "is": [facts]},
    ]


def test_the_file_of_launches_is_an_input(package: Path, tmp_path: Path) -> None:
    shutil.copytree(package.parent, tmp_path / "project")
    project = Project(tmp_path / "project")
    assert project.run("regenerate", "--check").code == 0
    project.edit("kernels/scaled.launches.json", '"num_warps": 8', '"num_warps": 4')
    result = project.run("regenerate", "--check")
    assert result.code == 1
    assert "kernels/scaled.launches.json" in result.out + result.err


def test_inspect_says_how_many_combinations_there_are(package: Path) -> None:
    result = Project(package.parent).run("inspect", "program.scaled")
    assert result.code == 0
    choices = "dtypes, None, widths, constexprs and options"
    assert f"  calls   3 combinations of {choices}; others are refused" in result.out.splitlines()
    assert "cases=" not in result.out
