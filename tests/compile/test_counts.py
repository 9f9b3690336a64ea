"""How many images a run says that it compiled: of those that it has."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.project import HEADER, Project, new_project

pytestmark = pytest.mark.triton

TILES = """
@export("demo.tiles", types={"a": "*fp16", "c": "*fp32"}, grid=lambda: (1,))
@triton.autotune(
    [triton.Config({"M": 128, "K": 128}, num_stages=4), triton.Config({"M": 16, "K": 16})], key=[]
)
@triton.jit
def tiles(a, c, M: tl.constexpr, K: tl.constexpr):
    rows, inner = tl.arange(0, M), tl.arange(0, K)
    total = tl.zeros([M, M], tl.float32)
    for k in range(0, 4096, K):
        left = tl.load(a + rows[:, None] * 4096 + k + inner[None, :])
        total = tl.dot(left, tl.load(a + (k + inner[:, None]) * M + rows[None, :]), total)
    tl.store(c + rows[:, None] * M + rows[None, :], total)
"""


def test_what_is_left_out_is_not_counted(tmp_path: Path) -> None:
    """An image that needs more shared memory than its target has was compiled, and is not there."""
    targets = '[tool.codegen]\ntargets = ["sm_80"]\n'
    files = {"pyproject.toml": targets, "kernels/tiles.py": HEADER + TILES}
    project = new_project(tmp_path, files)
    result = project.run("regenerate")
    (said,) = (line for line in result.errors if "images compiled" in line or "image, " in line)
    assert said.startswith("generated/: 1 function, 3 images; ")
    assert said.endswith(", 3 of 3 images compiled")
    manifest = json.loads((project.output / "MANIFEST.json").read_text())
    (omitted,) = manifest["functions"]["demo.tiles"]["omitted"]
    assert omitted["reason"].startswith("needs ")


TWO = """
TYPES = {"out": "*fp32", "n": "i32"}
@export("demo.own", types=TYPES, grid=lambda n: (n,))
@triton.jit
def mark(out, n):
    tl.store(out, n * 2.0)
export("demo.explicit", types=TYPES, grid="explicit")(mark)
"""


@pytest.fixture
def two(tmp_path: Path) -> Project:
    targets = '[tool.codegen]\ntargets = ["sm_80"]\n'
    return new_project(tmp_path, {"pyproject.toml": targets, "kernels/two.py": HEADER + TWO})


def test_what_two_functions_of_a_kernel_need_is_compiled_once(two: Project) -> None:
    result = two.run("regenerate")
    (said,) = (line for line in result.errors if "images compiled" in line)
    assert said.startswith("generated/: 2 functions, 2 images; ")
    assert said.endswith(", 2 of 2 images compiled")
    images = [path for path in two.tree() if path.endswith(".cubin")]
    assert images == ["two.images/own.aligned.sm_80.cubin"]  # which the generic variants have, too
    before = two.tree()
    assert two.run("regenerate", "--rebuild").code == 0
    assert two.tree() == before


def test_what_cannot_be_made_for_two_functions_is_said_of_each(two: Project) -> None:
    two.edit("kernels/two.py", "n * 2.0", "missing")
    result = two.run("regenerate")
    told = [line for line in result.errors if line.startswith("error: ")]
    assert [line.partition(" variant `aligned` for sm_80")[0].split()[-1] for line in told] == [
        "`demo.own`",
        "`demo.explicit`",
    ], result.err
