"""Wrappers of other projects' kernels, on a GPU: against float64, and against Triton's own JIT.

The wrappers are generated into the folder of the declarations and are not committed. What Triton's
JIT launches beside them are the packages' kernels, with their own heuristics and configurations.
"""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.gpu
torch = pytest.importorskip("torch", reason="torch is not installed")
pytest.importorskip("triton", reason="Triton is not installed")

from tests.others_gpu import comparing, running  # noqa: E402
from tests.others_gpu.table import CASES, Case  # noqa: E402


@pytest.fixture(params=sorted(CASES))
def case(request: pytest.FixtureRequest) -> Case:
    found = CASES[request.param]
    if not running.is_generated(found.project):
        folder, package = running.PROJECTS[found.project]
        pytest.skip(f"{package} is not generated in {folder.name}")
    if not torch.cuda.is_available():
        pytest.skip("torch finds no CUDA device")
    try:
        running.kernel_of(found)
    except Exception as error:  # a package may be of another torch than is here
        pytest.skip(f"{found.kernel} cannot be imported: {type(error).__name__}: {error}")
    return found


def test_float64(case: Case) -> None:
    """The wrapper computes what the kernel has to, written out in float64."""
    calls = case.calls()
    if not any(call.expected for call in calls):
        pytest.skip("no formula is written out for it")
    for call in calls:
        running.call_wrapper(case, call, running.jit_call(case, call).grid, lambda tensor: tensor)
        torch.cuda.synchronize()
        comparing.compare_with_float64(case, call)


def test_jit(case: Case) -> None:
    """The wrapper leaves in memory what Triton's JIT leaves there, of the same inputs."""
    for call, other in zip(case.calls(), case.calls(), strict=True):
        launch = running.jit_call(case, other)
        launch.launch()
        running.call_wrapper(case, call, launch.grid, lambda tensor: tensor)
        torch.cuda.synchronize()
        comparing.compare_with_each_other(case, call, other)
