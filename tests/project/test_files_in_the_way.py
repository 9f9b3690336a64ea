"""What is no file where one is expected, or is a link: a sentence, and nothing of it changes."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from codegen.model.errors import CodegenError
from codegen.model.paths import read_file, read_if_file
from codegen.project import folders
from codegen.project import output as files
from codegen.project.output import FileChange, apply, recover
from tests.support import damage
from tests.support.no_files import KINDS, device, every_kind, folder, loop, nothing, replace
from tests.support.project import Project, fresh_project

NOT_FRESH = "generated/ is not fresh: run `python -m codegen regenerate`"


@pytest.fixture
def fresh(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    return fresh_project(tmp_path, tmp_path_factory)


@every_kind
def test_what_is_no_file_is_not_read(
    tmp_path: Path, kind: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    kind(tmp_path / "x")
    with pytest.raises(CodegenError) as caught:
        read_file(tmp_path / "x")
    assert str(caught.value) == (
        f"x is {KINDS[kind]}, where a file must be\n"
        "  hint: put a file in its place, or move it elsewhere"
    )
    assert read_if_file(tmp_path / "x") is None
    with pytest.raises(FileNotFoundError):
        read_file(tmp_path / "y")
    (tmp_path / "link").symlink_to(__file__)
    assert read_file(tmp_path / "link") == Path(__file__).read_bytes()


@every_kind
@pytest.mark.parametrize(
    "path",
    ["pyproject.toml", "kernels/add.py", "kernels/deep/best.json", "generated/MANIFEST.json"],
)
def test_no_file_among_what_is_read(
    fresh: Project, path: str, kind: Callable[[Path], None]
) -> None:
    replace(fresh.folder / path, kind)
    for command in ("--check", "-q"):
        result = fresh.run("regenerate", command)
        if path.startswith("kernels") and kind is folder:  # which may be called so
            assert result.code == (1 if command == "--check" and path.endswith(".py") else 0)
            continue
        assert (result.code, result.out) == (2, "")
        assert result.errors == [
            f"error: {path} is {KINDS[kind]}, where a file must be",
            "  hint: put a file in its place, or move it elsewhere",
        ]


@pytest.mark.parametrize("named", [(), ("demo.add",)], ids=["all", "named"])
def test_a_folder_of_kernels_that_is_a_link(fresh: Project, named: tuple[str, ...]) -> None:
    """A kernel file can import what is behind it, whose changes nobody would see."""
    fresh.write("elsewhere/values.py", "SIZE = 4\n")
    (fresh.folder / "kernels/deep/more").symlink_to("../../elsewhere")
    for flags in ([*named, "--check"], [*named, "-q"]):
        result = fresh.run("regenerate", *flags)
        assert (result.code, result.out) == (2, "")
        assert result.errors == [
            "error: kernels/deep/more is a link to a folder, and kernels are not looked for behind "
            "one",
            "  hint: put the folder itself there, or move the link out of the kernels folder",
        ]


@every_kind
def test_no_file_in_place_of_a_generated_one(fresh: Project, kind: Callable[[Path], None]) -> None:
    path = fresh.output / "add.c"
    replace(path, kind)
    checked = fresh.run("regenerate", "--check")
    found = "orphaned: generated/add.c/mine.txt was not generated; move it elsewhere"
    assert checked.errors == [
        "edited by hand: generated/add.c",
        *([found] if kind is folder else []),
        NOT_FRESH,
    ]
    assert checked.code == 1
    inode = path.lstat().st_ino
    result = fresh.run("regenerate")
    if kind in (device, nothing, loop):  # links, of which nothing is lost
        assert result.code == 0
        assert not path.is_symlink()
        assert fresh.run("regenerate", "--check").code == 0
        return
    assert (result.code, path.lstat().st_ino) == (2, inode)
    assert result.errors == [
        f"error: generated/add.c is {KINDS[kind]}, where a file must be",
        "  hint: move it elsewhere",
    ]


def test_nothing_is_written_through_a_folder_that_is_a_link(fresh: Project) -> None:
    elsewhere = fresh.folder.parent / "elsewhere"
    (fresh.output / "deep").rename(elsewhere)
    (fresh.output / "deep").symlink_to(elsewhere)
    assert fresh.run("regenerate", "--check").code == 0
    fresh.edit("kernels/deep/twice.py", "2 * tl.load", "3 * tl.load")
    before = {path: path.read_bytes() for path in elsewhere.rglob("*") if path.is_file()}
    result = fresh.run("regenerate")
    assert (result.code, result.errors) == (
        2,
        [
            "error: generated/deep is a link, and no run writes through one",
            "  hint: put a folder in its place",
        ],
    )
    assert {path: path.read_bytes() for path in elsewhere.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("kind", [nothing, loop], ids=["nothing", "loop"])
def test_an_output_folder_that_leads_nowhere(fresh: Project, kind: Callable[[Path], None]) -> None:
    shutil.rmtree(fresh.output)
    kind(fresh.output)
    assert fresh.run("regenerate").errors == [
        "error: generated is a link to nothing",
        "  hint: make the folder that it leads to, or remove it",
    ]
    assert sorted(os.listdir(fresh.folder)) == ["generated", "kernels", "pyproject.toml"]


def linked(path: Path) -> None:
    """To a folder of somebody else's."""
    theirs = path.parent / "theirs"
    (theirs / "deep").mkdir(parents=True, mode=0o755)
    (theirs / "deep/file.txt").write_text("theirs")
    path.symlink_to(theirs)


