"""Runs that fail or are ended: what they compiled is there for the next."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from codegen.compile import processes as compilers
from codegen.compile.cache import decoded, encoded
from codegen.model.generated_file import digest
from codegen.model.image import Image, TensorMap
from codegen.model.pointer_uses import PointerUses
from codegen.model.request import CompileRequest
from codegen.model.request import Result as Answer
from codegen.model.targets import Target
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
    compile_all: Callable[..., list[Answer]] = compilers.compile_all

    def watched(requests: Sequence[CompileRequest], *others: Any) -> list[Answer]:
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
    content = bytearray(first.read_bytes())
    content[-1] ^= 1  # of the cubin
    first.write_bytes(content)
    second.write_bytes(by_another(second.read_bytes()))
    assert SAID not in mended(tmp_path, project).err
    assert len(compiled) == 4 + 4


def by_another(kept: bytes) -> bytes:
    body = kept.partition(b"\n")[2]
    header, _, images = body.partition(b"\n")
    body = json.dumps({**json.loads(header), "generator": "another"}).encode() + b"\n" + images
    return digest(body).encode() + b"\n" + body


def test_what_is_kept_is_read_as_it_was_written() -> None:
    uses = PointerUses(frozenset("ab"), frozenset("b"), frozenset())
    image = Image(
        *(Target(90), b"image\n\xff\0", "key", 32, 16, True),
        symbol="add_kernel",
        num_warps=8,
        shared=1024,
        num_ctas=2,
        scratch=16,
        launch_pdl=True,
        tensor_maps=(TensorMap(3, 2, 9, (64, 32), True),),
        uses=uses,
    )
    content = encoded(image, "generator")
    assert decoded(content, "generator", "key") == image
    assert decoded(content, "another", "key") is None
    assert decoded(content, "generator", "another") is None
    for place in range(len(content)):
        damaged = bytearray(content)
        damaged[place] ^= 1
        assert decoded(bytes(damaged), "generator", "key") is None, place
        assert decoded(content[:place], "generator", "key") is None, place


def pickled(ran: Path) -> bytes:
    """What would run a command where it is unpickled."""
    return b"cposix\nsystem\n(S'touch %s'\ntR." % bytes(ran)


def test_what_is_kept_is_of_the_user_alone_and_nothing_of_it_runs(
    tmp_path: Path, cache: Path, compiled: list[str]
) -> None:
    project = new_project(tmp_path, FILES)
    failed(project, compiled)
    modes = {path: path.stat().st_mode & 0o777 for path in cache.rglob("*")}
    assert set(modes.values()) == {0o700, 0o600}
    first, second = files(cache)
    first.write_bytes(pickled(tmp_path / "ran"))
    theirs = tmp_path / "theirs"
    second.rename(theirs)
    second.symlink_to(theirs)
    assert SAID not in mended(tmp_path, project).err
    assert len(compiled) == 4 + 4
    assert not (tmp_path / "ran").exists()
    assert theirs.exists()


def test_a_folder_that_others_can_write_to_is_not_used(
    tmp_path: Path, cache: Path, compiled: list[str]
) -> None:
    project = new_project(tmp_path, FILES)
    failed(project, compiled)
    (cache / "tritonbind").chmod(0o777)
    result = project.run("regenerate")
    assert result.code == 0
    assert result.errors[0] == (
        "what is compiled is not kept for the next run: others can write to "
        f"{cache.resolve()}/tritonbind"
    )
    assert SAID not in result.err
    assert len(files(cache)) == 2, "nor is anything removed there"


def test_a_rebuild_takes_nothing_that_was_kept(
    tmp_path: Path, cache: Path, compiled: list[str]
) -> None:
    project = new_project(tmp_path, FILES)
    failed(project, compiled)
    assert project.run("regenerate", "--rebuild").code == 0
    assert len(compiled) == 4
    assert files(cache) == []


def nobody(monkeypatch: pytest.MonkeyPatch) -> str:
    """A user without a home, as containers have."""
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.delenv("HOME")
    monkeypatch.setattr("pwd.getpwuid", mock.Mock(side_effect=KeyError))
    return "the user has no home folder"


def gone(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", "/nonexistent")
    return "the user has no home folder"


def nowhere(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("XDG_CACHE_HOME", "/dev/null")
    return "[Errno 20] Not a directory: '/dev/null/tritonbind'"


@pytest.mark.parametrize("lack", [nobody, gone, nowhere])
def test_a_system_that_keeps_nothing_is_no_error(
    tmp_path: Path,
    compiled: list[str],
    monkeypatch: pytest.MonkeyPatch,
    lack: Callable[[pytest.MonkeyPatch], str],
) -> None:
    reason = lack(monkeypatch)
    project = new_project(tmp_path, FILES)
    failed(project, compiled)
    said = f"what is compiled is not kept for the next run: {reason}"
    assert mended(tmp_path, project).errors[0] == said
    assert len(compiled) == 4 + 4
    assert not Path("/nonexistent").exists()
