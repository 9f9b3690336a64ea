"""The measurements, as far as they go without a GPU: who launches what, and how it is shown."""

from __future__ import annotations

import os
import shutil
import xml.etree.ElementTree
from pathlib import Path

import pytest

from benchmarks import cases, cubin_wrapper, from_c, from_python, host_time, plot
from benchmarks.cases import CASES, Case
from benchmarks.kernels.__main__ import FOLDER, PYPROJECT
from tests.support import standin
from tests.support.calls import tensor
from tests.support.generated_once import generate_once

pytestmark = pytest.mark.triton


@pytest.fixture(scope="module")
def loops(tmp_path_factory: pytest.TempPathFactory) -> from_c.Loops:
    """The loops over the wrappers, behind the stand-in driver."""
    folder = tmp_path_factory.getbasetemp()
    shared = folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder
    cases.BUILT = generate_once(shared, "launches", cases.PACKAGE, _write_project).parent
    standin.install()
    return from_c.Loops()


def _write_project(folder: Path) -> None:
    (folder / "kernels").mkdir(parents=True)
    (folder / "pyproject.toml").write_text(PYPROJECT)
    shutil.copy(FOLDER / "launches.py", folder / "kernels")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.symbol)
def test_each_contender_makes_the_same_launches(loops: from_c.Loops, case: Case) -> None:
    import tvm_ffi

    tensors = [
        tensor(cases.ELEMENTS, address=0x7F0000000000 + 4096 * (i + 1)) for i in range(case.tensors)
    ]
    addresses = [one.address for one in tensors]
    contenders = loops.bursts(case, addresses, 7)
    with tvm_ffi.use_raw_stream(tvm_ffi.device("cuda", 0), 7):
        contenders |= from_python.bursts(case, tensors, addresses, 7)
        found = {}
        standin.push_context(standin.primary_context(0))
        for name, burst in contenders.items():
            standin.reset()
            standin.push_context(standin.primary_context(0))
            assert burst(3) >= 0
            found[name] = standin.launches()
        standin.reset()
    expected = found[host_time.FLOOR]
    assert len(expected) == 3
    assert expected[0].grid == (case.programs, 1, 1)
    assert len(expected[0].parameters) == case.tensors + case.ints + case.floats + 2
    assert {name: launches == expected for name, launches in found.items()} == dict.fromkeys(
        contenders, True
    )
    assert (len(contenders), case.count) in {(7, 0), (9, 5), (9, 19), (9, 40)}


def test_the_medians_are_microseconds() -> None:
    calls: list[int] = []
    contenders = {"quick": lambda count: 1e-6, "slow": lambda count: 3e-6 if calls else 1.0}
    found = host_time.medians(contenders, lambda: calls.append(1))
    assert found == {"quick": pytest.approx(1.0), "slow": pytest.approx(3.0)}


TIMES = host_time.Times(
    {
        host_time.FLOOR: {0: 3.0, 5: 3.0},
        "prepared, from Python": {0: 3.3, 5: 3.3},
        "a <peer>": {5: 9.0},
        host_time.JIT: {0: 11.0, 5: 12.0},
    }
)


def test_the_table() -> None:
    text = plot.table(TIMES, {"the floor": host_time.FLOOR, "the JIT": host_time.JIT})
    assert text.splitlines() == [
        "| microseconds per launch | 0 arguments | 5 arguments | 0: over the floor "
        "| 5: over the floor | 0: over the JIT | 5: over the JIT |",
        "|---|---|---|---|---|---|---|",
        "| cuLaunchKernel, a loop in C | 3.00 | 3.00 | 1.00 | 1.00 | 0.27 | 0.25 |",
        "| prepared, from Python | 3.30 | 3.30 | 1.10 | 1.10 | 0.30 | 0.27 |",
        "| a <peer> |  | 9.00 |  | 3.00 |  | 0.75 |",
        "| Triton JIT, kernel[grid] | 11.00 | 12.00 | 3.67 | 4.00 | 1.00 | 1.00 |",
    ]


def test_the_picture() -> None:
    root = xml.etree.ElementTree.fromstring(plot.svg(TIMES, "Launches"))
    texts = [one.text for one in root.iter() if one.tag.endswith("text")]
    assert texts[:2] == ["Launches", "0 arguments"]
    assert texts.count("cuLaunchKernel, a loop in C") == 2
    assert "a <peer>" in texts
    assert "9.00" in texts
    bars = [one for one in root.iter() if one.tag.endswith("rect")]
    assert len(bars) == 1 + 3 + 4


def test_who_launches_elsewhere_is_left_out() -> None:
    times = host_time.Times()
    contenders = {"good": lambda count: 0.0, "lost": lambda count: 0.0}
    counts = iter([7, 0])
    host_time._verify(contenders, lambda run: next(counts), times)
    assert list(contenders) == ["good"]
    assert times.missing == ["lost: 0 launches instead of 7"]


def test_the_cpp_function_takes_what_the_kernel_takes(loops: from_c.Loops) -> None:
    text = cubin_wrapper.source(CASES[1])
    assert "static void arguments_5(tvm::ffi::TensorView t0, tvm::ffi::TensorView t1" in text
    assert "void *arguments[] = {&p0, &p1, &p2, &n0, &f0, &scratch, &scratch};" in text
    assert "dim3(4)" in text
