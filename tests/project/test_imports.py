"""Kernel files that import each other: a run on some is one on those that import them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from codegen.project.imports import needed_by, neighbours, with_importers
from codegen.read import kernel_files as reading
from codegen.read.kernel_files import read_kernels
from codegen.read.reading import Reading
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
        (["deep/__init__.py"], ["deep/__init__.py", "deep/broken.py", "deep/d.py", "deep/e.py"]),
        (["__init__.py"], sorted(FILES)),
        (["alone.py", "c.py"], ["alone.py", "c.py"]),
        ([], []),
    ],
)
def test_those_that_import_them(folder: Path, chosen: list[str], expected: list[str]) -> None:
    assert sorted(with_importers(folder, FILES, chosen)) == expected


def test_files_beside_the_kernels_folder(tmp_path: Path, folder: Path) -> None:
    for name in ("elsewhere.py", "util/__init__.py", "util/deep.py", "util/other.py", "own.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    (tmp_path / "elsewhere.py").write_text("def late():\n    from util.deep import name\n")
    (folder / "a.py").write_text("import own.part\n# mentions numpy and util\n")
    found = neighbours(folder, FILES, ("own",))
    names = sorted(path.relative_to(tmp_path).as_posix() for path in found)
    assert names == ["elsewhere.py", "util/__init__.py", "util/deep.py"]


BESIDE = f"""{HEADER}
from util.sizes import SIZE, grid, plus


@export("demo.beside", types={{"x": "*fp32"}}, constexprs={{"size": SIZE}}, grid=grid)
@triton.jit
def beside(x, size: tl.constexpr):
    tl.store(x, plus(tl.load(x) + size))
"""
SIZES = """import triton

SIZE = 4


def grid():
    return (SIZE,)


@triton.jit
def plus(x):
    return x + 1.0
"""


@pytest.mark.parametrize(("old", "new"), [("SIZE = 4", "SIZE = 8"), ("x + 1.0", "x + 2.0")])
def test_what_lies_beside_the_kernels_folder_is_an_input(
    tmp_path: Path, old: str, new: str
) -> None:
    files = {"pyproject.toml": PYPROJECT, "kernels/beside.py": BESIDE, "util/sizes.py": SIZES}
    project = new_project(tmp_path, files)
    assert project.run("regenerate").code == 0
    assert project.run("regenerate", "--check").code == 0
    project.edit("util/sizes.py", old, new)
    check = project.run("regenerate", "--check")
    assert check.code == 1
    assert "stale: util/sizes.py has changed" in check.errors
    assert project.run("regenerate").code == 0
    assert project.run("regenerate", "--check", "--rebuild").code == 0


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


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The kernel files that are read."""
    found: list[str] = []

    def watched(root: Path, files: Sequence[str], *more: Any) -> list[Reading]:
        found.extend(files)
        return read_kernels(root, files, *more)

    monkeypatch.setattr(reading, "read_kernels", watched)
    return found


PLAIN = TAKES.replace("from kernels.shared import more\n", "").replace("more(", "(")
THREE = {
    "pyproject.toml": PYPROJECT,
    "kernels/helps.py": "FACTOR = 1\n",
    "kernels/plain.py": PLAIN.replace("second", "third"),
    "kernels/shared.py": SHARED,
    "kernels/takes.py": TAKES,
}
ALL = ["helps.py", "plain.py", "shared.py", "takes.py"]
EDITS = {
    "a kernel": ("plain.py", "3.0", "4.0", ["plain.py"]),
    "a kernel that another imports": ("shared.py", "1.0", "2.0", ["shared.py", "takes.py"]),
    "a file that helps": ("helps.py", "1", "2", ALL),
    "the last kernel of a file": ("plain.py", PLAIN.partition("@")[2], "", ["plain.py"]),
}


