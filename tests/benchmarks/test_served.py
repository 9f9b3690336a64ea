"""The programs of other projects' kernels, as far as they go without a GPU."""

from __future__ import annotations

import contextlib
import importlib
import itertools
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from benchmarks.served import first_result, host_times, host_turns, no_compiler, programs
from benchmarks.served.host_calls import Call, launches
from benchmarks.served.parts import SIZES, LeftOutError
from tests.kernels import served as kernels
from tests.support import served, standin
from tests.support.jit_on_standin import forget, on_device
from tests.support.served import Served

TIMES = {
    first_result.COLD: {
        "python": 10.0,
        "torch": 90.0,
        "triton": 50.0,
        "call": 150.0,
        "result": 0.0,
    },
    first_result.SERVED: {
        **{"python": 10.0, "torch": 90.0, "serve": 5.0, "triton": 50.0, "call": 4.0},
        "result": 1.0,
    },
}


SAMPLES = {
    "jit": [40.0, 44.0, 80.0],
    "served": [10.0, 11.0, 60.0],
    "recorded": [42.0, 45.0, 84.0],
    "without": [4.0, 4.0, 4.0],
}


def test_the_table_of_host_times() -> None:
    row = host_times.Row("a call", 2, SAMPLES)
    assert host_times.table([row]).splitlines() == [
        "| microseconds of the host | launches | without launches | Triton's JIT | served "
        "| served over the JIT | of the launches alone | recorder, a launch |",
        "|---|---|---|---|---|---|---|---|",
        "| a call | 2 | 4.0 | 44.0 | 11.0 | 0.25 [0.25, 0.50] | 0.17 [0.17, 0.46] "
        "| 1.00 [0.75, 1.50] |",
    ]
    assert row.as_json()["served over the JIT"] == {"low": 0.25, "median": 0.25, "high": 0.5}


@pytest.mark.triton
def test_calls_are_measured_in_turns(program: Served) -> None:
    served.describe(program.package, {})
    x = on_device(1000)
    seen: dict[bool, int] = {True: 0, False: 0}

    def run() -> None:
        kernels.filled[(1,)](x, x, 64)
        kernels.add[(1,)](x, x, x, 1000, BLOCK=64)
        seen["run" in vars(kernels.add)] += 1

    before = os.sched_getaffinity(0)
    (row,) = host_times.measure([Call("both", run, 3)], [served.PACKAGE], 2, None, lambda: None)
    assert os.sched_getaffinity(0) == before
    assert (row.name, row.launches) == ("both", 2)
    turn = host_turns.WARM_UP + 3
    assert seen == {True: 3 * turn, False: 3 * 3 * turn + 1}  # the first round is not counted
    assert len(standin.launches()) == 2 * 3 * 3 * turn
    assert {way: len(samples) for way, samples in row.samples.items()} == dict.fromkeys(SAMPLES, 2)
    assert all(sample > 0 for samples in row.samples.values() for sample in samples)
    assert row.median("without") < row.median("served")


@pytest.mark.triton
def test_without_launches_not_even_a_tuners_key_is_made(program: Served) -> None:
    def first_of(configs: Any, named: Any, **more: Any) -> Any:
        raise AssertionError("the autotuner is asked")

    tuner = kernels.tuned
    with (
        mock.patch.object(tuner, "early_config_prune", first_of),
        host_turns.without_launches(),
    ):
        tuner[(1,)](on_device(64), on_device(64), 64, FLIP=False)
    assert standin.launches() == []


def test_the_stages_of_a_first_result() -> None:
    assert first_result.stages_of('{"python": 2000000, "torch": 5500000}') == {
        "python": 2.0,
        "torch": 3.5,
    }


def test_the_table_of_first_results() -> None:
    assert first_result.table(TIMES).splitlines() == [
        "| milliseconds | Python | torch, context, inputs | serve() | import triton, kernel "
        "| first call | until the result | after torch | all | served over it: after torch | all |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
        "| Triton's JIT, empty cache | 10.0 | 90.0 |  | 50.0 | 150.0 | 0.0 | 200.0 | 300.0 "
        "| 0.30 | 0.53 |",
        "| served | 10.0 | 90.0 | 5.0 | 50.0 | 4.0 | 1.0 | 60.0 | 160.0 | 1.00 | 1.00 |",
    ]


