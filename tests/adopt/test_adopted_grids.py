"""Which adopted kernels have a grid of their own, and why the others have none."""

from __future__ import annotations

import pytest

from codegen.read import needed_parts
from codegen.read.loading import within
from tests.support.adopted import PACKAGE, SCALE, adopted, data, head, recorded
from tests.support.project import Project
from tests.support.recordings import kernel
from tritonbind.kernel_identity import digest_of
from tritonbind.recording import Grid, Tuned, TunedRow


def test_a_grid_that_is_not_that_of_the_launches_stays_a_comment(project: Project) -> None:
    source = "def grid(meta):\n    return (1,)\n"
    result = adopted(project, recorded(project, grids=(Grid(source, {}),)))
    reason = "it would be (1,) where a recorded launch has (4, 1, 1)"
    assert result.out.splitlines()[0].endswith(f", with an explicit grid: {reason}")
    text = (project.folder / "kernels/adopted/app.py").read_text()
    assert f"#     def grid(meta):\n#         return (1,)\n# It is not translated: {reason}" in text
    assert text.count("export(\n") == 1


def test_a_grid_of_the_kernels_module_is_imported(project: Project) -> None:
    path = project.folder.parent / "site/pack/ops.py"
    body = 'size = meta["BLOCK"]\n    return (triton.cdiv(meta["n"], size), ONE)'
    grid = f"def blocks(meta):\n    {body}"
    path.write_text(f"{PACKAGE}\nONE = 1\n\n\n{grid}\n")
    result = adopted(project, recorded(project, "pack.ops:scale", grids=(Grid(grid, {}),)))
    assert result.out.splitlines()[0].endswith("/pack_ops.py, with its own grid")
    text = (project.folder / "kernels/adopted/pack_ops.py").read_text()
    assert text.startswith(head("pack.ops") + """
from codegen.export import export

from pack.ops import blocks, scale

export(
    "pack.ops.scale",
    grid=blocks,
""")


AUTOTUNED = "@triton.autotune([triton.Config({'BLOCK': 64})], key=['n'])\n@triton.jit"


@pytest.mark.parametrize(
    ("above", "reason"),
    [
        (
            AUTOTUNED.replace("64", "32"),
            "launch 1 of app.scale.json had the configuration (BLOCK=64, num_warps=4, "
            "num_ctas=1, num_stages=3), which the kernel's autotuner does not list here",
        ),
        (
            "@triton.heuristics({'BLOCK': lambda args: open('b').read()})\n@triton.jit",
            "the heuristic of `BLOCK` fails: FileNotFoundError: [Errno 2] No such file or "
            "directory: 'b'",
        ),
    ],
)
def test_what_stands_around_a_kernel_must_be_followed(
    project: Project, above: str, reason: str
) -> None:
    project.edit("app.py", "@triton.jit", above)
    result = adopted(project, recorded(project))
    assert result.out.splitlines()[0].endswith(f", with an explicit grid: {reason}")
    assert (project.folder / "kernels/adopted/app.py").read_text().count("export(\n") == 1


def test_the_winner_of_most_launches_is_kept(project: Project) -> None:
    rows = tuple(TunedRow((64,), {"BLOCK": 64, "num_warps": w}, n) for w, n in ((8, 5), (4, 3)))
    adopted(project, recorded(project, tuned=(Tuned(("n",), rows),)))
    (table,) = data(project, "app.scale.json")["tuned"]
    assert [row["config"]["num_warps"] for row in table["rows"]] == [8]


def test_the_name_of_a_second_function_is_taken_too(project: Project) -> None:
    project.edit("app.py", "\nraise", f"{SCALE.replace('def scale', 'def scale_jit')}\nraise")
    function, _ = within(needed_parts.kernel_of("app.py:scale_jit", project.folder))
    second = kernel("app:scale_jit", digest=digest_of(function), grids=(), tuned=())
    adopted(project, recorded(project), second)
    names = {path.name for path in (project.folder / "kernels/adopted").glob("*.json")}
    assert names == {"app.scale.json", "app.app_scale_jit.json"}
