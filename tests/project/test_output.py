"""The output folder: replaced as a whole or not at all, whatever kills the process meanwhile."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from codegen.model.errors import CodegenError
from codegen.model.generated_file import GeneratedFile
from codegen.project import output as files
from codegen.project.output import FileChange, apply, compare, exclusive, recover, unknown_files
from tests.support.places import REPOSITORY
from tests.support.project import Project, fresh_project, new_project

Tree = dict[str, str]

OLD: Tree = {"a.c": "old a", "b.c": "same b", "deep/c.c": "old c", "deep/d.c": "old d"}
NEW: Tree = {"a.c": "new a", "b.c": "same b", "more/e.c": "new e"}

# Applies the change from OLD to NEW and dies at the n-th system call that changes the disk. The
# calls are counted by name in Python's modules, and renameat2 in the ctypes function itself.
DYING = """
import ctypes, json, os, pathlib, shutil, sys
from pathlib import Path
from codegen.project import output as files

folder, last, has_exchange = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3] == "exchange"
changes = files.compare(
    folder,
    [files.GeneratedFile(path, text.encode()) for path, text in json.loads(sys.argv[4]).items()],
    json.loads(sys.argv[5]),
)
calls = 0

def counted(function):
    def call(*arguments, **named):
        global calls
        calls += 1
        if calls == last:
            os.kill(os.getpid(), 9)
        return function(*arguments, **named)
    return call

for name in ("link", "rename", "mkdir", "rmdir", "unlink", "open", "replace"):
    setattr(os, name, counted(getattr(os, name)))
Path.write_bytes = counted(Path.write_bytes)
files._exchange = counted(files._exchange) if has_exchange else counted(lambda *paths: False)
with files.exclusive(folder.parent):
    files.recover(folder)
    files.apply(folder, changes)
