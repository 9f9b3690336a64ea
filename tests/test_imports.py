"""Kernel files that import each other: a run on some is one on those that import them."""

from __future__ import annotations

from pathlib import Path

import pytest

from codegen.imports import with_importers
from tests.support.project import HEADER, PYPROJECT, new_project

FILES = {
    "__init__.py": "",
    "a.py": "",
    "b.py": "from kernels import a\n",
    "c.py": "def late():\n    import kernels.b as other\n",
    "deep/__init__.py": "from .. import __init__\n",
    "deep/d.py": "from .e import name\nimport a, numpy.a\n",
    "deep/e.py": "from ..a import name\n",
    "deep/broken.py": "from ..a import (\n",
    "alone.py": "from elsewhere import a\nfrom . import nothing\n",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for file, text in FILES.items():
        path = tmp_path / "kernels" / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "kernels"


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        (["a.py"], ["a.py", "b.py", "c.py", "deep/d.py", "deep/e.py"]),
        (["b.py"], ["b.py", "c.py"]),
        (["deep/e.py"], ["deep/d.py", "deep/e.py"]),
        (["deep/__init__.py"], ["deep/__init__.py", "deep/d.py"]),
        (["alone.py", "c.py"], ["alone.py", "c.py"]),
        ([], []),
    ],
)
def test_those_that_import_them(folder: Path, chosen: list[str], expected: list[str]) -> None:
    assert sorted(with_importers(folder, FILES, chosen)) == expected


SHARED = f"""{HEADER}
@triton.jit
def more(x):
    return x + 1.0


@export("demo.first", types={{"x": "*fp32"}}, grid=lambda: (1,))
@triton.jit
def first(x):
    tl.store(x, more(tl.load(x)))
"""
TAKES = f"""{HEADER}
from kernels.shared import more


@export("demo.second", types={{"x": "*fp32"}}, grid=lambda: (1,))
@triton.jit
def second(x):
    tl.store(x, 3.0 * more(tl.load(x)))
"""


def test_a_kernel_that_is_made_of_another_files_function_is_made_again(tmp_path: Path) -> None:
    files = {"pyproject.toml": PYPROJECT, "kernels/shared.py": SHARED, "kernels/takes.py": TAKES}
    project = new_project(tmp_path, files)
    assert project.run("regenerate").code == 0
    project.edit("kernels/shared.py", "x + 1.0", "x + 2.0")
    assert project.run("regenerate", "demo.first").code == 0
    assert project.run("regenerate", "--check", "--rebuild").errors == [
        "generated/ is fresh to the byte"
    ]
