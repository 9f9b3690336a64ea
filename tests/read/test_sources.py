"""Kernels of an installed package: the files they are made of are inputs like any other."""

from __future__ import annotations

import importlib
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.project import HEADER, Project, new_project

pytestmark = pytest.mark.triton

KERNEL = """import triton
import triton.language as tl

from .parts import inner
from . import parts


@triton.jit
def outer(out):
    tl.store(out, inner(1) + parts.other(2))
"""
PART = "import triton\n\n\n@triton.jit\ndef {name}(x):\n    return x + {number}\n"
DECLARED = f"""{HEADER}
from packaged.kernels import outer

export("demo.outer", types={{"out": "*i32"}}, grid=lambda: (1,))(outer)
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package on the path, whose kernel calls functions of other files of it."""
    folder = tmp_path / "site" / "packaged"
    files = {
        "__init__.py": "",
        "kernels.py": KERNEL,
        "parts/__init__.py": "from .inner import inner\nfrom .other import other\n",
        "parts/inner.py": PART.format(name="inner", number=1),
        "parts/other.py": PART.format(name="other", number=2),
        "unrelated.py": "",
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    monkeypatch.syspath_prepend(folder.parent)
    monkeypatch.setenv("PYTHONPATH", str(folder.parent))
    yield folder
    for name in [name for name in sys.modules if name.partition(".")[0] == "packaged"]:
        del sys.modules[name]
    importlib.invalidate_caches()


@pytest.fixture
def project(tmp_path: Path, package: Path) -> Project:
    settings = '[tool.codegen]\ntargets = ["sm_80"]\n'
    made = new_project(tmp_path, {"pyproject.toml": settings, "kernels/one.py": DECLARED})
    assert made.run("regenerate").code == 0
    assert made.run("regenerate", "--check").code == 0
    return made


@pytest.mark.parametrize("name", ["kernels.py", "parts/inner.py", "parts/other.py"])
def test_a_changed_file_of_the_package_is_found(package: Path, project: Project, name: str) -> None:
    with (package / name).open("a") as file:
        file.write("# another version\n")
    result = project.run("regenerate", "--check")
    assert result.code == 1
    assert f"stale: packaged:{name} has changed" in result.errors


def test_a_package_is_one_also_where_its_environment_lies_in_the_project(
    tmp_path: Path, package: Path, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded = (project.output / "MANIFEST.json").read_bytes()
    inside = project.folder / ".venv/lib/site-packages"
    shutil.copytree(package.parent, inside)
    monkeypatch.setattr(sys, "path", [str(inside), *sys.path])
    monkeypatch.setenv("PYTHONPATH", str(inside))
    for name in [name for name in sys.modules if name.partition(".")[0] == "packaged"]:
        del sys.modules[name]
    assert project.run("regenerate", "--rebuild").code == 0
    assert (project.output / "MANIFEST.json").read_bytes() == recorded


def test_other_files_do_not_matter(package: Path, project: Project) -> None:
    (package / "unrelated.py").write_text("x = 1\n")
    assert project.run("regenerate", "--check").code == 0


def test_without_the_package_the_rest_is_checked(
    package: Path, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", [p for p in sys.path if p != str(package.parent)])
    for name in [name for name in sys.modules if name.partition(".")[0] == "packaged"]:
        del sys.modules[name]
    importlib.invalidate_caches()
    assert project.run("regenerate", "--check").code == 0