@pytest.mark.parametrize("edit", EDITS)
def test_what_a_change_of_a_kernel_file_has_read(
    tmp_path: Path, read: list[str], edit: str
) -> None:
    file, old, new, expected = EDITS[edit]
    project = new_project(tmp_path, THREE)
    assert project.run("regenerate").code == 0
    assert read == ALL
    read.clear()
    project.edit(f"kernels/{file}", old.replace("second", "third"), new)
    if edit == "the last kernel of a file":
        project.edit(f"kernels/{file}", "@", "")
    assert project.run("regenerate").code == 0
    assert read == expected
    assert project.run("regenerate", "--check", "--rebuild").errors == [
        "generated/ is fresh to the byte"
    ]


def test_another_change_beside_it_has_all_read(tmp_path: Path, read: list[str]) -> None:
    project = new_project(tmp_path, THREE)
    assert project.run("regenerate").code == 0
    read.clear()
    project.edit("kernels/plain.py", "3.0", "4.0")
    (project.output / "takes.c").write_text("edited by hand")
    assert project.run("regenerate").code == 0
    assert read == ALL


GOOD = PLAIN.replace("second", "good")
USES = f"import helper\n{PLAIN}".replace("second", "uses")
BESIDE_EACH_OTHER = {
    "pyproject.toml": PYPROJECT,
    "kernels/good.py": GOOD,
    "kernels/uses.py": PLAIN.replace("second", "uses"),
}


def test_a_run_with_names_concerns_those_files_alone(tmp_path: Path) -> None:
    """A broken file, a new helper and a new table stand beside them, and stay stale."""
    project = new_project(tmp_path, BESIDE_EACH_OTHER)
    assert project.run("regenerate").code == 0
    project.write("kernels/broken.py", "import not_there\n")
    project.write("kernels/table.json", "[]")
    project.write("helper.py", "VALUE = 1\n")
    project.write("kernels/uses.py", USES)
    project.edit("kernels/good.py", "3.0", "4.0")
    assert project.run("regenerate").errors == [
        "error: kernels/broken.py:1: the kernel file cannot be imported: ModuleNotFoundError: No "
        "module named 'not_there'",
        "  hint: install not_there where the generator runs, or do without it",
        "without them: `python -m codegen regenerate kernels/good.py kernels/uses.py` does what is "
        "whole",
        "1 error; nothing was written",
    ]
    assert project.run("regenerate", "kernels/good.py").code == 0
    assert project.run("regenerate", "--check", "kernels/good.py").errors == ["generated/ is fresh"]
    assert project.run("regenerate", "--check").errors[:-1] == [
        "stale: helper.py is new",
        "stale: kernels/broken.py is new",
        "stale: kernels/table.json is new",
        "stale: kernels/uses.py has changed",
    ]
    assert project.run("regenerate", "kernels/uses.py").code == 0
    assert project.run("regenerate", "--check").errors[:-1] == [
        "stale: kernels/broken.py is new",
        "stale: kernels/table.json is new",
    ]


def test_what_another_file_needs_too_stays_stale_for_it(tmp_path: Path) -> None:
    files = {**BESIDE_EACH_OTHER, "kernels/uses.py": USES, "helper.py": "VALUE = 1\n"}
    files["kernels/good.py"] = f"import helper\n{GOOD}"
    project = new_project(tmp_path, files)
    assert project.run("regenerate").code == 0
    project.edit("helper.py", "1", "2")
    assert project.run("regenerate", "kernels/good.py").code == 0
    assert "stale: helper.py has changed" in project.run("regenerate", "--check").errors


def test_which_kernel_files_need_what(tmp_path: Path, folder: Path) -> None:
    for file, text in {
        "elsewhere.py": "import util\n",
        "util.py": "",
        "kernels/deep/best.json": "[]",
        "kernels/c.py": FILES["c.py"] + "NAME = 'best.json'\n",
    }.items():
        (tmp_path / file).write_text(text)
    found = needed_by(folder, FILES, ())
    assert found["util.py"] == found["elsewhere.py"] == {"alone.py"}
    assert found["kernels/a.py"] == {"a.py", "b.py", "c.py", "deep/d.py", "deep/e.py"}
    assert found["kernels/deep/best.json"] == {"c.py"}
