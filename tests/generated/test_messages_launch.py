"""What a call says about alignment, shapes of several sizes, the launch grid and the stream."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support import standin
from tests.support.calls import check_refusal, table
from tests.support.features import Features, addresses
from tests.support.refused_launches import GRIDS, SHAPES_AND_ALIGNMENT, STREAMS
from tests.support.sample import Sample

pytestmark = pytest.mark.triton


@pytest.mark.parametrize(("name", "changes", "error", "text"), table(SHAPES_AND_ALIGNMENT))
def test_shape_and_alignment_follow_the_call(
    sample: Sample, name: str, changes: dict[str, Any], error: type[Exception], text: str
) -> None:
    check_refusal(sample, name, changes, error, text)


@pytest.mark.parametrize(("name", "changes", "text"), table(GRIDS))
def test_no_such_grid(sample: Sample, name: str, changes: dict[str, Any], text: str) -> None:
    check_refusal(sample, name, changes, ValueError, text)


@pytest.mark.parametrize(("name", "changes", "error", "text"), table(STREAMS))
def test_no_stream(
    sample: Sample, name: str, changes: dict[str, Any], error: type[Exception], text: str
) -> None:
    check_refusal(sample, name, changes, error, text)


ILLEGAL = "CUDA_ERROR_ILLEGAL_ADDRESS (700): an illegal memory access was encountered"
PLACE = "failed on cuda:0"

# function, changes, failing driver calls, error, text, whether it was launched, allocations
EXTRAS = [
    (
        *("line_c", {"gx": 2**30}, [], ValueError),
        f"the launch grid ({2**30}, 1, 1) must have x between 0 and {2**30 - 1}: "
        "each program of this kernel is a cluster of 2 blocks",
        *(False, 0),
    ),
    (
        *("tiles", {"batches": 65535, "rows": 16 * 65535, "columns": 2**31 - 16}, [], ValueError),
        f"the launch grid ({2**26}, 65535, 65535) needs more scratch memory than 64 bits can "
        f"count: each of its {2**26 * 65535**2} blocks needs 256 bytes",
        *(False, 0),
    ),
    (
        *("tiles", {"batches": 65535, "rows": 16 * 65535}, [], RuntimeError),
        f"cuMemAllocAsync of {65535**2 * 3 * 256} bytes of scratch memory {PLACE}: "
        "CUDA_ERROR_OUT_OF_MEMORY (2): out of memory",
        *(False, 0),
    ),
    (
        *("tiles", {}, ["cuMemAllocAsync"], RuntimeError),
        f"cuMemAllocAsync of 6912 bytes of scratch memory {PLACE}: {ILLEGAL}",
        *(False, 0),
    ),
    (
        *("tiles", {}, ["cuLaunchKernelEx"], RuntimeError),
        f"cuLaunchKernelEx {PLACE}: {ILLEGAL}",
        *(False, 1),
    ),
    (
        *("tiles", {}, ["cuMemFreeAsync"], RuntimeError),
        f"cuMemFreeAsync {PLACE}: {ILLEGAL}",
        *(True, 1),
    ),
    (
        *("tiles", {}, ["cuLaunchKernelEx", "cuMemFreeAsync"], RuntimeError),
        f"cuLaunchKernelEx {PLACE}: {ILLEGAL}",
        *(False, 1),
    ),
    (
        *("line_cpg", {}, ["cuLaunchKernelEx"], RuntimeError),
        f"cuLaunchKernelEx {PLACE}: {ILLEGAL}",
        *(False, 0),
    ),
]


@pytest.mark.parametrize(
    ("name", "changes", "failing", "error", "text", "is_launched", "allocated"),
    EXTRAS,
    ids=[f"{row[0]}-{'-'.join([*row[1], *row[2]])}" for row in EXTRAS],
)
def test_what_a_launch_with_more_than_a_grid_says(
    features: Features,
    name: str,
    changes: dict[str, int],
    failing: list[str],
    error: type[Exception],
    text: str,
    is_launched: bool,
    allocated: int,
) -> None:
    for call in failing:
        standin.fail(call, 700)
    signature = features.functions[name]["signature"]
    with pytest.raises(error) as caught:
        features.call(name, **changes)
    assert str(caught.value) == f"features.{name}: {text}\n{signature}"
    assert len(standin.launches()) == is_launched
    allocations = standin.allocations()
    assert len(allocations) == allocated
    assert all(memory.given for memory in allocations) is ("cuMemFreeAsync" not in failing)
    assert standin.calls("cuMemFreeAsync") == allocated
    assert standin.current_context() == 0
    features.call(name)
    assert len(standin.launches()) == is_launched + 1


def test_the_widest_grid_of_clusters(features: Features) -> None:
    features.call("line_c", gx=2**30 - 1)
    assert standin.launch().grid == (2**31 - 2, 1, 1)


def test_a_device_without_memory_pools(features: Features, tmp_path: Path) -> None:
    function = features.fresh(tmp_path)["tiles"]
    standin.pools(False)
    with pytest.raises(RuntimeError) as caught:
        function(*addresses("tiles"))
    assert str(caught.value).partition("\n")[0] == (
        "features.tiles: cannot launch on cuda:0: the kernel needs scratch memory from a memory "
        "pool, and the device has no memory pools"
    )
    standin.pools(True)
    function(*addresses("tiles"))
    assert len(standin.launches()) == 1


@pytest.mark.parametrize(
    ("name", "call", "skip"),
    [("tiles", "cuDeviceGetAttribute", 8), ("weigh_16", "cuKernelSetAttribute", 0)],
)
def test_a_device_that_cannot_be_prepared(
    features: Features, tmp_path: Path, name: str, call: str, skip: int
) -> None:
    function = features.fresh(tmp_path)[name]
    standin.fail(call, 700, skip=skip)
    with pytest.raises(RuntimeError) as caught:
        function(*addresses(name))
    text = f"features.{name}: {call} {PLACE}: {ILLEGAL}"
    assert str(caught.value).partition("\n")[0] == text
    assert standin.launches() == []
    function(*addresses(name))
    assert len(standin.launches()) == 1