def state(folder: Path) -> dict[str, tuple[int, int, int]]:
    """All that is below, with modes and times."""
    found = {}
    for path in [folder, *folder.rglob("*")]:
        status = path.lstat()
        found[str(path)] = status.st_mode, status.st_ino, status.st_mtime_ns
    return found


@pytest.mark.parametrize("kind", [linked, *KINDS], ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("name", [".generated.new", ".generated.old"])
def test_the_scratch_folder_may_be_anything(
    fresh: Project, name: str, kind: Callable[[Path], None]
) -> None:
    theirs, scratch = fresh.folder / "theirs", fresh.folder / name
    kind(scratch)
    before = state(fresh.folder)
    assert fresh.run("regenerate", "--check").code == 0
    assert fresh.run("regenerate", "--diff").code == 0
    assert fresh.run("list").code == 0
    assert state(fresh.folder) == before, "what only looks changes nothing"
    modes = state(theirs) if kind is linked else {}
    assert fresh.run("regenerate").code == 0
    assert not os.path.lexists(scratch)
    assert (state(theirs) if kind is linked else {}) == modes


def test_a_link_in_the_scratch_folder_is_not_followed(tmp_path: Path) -> None:
    output, scratch = tmp_path / "generated", tmp_path / ".generated.new"
    output.mkdir()
    scratch.mkdir()
    linked(scratch / "deep")
    (scratch / "theirs").rename(tmp_path / "theirs")
    (scratch / "deep").unlink()
    (scratch / "deep").symlink_to(tmp_path / "theirs")
    before = state(tmp_path / "theirs")
    recover(output)
    assert not scratch.exists()
    assert state(tmp_path / "theirs") == before
    assert stat.S_IMODE((tmp_path / "theirs").stat().st_mode) == 0o755


def refuse(path: Path) -> None:
    raise PermissionError(1, "Operation not permitted", str(path))


def test_what_cannot_be_removed_ends_the_run_before_it_works(
    fresh: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a folder of another user in one that is sticky; root could remove that."""
    damage.edit_input(fresh)
    before = fresh.tree()
    monkeypatch.setattr(folders, "remove", refuse)
    result = fresh.run("regenerate")
    assert (result.code, result.errors) == (
        2,
        [
            "error: .generated.new cannot be removed: Operation not permitted: .generated.new",
            "  hint: remove it; each run that writes needs that name for a while",
        ],
    )
    assert fresh.tree() == before


@pytest.mark.parametrize(
    ("has_exchange", "left"), [(True, ".generated.new"), (False, ".generated.old")]
)
def test_a_run_that_cannot_clean_up_says_so_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_exchange: bool, left: str
) -> None:
    monkeypatch.chdir(tmp_path)
    output = tmp_path / "generated"
    output.mkdir()
    monkeypatch.setattr(folders, "remove", refuse)
    if not has_exchange:
        monkeypatch.setattr(files, "_exchange", lambda first, second: False)
    with pytest.raises(CodegenError) as caught:
        apply(output, [FileChange("a.c", "new", None, b"new")])
    assert str(caught.value) == (
        f"generated is written, and {left} cannot be removed: Operation not permitted: {left}\n"
        "  hint: remove it; each run that writes needs that name for a while"
    )
    assert (output / "a.c").read_bytes() == b"new"
