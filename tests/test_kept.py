"""Runs that fail or are ended: what they compiled is there for the next."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from codegen import compilers
from codegen.aot import CompileRequest
from codegen.compilers import Result as Compiled
from tests.support.project import HEADER, PYPROJECT, TWICE, Project, Result, new_project

SAID = "2 images are as an earlier run compiled them, which wrote nothing"
LATE = f"""{HEADER}
@export("demo.late", types={{"out": "*fp32"}}, grid=lambda: (1,))
@triton.jit
def late(out):
    tl.static_assert(READY, "not yet")
    tl.store(out, 3.0)
"""
FILES = {
    "pyproject.toml": PYPROJECT,
    "kernels/twice.py": TWICE,
    "kernels/late.py": LATE.replace("READY", "False"),
}


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's folder for such things."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is compiled, as it happens."""
    asked: list[str] = []
    compile_all: Callable[..., list[Compiled]] = compilers.compile_all

    def watched(requests: Sequence[CompileRequest], *others: Any) -> list[Compiled]:
        asked.extend(f"{request.kernel} {request.variant.label}" for request in requests)
        return compile_all(requests, *others)

    monkeypatch.setattr(compilers, "compile_all", watched)
    return asked


def files(cache: Path) -> list[Path]:
    return [path for path in cache.rglob("*") if path.is_file()]


def failed(project: Project, compiled: list[str]) -> None:
    """A run that compiles one kernel of two."""
    assert project.run("regenerate").code == 2
    assert len(compiled) == 4
    compiled.clear()
    project.write("kernels/late.py", LATE.replace("READY", "True"))


def mended(tmp_path: Path, project: Project) -> Result:
    """A run whose output is that of a project where nothing failed."""
    result = project.run("regenerate")
    assert result.code == 0
    other = new_project(
        tmp_path / "other", {**FILES, "kernels/late.py": LATE.replace("READY", "True")}
    )
    assert other.run("regenerate").code == 0
    assert project.tree() == other.tree()
    return result


def test_what_a_run_compiled_that_failed_is_not_compiled_again(
    tmp_path: Path, cache: Path, compiled: list[str]
) -> None:
    project = new_project(tmp_path, FILES)
    failed(project, compiled)
    assert len(files(cache)) == 2
    assert SAID in mended(tmp_path, project).errors
    assert compiled[:2] == ["demo.late aligned", "demo.late generic"]
    assert len(compiled) == 2 + 4
    assert files(cache) == []


def test_what_was_kept_by_another_version_or_damaged_is_compiled_again(
    tmp_path: Path, cache: Path, compiled: list[str]
) -> None:
    project = new_project(tmp_path, FILES)
    failed(project, compiled)
    first, second = files(cache)
    first.write_bytes(b"cbuiltins\nfloat\n.")
    _, result = pickle.loads(second.read_bytes())
    second.write_bytes(pickle.dumps(("another", result)))
    assert SAID not in mended(tmp_path, project).err
    assert len(compiled) == 4 + 4


def test_a_rebuild_takes_nothing_that_was_kept(
    tmp_path: Path, cache: Path, compiled: list[str]
) -> None:
    project = new_project(tmp_path, FILES)
    failed(project, compiled)
    assert project.run("regenerate", "--rebuild").code == 0
    assert len(compiled) == 4
    assert files(cache) == []


def nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """A user without a home, as containers have."""
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.delenv("HOME")
    monkeypatch.setattr("pwd.getpwuid", mock.Mock(side_effect=KeyError))


def nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/dev/null")


@pytest.mark.parametrize("lack", [nobody, nowhere])
def test_a_system_that_keeps_nothing_is_no_error(
    tmp_path: Path,
    compiled: list[str],
    monkeypatch: pytest.MonkeyPatch,
    lack: Callable[[pytest.MonkeyPatch], None],
) -> None:
    lack(monkeypatch)
    project = new_project(tmp_path, FILES)
    failed(project, compiled)
    mended(tmp_path, project)
    assert len(compiled) == 4 + 4
