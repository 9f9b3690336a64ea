"""How benchmarks that need a GPU are asked, and show what they found: tables and pictures."""

from __future__ import annotations

import subprocess
import sys
import xml.etree.ElementTree
from pathlib import Path

import pytest

from benchmarks import first_plot, first_result, odd_sizes
from benchmarks.commands import ROOT

COMMANDS = sorted(
    ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__main__")
    for file in Path(ROOT, "benchmarks").rglob("*.py")
    if "built" not in file.parts and '__name__ == "__main__"' in file.read_text()
)


@pytest.mark.parametrize("module", COMMANDS)
def test_each_command_answers_help(module: str) -> None:
    """Also where neither torch nor a GPU is."""
    command = [sys.executable, "-m", module, "--help"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    is_child = module.endswith("first_child")
    expected = "usage: python first_child.py" if is_child else f"usage: python -m {module} "
    assert done.stdout.startswith(expected)


def test_there_are_commands() -> None:
    assert "benchmarks.kernels" in COMMANDS and "benchmarks.chain" in COMMANDS


LAUNCHED = {"driver": 200.0, "inputs": 3.0, "launcher": 2.0, "call": 0.25, "result": 0.5}
TIMES = {
    "tvm_ffi": {"python": 10.0, "tvm_ffi": 80.0, "all": 90.0},
    "driver": {"python": 10.0, "tvm_ffi": 80.0, **LAUNCHED, "launcher": 0.2, "all": 294.0},
    "generated": {"python": 10.0, "tvm_ffi": 80.0, **LAUNCHED, "all": 295.75},
    "torch_generated": {"python": 10.0, "torch": 1500.0, **LAUNCHED, "all": 1715.75},
    "jit_warm": {"python": 10.0, "torch": 1500.0, **LAUNCHED, "call": 400.0, "all": 2115.5},
    "jit_cold": {"python": 10.0, "torch": 1500.0, **LAUNCHED, "call": 1000.0, "all": 2715.5},
}


def test_the_stages_of_a_child() -> None:
    found = first_result.stages_of("python=10000000 tvm_ffi=90500000\n")
    assert found == {"python": 10.0, "tvm_ffi": 80.5, "all": 90.5}


def test_the_table_of_first_results() -> None:
    assert first_result.table(TIMES).splitlines()[:5] == [
        "| milliseconds | Python | import torch | import tvm_ffi | driver, context | inputs "
        "| import or load | first call | until the result | the last three | all |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
        "| import tvm_ffi, no more | 10.00 |  | 80.00 |  |  |  |  |  |  | 90.00 |",
        "| the driver's own calls | 10.00 |  | 80.00 | 200 | 3.00 | 0.20 | 0.25 | 0.50 | 0.95 "
        "| 294 |",
        "| generated | 10.00 |  | 80.00 | 200 | 3.00 | 2.00 | 0.25 | 0.50 | 2.75 | 296 |",
    ]


def test_the_sentences_below_it() -> None:
    assert first_result.summary(TIMES).splitlines() == [
        "Over importing tvm_ffi and starting the driver, the generated module takes 2.75 ms to its "
        "first result; loading and launching the same cubin by the driver's calls 0.95 ms.",
        "With torch it takes 2.75 ms; Triton's JIT, cached: 402 ms.",
        "With torch it takes 2.75 ms; Triton's JIT, empty cache: 1002 ms.",
    ]


def test_the_bars_of_stages() -> None:
    rows = {"one": {"a": 10.0, "<b>": 30.0}, "two": {"<b>": 20.0}}
    root = xml.etree.ElementTree.fromstring(first_plot.svg(rows, "Stages"))
    texts = [one.text for one in root.iter() if one.tag.endswith("text")]
    assert texts == ["Stages", "one", "40", "two", "20", "a", "<b>"]
    bars = [one for one in root.iter() if one.tag.endswith("rect") and len(one)]
    assert [float(one.attrib["width"]) for one in bars] == [140.0, 420.0, 280.0]
    assert [float(one.attrib["x"]) for one in bars] == [180.0, 320.0, 180.0]


@pytest.mark.torch
def test_the_table_of_the_same_cubin() -> None:
    from benchmarks import same_cubin as same

    times = {
        "others.a.one": dict(zip((same.WRAPPER, same.SAME), (10.0, 10.0), strict=True)),
        "others.a.two": dict(zip((same.WRAPPER, same.SAME), (9.9, 10.0), strict=True)),
    }
    for row in times.values():
        row |= {same.PLAIN: 10.0, same.JIT: 12.0, same.AGAIN: 9.9}
    assert same.table(times).splitlines() == [
        "| microseconds of the GPU | generated | Triton's launcher, same cubin "
        "| the same, loaded as by the wrapper | Triton's JIT | over Triton's launcher "
        "| over the same, loaded alike | over itself, again | over Triton's JIT |",
        "|---|---|---|---|---|---|---|---|---|",
        "| a.one | 10.00 | 10.00 | 10.00 | 12.00 | 1.000 | 1.000 | 1.010 | 0.833 |",
        "| a.two | 9.90 | 10.00 | 10.00 | 12.00 | 0.990 | 0.990 | 1.000 | 0.825 |",
    ]
    assert same.summary(times).splitlines() == [
        "Over Triton's launcher with the same cubin: 0.990 to 1.000, median 0.995.",
        "Over the same, loaded alike: 0.990 to 1.000, median 0.995.",
        "Over itself, which is the noise: 1.000 to 1.010, median 1.005.",
    ]


def test_the_table_of_odd_sizes() -> None:
    row = dict(zip(odd_sizes.TITLES, (8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 3.5), strict=True))
    assert odd_sizes.table({"matmul": row}).splitlines() == [
        "| microseconds of the GPU | generic: nothing assumed | pointers aligned, no int "
        "| pointers, ints that are 1 | all but the odd int | Triton's JIT | even: all assumed "
        "| even: Triton's JIT | generic over the JIT | pointers over the JIT | ones over the JIT "
        "| others over the JIT |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|",
        "| matmul | 8.00 | 7.00 | 6.00 | 5.00 | 4.00 | 3.00 | 3.50 | 2.00 | 1.75 | 1.50 | 1.25 |",
    ]
    assert odd_sizes.renewed("old\n\n## What\n\nstays\n", "new\n") == "new\n\n## What\n\nstays\n"
    assert odd_sizes.renewed("", "new\n") == "new\n"
