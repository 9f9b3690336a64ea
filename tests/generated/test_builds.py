"""Programs built as docs/calls.md says hold the new images after a change of a kernel's body."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.places import REPOSITORY
from tests.support.project import Project, fresh_project

MAIN = """\
#include "generated/deep/twice.h"

int main(void) { return (int)twice_launch(0, 0); }
"""
# What runs before the first build, and what runs for each; where the program is.
BUILDS = {
    "make": ("Makefile", [], ["make"], "program"),
    "cmake": (
        "CMakeLists.txt",
        ["cmake", "-S", ".", "-B", "build"],
        ["cmake", "--build", "build"],
        "build/program",
    ),
    "ninja": (
        "CMakeLists.txt",
        ["cmake", "-G", "Ninja", "-S", ".", "-B", "build"],
        ["cmake", "--build", "build"],
        "build/program",
    ),
}
TOOLS = {"make": ["make"], "cmake": ["cmake", "make"], "ninja": ["cmake", "ninja"]}


def _snippet(first: str) -> str:
    """The block of the docs that begins so."""
    text = (REPOSITORY / "docs/calls.md").read_text()
    found = re.search(rf"^    {first}.*\n(?:(?:    .*)?\n)*", text, re.MULTILINE)
    assert found is not None
    return re.sub("^    ", "", found[0], flags=re.MULTILINE)


FILES = {"Makefile": _snippet("SOURCES :="), "CMakeLists.txt": _snippet("cmake_minimum_required")}


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, Project]:
    """A project before and after a change of a kernel's body."""
    before = fresh_project(tmp_path_factory.mktemp("before"), tmp_path_factory)
    after = Project(tmp_path_factory.mktemp("after") / "project")
    shutil.copytree(before.folder, after.folder)
    after.edit("kernels/deep/twice.py", "2 * tl.load(out)", "3 * tl.load(out)")
    result = after.run("regenerate")
    assert result.code == 0, result.err
    return before, after


@pytest.mark.parametrize("tool", ["make", "ninja", pytest.param("cmake", marks=pytest.mark.slow)])
def test_a_build_after_a_change_of_a_body(
    changed: tuple[Project, Project], tmp_path: Path, tool: str
) -> None:
    missing = [name for name in TOOLS[tool] if shutil.which(name) is None]
    if missing:
        pytest.skip(f"{missing[0]} is not installed")
    name, first, command, program = BUILDS[tool]
    before, after = changed
    shutil.copytree(before.output, tmp_path / "generated")
    (tmp_path / "main.c").write_text(MAIN)
    (tmp_path / name).write_text(FILES[name])
    if first:
        _run(first, tmp_path)
    _run(command, tmp_path)
    held = [_holds(tmp_path / program, project) for project in changed]
    assert held == [True, False]
    # As a run writes: the files that changed alone, with the time of now.
    different = [path for path, content in after.tree().items() if before.tree()[path] != content]
    assert "deep/twice.c" in different and "deep/twice.h" not in different
    for path in different:
        (tmp_path / "generated" / path).write_bytes((after.output / path).read_bytes())
    said = _run(command, tmp_path)
    held = [_holds(tmp_path / program, project) for project in changed]
    assert held == [False, True]
    assert "twice" in said and "add.c" not in said
    assert _run(command, tmp_path).count("twice") == 0


def _holds(program: Path, project: Project) -> bool:
    content = program.read_bytes()
    images = [*(project.output / "deep/twice.images").iterdir()]
    assert images
    found = {image.read_bytes() in content for image in images}
    return found == {True}


def _run(command: list[str], folder: Path) -> str:
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
