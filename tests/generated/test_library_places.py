"""Where the library is built and loaded: never what somebody else can have put there."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from tests.support.harms import every_harm, harmed
from tests.support.processes import hear_signals
from tests.support.project import Project, fresh_project


@pytest.fixture
def fresh(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    return fresh_project(tmp_path, tmp_path_factory)


def builder(project: Project) -> ModuleType:
    specification = importlib.util.spec_from_file_location("_l", project.output / "_build.py")
    assert specification is not None and specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.fixture
def read_only(fresh: Project, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The module of an output that nobody can write to, and that holds no library."""
    shutil.rmtree(fresh.output / "_lib")
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    monkeypatch.setenv("CC", fresh.compiler())
    return builder(fresh)


def refusal(library: ModuleType, cache: Path, reason: str) -> str:
    return (
        f"the library can be kept neither in {library.ROOT}, which cannot be written, nor in "
        f"{cache}/tritonbind: {reason}. Build it with `python -m codegen build` where that can be "
        "written, or set XDG_CACHE_HOME to a folder of your own"
    )


@every_harm
def test_a_cache_of_somebody_elses_is_not_loaded_from(
    tmp_path: Path,
    read_only: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    harm: Callable[[Path], str],
) -> None:
    cache = tmp_path.resolve() / "cache"
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    reason = harmed(cache / "tritonbind", harm)
    with pytest.raises(ImportError) as caught:
        read_only.path()
    assert str(caught.value) == refusal(read_only, cache, reason)


def open_to_all(path: Path) -> str:
    path.chmod(0o777)
    return f"others can write to {path}"


def another_users(path: Path) -> str:
    if os.geteuid() != 0:
        pytest.skip("only root can give a file away")
    os.chown(path, 12345, -1)
    return f"{path} belongs to another user"


def link(path: Path) -> str:
    path.rename(path.with_name("theirs"))
    path.symlink_to("theirs")
    return f"{path} is a link"


@pytest.mark.parametrize("harm", [open_to_all, another_users, link])
def test_a_library_of_somebody_elses_is_not_loaded(
    tmp_path: Path,
    read_only: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    harm: Callable[[Path], str],
) -> None:
    cache = tmp_path.resolve() / "cache"
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    before = os.umask(0)
    try:
        built = read_only.build()
    finally:
        os.umask(before)
    assert built == read_only.path()
    assert built.stat().st_mode & 0o022 == 0
    assert [place.stat().st_mode & 0o777 for place in (cache, built.parent)] == [0o700] * 2
    reason = harm(built)
    with pytest.raises(ImportError) as caught:
        read_only.path()
    assert str(caught.value) == refusal(read_only, cache, reason)


@pytest.mark.parametrize("home", [None, "/nonexistent"])
def test_a_user_without_a_home(
    read_only: ModuleType, monkeypatch: pytest.MonkeyPatch, home: str | None
) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.delenv("HOME")
    if home is not None:
        monkeypatch.setenv("HOME", home)

    def nobody(number: int) -> None:
        raise KeyError(number)

    monkeypatch.setattr("pwd.getpwuid", nobody)
    with pytest.raises(ImportError) as caught:
        read_only.path()
    cache = Path(home or "~", ".cache")
    assert str(caught.value) == refusal(read_only, cache, "the user has no home folder")
    assert not Path("/nonexistent").exists()