print(calls)
"""


def put(folder: Path, tree: Tree) -> None:
    for path, text in tree.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)


def tree_of(folder: Path) -> Tree:
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_text() for path in paths}


def changes_to(folder: Path, tree: Tree, owned: Tree = OLD) -> list[FileChange]:
    wanted = [GeneratedFile(path, text.encode()) for path, text in tree.items()]
    return compare(folder, wanted, owned)


def test_compare_tells_new_changed_and_removed_in_order(tmp_path: Path) -> None:
    put(tmp_path, {**OLD, "mine.txt": "not generated"})
    changes = changes_to(tmp_path, NEW)
    assert [(change.path, change.kind) for change in changes] == [
        ("a.c", "changed"),
        ("deep/c.c", "removed"),
        ("deep/d.c", "removed"),
        ("more/e.c", "new"),
    ]
    assert (changes[0].old, changes[0].new) == (b"old a", b"new a")
    assert compare(tmp_path, [], ["never/written.c"]) == []


def test_apply_makes_the_changes_and_drops_empty_folders(tmp_path: Path) -> None:
    folder = tmp_path / "generated"
    put(folder, {**OLD, "mine.txt": "kept", "_lib/x.so": "kept too"})
    apply(folder, changes_to(folder, NEW))
    assert tree_of(folder) == {**NEW, "mine.txt": "kept", "_lib/x.so": "kept too"}
    assert not (folder / "deep").exists()
    assert os.listdir(tmp_path) == ["generated"]


def test_a_file_may_take_the_place_of_a_folder_and_the_reverse(tmp_path: Path) -> None:
    folder = tmp_path / "generated"
    put(folder, {"a/b.c": "1", "c": "2"})
    apply(folder, changes_to(folder, {"a": "3", "c/d.c": "4"}, {"a/b.c": "", "c": ""}))
    assert tree_of(folder) == {"a": "3", "c/d.c": "4"}


def test_unchanged_files_stay_the_same_and_old_ones_are_not_written(tmp_path: Path) -> None:
    folder = tmp_path / "generated"
    put(folder, OLD)
    elsewhere = tmp_path / "hard link"
    os.link(folder / "a.c", elsewhere)
    inode = (folder / "b.c").stat().st_ino
    apply(folder, changes_to(folder, NEW))
    assert elsewhere.read_text() == "old a"
    assert (folder / "b.c").stat().st_ino == inode


def test_a_link_is_replaced_and_not_written_through(tmp_path: Path) -> None:
    folder = tmp_path / "generated"
    precious = tmp_path / "precious"
    precious.write_text("mine")
    folder.mkdir()
    (folder / "a.c").symlink_to(precious)
    (folder / "b.c").symlink_to(tmp_path / "nowhere")
    apply(folder, changes_to(folder, {"a.c": "new a", "b.c": "new b"}))
    assert precious.read_text() == "mine"
    assert tree_of(folder) == {"a.c": "new a", "b.c": "new b"}


def test_a_folder_that_is_a_link_stays_one(tmp_path: Path) -> None:
    real = tmp_path / "elsewhere"
    put(real, OLD)
    folder = tmp_path / "generated"
    folder.symlink_to(real)
    apply(folder, changes_to(folder, NEW))
    assert folder.is_symlink()
    assert tree_of(real) == NEW
    assert sorted(os.listdir(tmp_path)) == ["elsewhere", "generated"]


@pytest.mark.parametrize("how", ["exchange", "two renames"])
@pytest.mark.parametrize("old", [OLD, {}], ids=["changed", "new"])
def test_a_killed_run_leaves_the_old_folder_or_the_new_one(
    tmp_path: Path, how: str, old: Tree
) -> None:
    """At every system call: whatever is there then, the next run finds one of the two, whole."""
    folder = tmp_path / "generated"
    seen = []
    for last in range(1, 200):
        for path in (folder, files._staging(folder), files._backup(folder)):
            subprocess.run(["rm", "-rf", str(path)], check=True)
        put(folder, old)
        arguments = [str(folder), str(last), how, json.dumps(NEW), json.dumps([*old])]
        child = subprocess.Popen(
            [sys.executable, "-c", DYING, *arguments], cwd=REPOSITORY, stdout=subprocess.PIPE
        )
        child.communicate()
        recover(folder)
        seen.append(tree_of(folder))
        assert seen[-1] in (old, NEW), f"after {last - 1} calls"
        assert os.listdir(tmp_path) in ([], ["generated"])
        if child.returncode == 0:
            break
        assert child.returncode == -signal.SIGKILL
    else:
        pytest.fail("it never came to an end")
    assert seen == sorted(seen, key=lambda tree: tree == NEW), "once new, never old again"
    assert seen[0] == old
    assert seen[-1] == NEW
    assert len(seen) > 8
    assert not old or seen[-2] == NEW, "it died after the change, too"


def test_the_fallback_is_undone_when_its_second_step_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "generated"
    put(folder, OLD)
    rename = os.rename

    def fails_to_place(source: Path, target: Path) -> None:
        if Path(source) == files._staging(folder):
            raise OSError(16, "Device or resource busy", str(source))
        rename(source, target)

    monkeypatch.setattr(files, "_exchange", lambda first, second: False)
    monkeypatch.setattr(os, "rename", fails_to_place)
    with pytest.raises(CodegenError, match="cannot be written: Device or resource busy"):
        apply(folder, changes_to(folder, NEW))
    assert tree_of(folder) == OLD
    assert os.listdir(tmp_path) == ["generated"]


@pytest.mark.parametrize("link", ["refused", "allowed"])
def test_a_disk_without_hard_links_gets_copies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, link: str
) -> None:
    def refuse(source: str, target: str) -> None:
        raise OSError(1, "Operation not permitted")

    if link == "refused":
        monkeypatch.setattr(os, "link", refuse)
    folder = tmp_path / "generated"
    put(folder, OLD)
    apply(folder, changes_to(folder, NEW))
    assert tree_of(folder) == NEW


def test_nothing_is_written_where_the_system_refuses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As for a parent that is read-only, which does not stop root."""
    folder = tmp_path / "generated"
    put(folder, OLD)
    monkeypatch.chdir(tmp_path)

    def refuse(path: str, mode: int = 0) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "mkdir", refuse)
    with pytest.raises(CodegenError) as caught:
        apply(folder, changes_to(folder, NEW))
    assert str(caught.value) == (
        "generated cannot be written: Permission denied: generated\n"
        "  hint: make . writable, with room for a copy; generated must be an ordinary folder"
    )
    assert tree_of(folder) == OLD


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_the_command_says_what_is_not_writable(fresh: Project) -> None:
    fresh.edit("kernels/add.py", "where n goes", "the sum")
    before = fresh.tree()
    fresh.folder.chmod(0o555)
    try:
        result = fresh.run("regenerate")
    finally:
        fresh.folder.chmod(0o755)
    assert result.code == 2
    assert result.errors[0].startswith("error: generated cannot be written: Permission denied")
    assert fresh.tree() == before


