"""The cases of test_others.py without a GPU: each call passes its checks and is launched.

A stand-in driver takes the launches. The wrappers are there once `make others` has run.
"""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.torch
torch = pytest.importorskip("torch", reason="torch is not installed")

from codegen.read.offline.triton_driver import offline  # noqa: E402
from tests.others_gpu import running  # noqa: E402
from tests.others_gpu.table import CASES, Case  # noqa: E402
from tests.support import standin  # noqa: E402
from tests.support.calls import tensor  # noqa: E402


@pytest.fixture(params=sorted(CASES))
def case(request: pytest.FixtureRequest) -> Case:
    found = CASES[request.param]
    if not running.is_generated(found.project):
        folder, package = running.PROJECTS[found.project]
        pytest.skip(f"{package} is not generated in {folder.name}")
    try:
        with offline(90):
            running.kernel_of(found)
    except ImportError as error:
        pytest.skip(f"{found.kernel} cannot be imported: {error}")
    return found


def test_reaches_the_launch_that_the_jit_would_make(case: Case) -> None:
    """The variant and the grid of the launch are those of the package's own call."""
    standin.install()
    for call in case.calls():
        launch = running.jit_call(case, call)
        standin.reset()
        running.call_wrapper(case, call, launch.grid, _on_a_gpu)
        made = standin.launch()
        variant = running.entry_of(case)["variants"][launch.variant]
        assert made.grid == launch.grid
        folder, package = running.PROJECTS[case.project]
        image = (folder / package / variant["images"]["sm_90"]["file"]).read_bytes()
        assert made.image.matches(image)


def _on_a_gpu(given: Any) -> Any:
    """A tensor of the same kind that says it is on a GPU; a launch here touches no memory."""
    label = running.LABELS[given.dtype]
    return tensor(*given.shape, dtype=label, steps=given.stride(), address=given.data_ptr())