def test_a_command_without_a_place_for_its_library(
    fresh: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.rmtree(fresh.output / "_lib")
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    monkeypatch.setenv("XDG_CACHE_HOME", "/dev/null")
    result = fresh.run("build")
    assert result.code == 2
    assert result.errors[0].startswith(
        "error: generated/ is written, and its library is not: the library can be kept neither in "
    )


@pytest.mark.parametrize(
    ("content", "error"),
    [
        ("def path(:\n", "SyntaxError: invalid syntax (_build.py, line 1)"),
        ("raise OSError('no')\n", "OSError: no"),
    ],
)
def test_a_builder_that_is_damaged(fresh: Project, content: str, error: str) -> None:
    fresh.write("generated/_build.py", content)
    result = fresh.run("build")
    assert result.code == 2
    assert result.errors == [
        f"error: generated/_build.py does not run: {error}",
        "  hint: run `python -m codegen regenerate`",
    ]
    (fresh.output / "_build.py").unlink()
    os.mkfifo(fresh.output / "_build.py")
    assert fresh.run("build").errors[0] == (
        "error: generated/_build.py is a FIFO, where a file must be"
    )


SLOW = """\
#!/bin/sh
touch {started}
sleep 60
"""


def test_a_killed_build_leaves_nothing_for_ever(fresh: Project) -> None:
    """The next one clears away; one that is at work is left alone."""
    folder, compiler = fresh.output / "_lib", fresh.folder.parent / "slow"
    (library,) = folder.glob("*.so")
    library.unlink()
    shutil.rmtree(folder / "objects")
    compiler.write_text(SLOW.format(started=fresh.folder.parent / "started"))
    compiler.chmod(0o755)
    fresh.write("build.py", "from generated import _library\n_library.build()\n")
    builds = [
        subprocess.Popen(
            [sys.executable, str(fresh.folder / "build.py")],
            env=fresh.environment(CC=str(compiler)),
            preexec_fn=hear_signals,
            start_new_session=True,
        )
        for _ in range(2)
    ]
    deadline = time.monotonic() + 30
    while len([*folder.glob("building-*")]) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    os.killpg(builds[0].pid, signal.SIGKILL)
    builds[0].wait()
    assert fresh.run("build").code == 0
    assert len([*folder.glob("building-*")]) == 1, "that of the other"
    os.killpg(builds[1].pid, signal.SIGKILL)
    builds[1].wait()
    assert fresh.run("build").code == 0
    assert sorted(path.name for path in folder.iterdir()) == [library.name, "objects"]


def test_what_a_linked_folder_holds_is_left_alone(fresh: Project) -> None:
    folder, theirs = fresh.output / "_lib", fresh.folder.parent / "theirs"
    shutil.rmtree(folder)
    folder.symlink_to(theirs)
    others = [theirs / "building-theirs", theirs / "objects", theirs / "libtritonbind-theirs.so"]
    for other in others:
        other.mkdir(parents=True)
    assert fresh.run("build").code == 0
    assert [other for other in others if not other.exists()] == []


def test_a_source_that_is_none_is_not_compiled(fresh: Project) -> None:
    shutil.rmtree(fresh.output / "_lib")
    (fresh.output / "add.c").unlink()
    os.mkfifo(fresh.output / "add.c")
    result = fresh.run("build")
    assert (result.code, result.errors[0]) == (
        2,
        "error: generated/add.c is a FIFO, where a file must be",
    )


def test_nothing_that_is_built_is_committed(fresh: Project) -> None:
    if shutil.which("git") is None:
        pytest.skip("there is no git here")
    fresh.write("generated/__pycache__/add.cpython-311.pyc", "")
    fresh.write("generated/deep/__pycache__/twice.cpython-311.pyc", "")

    def git(*arguments: str) -> list[str]:
        done = subprocess.run(
            ["git", "-C", str(fresh.folder), *arguments], capture_output=True, text=True, check=True
        )
        return done.stdout.splitlines()

    git("init", "--quiet")
    git("add", "--all")
    committed = {path for path in git("ls-files") if path.startswith("generated/")}
    assert committed == {f"generated/{path}" for path in fresh.tree()}
    assert "generated/.gitignore" in committed


def test_a_list_of_ones_own_is_not_overwritten(fresh: Project) -> None:
    (fresh.output / "MANIFEST.json").unlink()
    fresh.write("generated/.gitignore", "mine\n")
    result = fresh.run("regenerate")
    assert (result.code, result.errors) == (
        2,
        [
            "error: generated/.gitignore is there, and no run wrote it",
            "  hint: move it elsewhere, or name another folder in [tool.codegen]: output",
        ],
    )


def test_what_is_no_file_is_not_loaded(fresh: Project) -> None:
    """A loader would wait for a FIFO for ever; the compiler here makes a text."""
    library = builder(fresh).path()
    library.unlink(missing_ok=True)
    os.mkfifo(library)
    done = subprocess.run(
        [sys.executable, "-c", "import generated.add"],
        cwd=fresh.folder,
        env=fresh.environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert "file too short" in done.stderr or "invalid ELF header" in done.stderr
    assert library.read_text() == "library\n"
