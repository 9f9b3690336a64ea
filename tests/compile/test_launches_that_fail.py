"""Launches that were recorded, and that this Triton cannot compile."""

from __future__ import annotations

from pathlib import Path

from tests.support.project import HEADER, PYPROJECT, new_project

KERNEL = f"""{HEADER}
@export(
    "demo.k",
    grid="explicit",
    optional_targets=True,
    launches=[{{"arguments": {{"x": "*fp32:16"}}, "options": {{}}}}],
)
@triton.jit
def k(x):
    tl.store(x, tl.gone())
"""


def test_it_is_said_which_and_what_to_do(tmp_path: Path) -> None:
    project = new_project(tmp_path, {"pyproject.toml": PYPROJECT, "kernels/k.py": KERNEL})
    result = project.run("regenerate")
    reason = "triton.language.gone is not in Triton 3.9.0, in `tl.store(x, tl.gone())`"
    assert (result.code, result.out) == (2, "")
    assert [line.partition("`demo.k`: ")[2] or line for line in result.errors] == [
        "no image is left of its variant `aligned`",
        f"    aligned sm_80: {reason}",
        f"    generic sm_80: {reason}",
        "  hint: leave these launches out of its list, or its declaration out of the kernel file; "
        "or generate with a Triton that has what the kernel uses",
        "1 error; nothing was written",
    ]