@pytest.mark.parametrize(
    ("made_by", "complaint"),
    [
        (
            (first_result.COLD, first_result.WARM, first_result.SERVED),
            "served: compiled ['k.so']",
        ),
        ((first_result.WARM,), "Triton's JIT, empty cache: compiled []"),
    ],
    ids=["served", "cold"],
)
def test_a_served_process_that_compiles_is_no_measurement(
    made_by: tuple[str, ...], complaint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(way: str, cache: Path, package: list[str]) -> dict[str, float]:
        cache.mkdir(exist_ok=True)
        if way in made_by:
            (cache / ("k.so" if way == first_result.SERVED else "k.cubin")).touch()
        return {"python": 1.0}

    monkeypatch.setattr(first_result, "run", run)
    with pytest.raises(RuntimeError) as raised:
        first_result.measure("package", 1, tmp_path)
    assert str(raised.value).startswith(complaint)


@pytest.fixture
def asked() -> Iterator[Any]:
    """What is asked to compile, which is refused for the time of a test."""
    with contextlib.ExitStack() as stack:
        for module, name in itertools.chain(*no_compiler._FUNCTIONS.values()):
            owner = importlib.import_module(module)  # patched by itself, so that it comes back
            stack.enter_context(mock.patch.object(owner, name, getattr(owner, name)))
        yield no_compiler.refuse_to_compile()


@pytest.mark.triton
def test_without_a_compiler_a_launch_raises_and_is_counted(jit: Path, asked: Any) -> None:
    from benchmarks.served.kernels import five

    forget(five)
    x, y, out = (on_device(1024, address=0x7F00_0000_0000 + 0x1000 * i) for i in range(3))
    expected = "Triton's compiler was asked for five, where nothing is compiled"
    for _ in range(2):
        with pytest.raises(no_compiler.CompiledError, match=f"^{expected}$"):
            five[(4,)](x, y, out, 1024, 2.0, BLOCK=256)
    forget(five)
    assert asked == {"Triton's compiler": 2}


@pytest.mark.triton
def test_the_c_compiler_and_ptxas_are_refused(asked: Any, tmp_path: Path) -> None:
    from triton.backends.nvidia import compiler
    from triton.runtime import build

    with pytest.raises(no_compiler.CompiledError, match=r"^ptxas was asked for 90, where"):
        compiler.get_ptxas(90)
    with pytest.raises(no_compiler.CompiledError, match=r"^the C compiler was asked for util"):
        build._build("util", "util.c", str(tmp_path), [], [], [], [])
    assert asked == {"ptxas": 1, "the C compiler": 1}


@pytest.mark.triton
def test_the_small_kernels_are_launched(jit: Path) -> None:
    from benchmarks.served.kernels import five, nineteen

    standin.reset()
    tensors = [on_device(1024, address=0x7F00_0000_0000 + 0x1000 * i) for i in range(5)]
    for call in launches(tensors):
        call.run()
    assert [launch.grid for launch in standin.launches()] == [(4, 1, 1)] * 4
    assert (len(five.arg_names), len(nineteen.arg_names)) == (6, 19)
    standin.reset()


def test_every_group_is_of_files_that_are_there() -> None:
    folder = Path(programs.__file__).parent
    named = {f"{module}.py" for modules in programs.GROUPS.values() for module in modules}
    assert named <= {file.name for file in folder.iterdir()}


@pytest.mark.torch
def test_a_part_that_fails_stops_no_other(capsys: pytest.CaptureFixture[str]) -> None:
    import torch

    def failing(sizes: Any) -> Any:
        raise ValueError("of\ntwo lines")

    def left_out(sizes: Any) -> Any:
        raise LeftOutError("not on this GPU")

    parts = {"a": failing, "b": left_out, "c": lambda sizes: [torch.ones(2), None]}
    results, is_whole = programs.run(parts, SIZES["other"])
    assert (list(results), is_whole) == (["c"], False)
    assert capsys.readouterr().out.splitlines() == [
        "a: ValueError: of two lines",
        "b: left out: not on this GPU",
        "c: 1 results",
    ]


@pytest.mark.torch
def test_results_are_compared_in_units_of_their_dtype(capsys: pytest.CaptureFixture[str]) -> None:
    import torch

    from benchmarks.served.compared import compare

    one = torch.tensor([1.0, 2.0, float("inf")])
    step = 2 * torch.finfo(torch.bfloat16).eps
    near, far = one + 2 * step, one + 2.5 * step
    lost, whole = torch.tensor([1.0, float("nan"), float("inf")]), torch.tensor([1, 2])
    before = {"near": [one], "far": [one], "lost": [one], "int": [whole], "shape": [one, one]}
    assert compare({"near": [near.bfloat16()]}, {"near": [one.bfloat16()]})
    found = {"far": [far], "lost": [lost], "int": [whole + 1], "shape": [one], "new": [one]}
    assert not any(compare({title: value}, before) for title, value in found.items())
    assert capsys.readouterr().out.splitlines() == [
        "near: 1 outputs; the farthest, 0, by 0.031, 0.016 of its largest value, 2 units of 2 "
        "allowed",
        "far: 1 outputs; the farthest, 0, by 0.039, 0.02 of its largest value, 2.5 units of 2 "
        "allowed: too far",
        "lost: 1 outputs; the farthest, 0, by inf, inf of its largest value, inf units of 2 "
        "allowed: too far",
        "int: 1 outputs; the farthest, 0, by 1, 0.5 of its largest value, inf units of 2 allowed: "
        "too far",
        "shape: gave float32[3], before float32[3], float32[3]",
        "new: is not in the results that it is compared with",
    ]