def test_what_a_run_left_that_may_not_be_written_is_removed(tmp_path: Path) -> None:
    """The copy of a folder that is read-only is so, too."""
    folder, leftover = tmp_path / "generated", tmp_path / ".generated.new"
    put(folder, OLD)
    put(leftover, {"deep/file.c": "new"})
    (leftover / "deep").chmod(0o500)
    recover(folder)
    assert not leftover.exists()
    assert tree_of(folder) == OLD


def test_files_that_no_run_wrote_are_not_overwritten(new: Project) -> None:
    new.write("generated/add.py", "IMPORTANT = 1\n")
    new.write("generated/__init__.py", "")
    result = new.run("regenerate")
    assert result.code == 2
    assert result.errors[-2:] == [
        "error: generated/add.py is there, and no run wrote it",
        "  hint: move it elsewhere, or name another folder in [tool.codegen]: output",
    ]
    assert new.tree() == {"add.py": b"IMPORTANT = 1\n", "__init__.py": b""}
    (new.output / "add.py").unlink()
    assert new.run("regenerate").code == 0


def test_a_folder_in_the_way_is_an_error(new: Project) -> None:
    new.write("generated/add.c/mine.txt", "mine")
    result = new.run("regenerate")
    assert result.code == 2
    assert result.errors == [
        "error: generated/add.c is a folder, where a file must be",
        "  hint: move it elsewhere",
    ]
    assert new.tree() == {"add.c/mine.txt": b"mine"}


def test_a_file_in_place_of_the_folder_is_an_error(new: Project) -> None:
    new.write("generated", "mine")
    result = new.run("regenerate")
    assert result.code == 2
    assert result.errors == ["error: generated/MANIFEST.json: Not a directory"]
    assert new.output.read_text() == "mine"


def test_unknown_files_are_those_that_no_run_wrote(tmp_path: Path) -> None:
    strangers = {"deep/mine.txt": "", ".hidden": ""}
    put(tmp_path, {**OLD, **strangers, "_lib/x.so": "", "deep/__pycache__/c.pyc": ""})
    assert unknown_files(tmp_path, OLD) == [".hidden", "deep/mine.txt"]
    assert unknown_files(tmp_path / "nosuch", OLD) == []


def test_recover_does_nothing_to_a_whole_folder(tmp_path: Path) -> None:
    folder = tmp_path / "generated"
    recover(folder)
    assert os.listdir(tmp_path) == []
    put(folder, OLD)
    recover(folder)
    assert tree_of(folder) == OLD


def test_a_second_run_says_that_it_waits(tmp_path: Path) -> None:
    said: list[str] = []
    with exclusive(tmp_path, lambda: said.append("waits")):
        assert said == []
        code = "import sys\nfrom pathlib import Path\n"
        code += "from codegen.project.output import exclusive\n"
        code += "with exclusive(Path(sys.argv[1]), lambda: print('waits', flush=True)): print('in')"
        child = subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path)],
            cwd=REPOSITORY,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert child.stdout is not None
        assert child.stdout.readline() == "waits\n"
        time.sleep(0.2)
        assert child.poll() is None
    out, _ = child.communicate(timeout=10)
    assert out == "in\n"


def test_two_runs_at_once_leave_a_right_tree(new: Project) -> None:
    environment = new.environment()
    runs = [
        subprocess.Popen(
            new.command("regenerate", "-j", "1"),
            cwd=new.folder,
            env=environment,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    said = [run.communicate(timeout=120)[1] for run in runs]
    assert [run.returncode for run in runs] == [0, 0, 0]
    assert sum("4 of 4 images compiled" in text for text in said) == 1
    assert sum("everything is fresh" in text for text in said) == 2
    assert sum("waiting for another run in this project to end" in text for text in said) == 2
    assert new.run("regenerate", "--check", "--rebuild").code == 0
    assert len(list((new.output / "_lib").glob("*.so"))) == 1
    assert {path.suffix for path in (new.output / "_lib").rglob("*") if path.is_file()} == {
        ".so",
        ".o",
    }


@pytest.fixture
def fresh(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    return fresh_project(tmp_path, tmp_path_factory)


@pytest.fixture
def new(tmp_path: Path) -> Project:
    return new_project(tmp_path)
