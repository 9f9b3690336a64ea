"""What the command does when its output cannot go where it is sent."""

from __future__ import annotations

import errno
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support import damage
from tests.support.places import REPOSITORY
from tests.support.project import Project, Result, fresh_project


@pytest.fixture
def fresh(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    return fresh_project(tmp_path, tmp_path_factory)


def test_a_closed_pipe_is_no_error(fresh: Project) -> None:
    damage.edit_input(fresh)
    for arguments in (["list", "--json"], ["regenerate", "--diff"]):
        reader, writer = os.pipe()
        os.close(reader)
        child = subprocess.run(
            fresh.command(*arguments),
            cwd=fresh.folder,
            env=fresh.environment(),
            stdout=writer,
            stderr=subprocess.PIPE,
            check=False,
        )
        os.close(writer)
        assert child.returncode == 2
        assert child.stderr == b""


@dataclass(frozen=True)
class Case:
    """A command, what it gives where all is well, and whether that is printed on stdout."""

    arguments: str
    code: int
    is_product: bool


CASES = (
    Case("regenerate --check", 0, False),
    Case("regenerate --check --json", 0, True),
    Case("regenerate --diff", 0, True),
    Case("regenerate", 0, False),
    Case("regenerate --show", 0, True),
    Case("list", 0, True),
    Case("inspect add", 0, True),
    Case("build", 0, True),
    Case("--help", 0, True),
    Case("regenerate --nosuch", 2, False),
)
CLOSED = "error: cannot print on stdout: it is closed\n"
FULL = "error: cannot print on stdout: No space left on device\n"
HINT = "  hint: send stdout where there is room, and run it again\n"


def shell(project: Project, arguments: str, redirected: str, **environment: str) -> Result:
    command = shlex.join(project.command(*arguments.split()))
    done = subprocess.run(
        ["sh", "-c", f"{command} {redirected}"],
        cwd=project.folder,
        env=project.environment(**environment),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return Result(done.returncode, done.stdout, done.stderr)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full here")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.arguments)
def test_every_command_with_every_stream_closed_or_full(fresh: Project, case: Case) -> None:
    before = fresh.tree()
    plain = shell(fresh, case.arguments, "")
    assert plain.code == case.code
    unprinted = 2 if case.is_product else case.code
    closed = shell(fresh, case.arguments, ">&-")
    said = CLOSED + HINT if case.is_product else plain.err
    assert (closed.code, closed.out, closed.err) == (unprinted, "", said)
    full = shell(fresh, case.arguments, ">/dev/full")
    if case.arguments == "regenerate --diff":  # of which there is none
        assert full.code == 0
    elif case.is_product:
        done = "generated/ is written; " * (case.arguments == "regenerate --show")
        said = FULL.replace("cannot", f"{done}cannot") + HINT
        assert (full.code, full.err.endswith(said)) == (2, True), full.err
    for redirected in ("2>&-", "2>/dev/full"):
        result = shell(fresh, case.arguments, redirected)
        assert (result.code, result.out, result.err) == (case.code, plain.out, "")
    assert shell(fresh, case.arguments, "<&-") == plain
    assert shell(fresh, case.arguments, "<&- >&- 2>&-") == Result(unprinted, "", "")
    assert fresh.tree() == before


@pytest.mark.parametrize("redirected", ["<&- >&- 2>&-", "2>/dev/full"])
def test_changes_are_found_and_written_all_the_same(fresh: Project, redirected: str) -> None:
    damage.edit_comment(fresh)
    assert shell(fresh, "regenerate --check", redirected).code == 1
    assert shell(fresh, "regenerate", redirected).code == 0
    assert shell(fresh, "regenerate --check", redirected).code == 0
    assert b"where 2 n goes" in (fresh.output / "add.h").read_bytes()


def test_nothing_is_written_where_the_document_cannot_be_printed(fresh: Project) -> None:
    damage.edit_comment(fresh)
    before = fresh.tree()
    for redirected in (">&-", "1<pyproject.toml"):
        assert shell(fresh, "regenerate --json", redirected).err == CLOSED + HINT
    reader, writer = os.pipe()
    os.close(reader)
    child = subprocess.run(
        fresh.command("regenerate", "--json"),
        cwd=fresh.folder,
        env=fresh.environment(),
        stdout=writer,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(writer)
    assert (child.returncode, child.stderr) == (2, b"")
    assert fresh.tree() == before


def test_talk_that_nobody_hears_ends_no_run(fresh: Project) -> None:
    """As in `regenerate 2>&1 | head -1`."""
    damage.edit_comment(fresh)
    reader, writer = os.pipe()
    os.close(reader)
    child = subprocess.run(
        fresh.command("regenerate", "-v"),
        cwd=fresh.folder,
        env=fresh.environment(),
        stdout=writer,
        stderr=writer,
        check=False,
    )
    os.close(writer)
    assert child.returncode == 0
    assert fresh.run("regenerate", "--check").code == 0


def test_no_file_gets_the_number_of_a_closed_stream() -> None:
    code = """
import os, sys
from codegen import streams
for number in range(3):
    os.close(number)
sys.stdout = sys.stderr = None
streams.open_closed()
opened = os.open(sys.argv[1], os.O_RDWR)
print("product")
try:
    sys.stdout.flush()
except OSError:
    streams.drop(sys.stdout)
streams.talk("talk")
os.write(opened, b"%d" % opened)
"""
    with tempfile.NamedTemporaryFile() as file:
        subprocess.run([sys.executable, "-c", code, file.name], check=True, cwd=REPOSITORY)
        assert int(file.read()) > 2


def test_a_full_disk_is_said(fresh: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the system names no file, as when it refuses to write to one that is open."""

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    damage.edit_comment(fresh)
    monkeypatch.setattr("codegen.cli.write", full)
    result = fresh.run("regenerate")
    assert (result.code, result.errors[-2:]) == (
        2,
        [
            "error: cannot write: No space left on device",
            "  hint: make room, and run it again; the output is whole",
        ],
    )


def test_a_bug_is_not_taken_for_a_difference(fresh: Project) -> None:
    fresh.write("broken/codegen/__init__.py", "")
    fresh.write("broken/codegen/cli.py", "def main():\n    raise RuntimeError('a bug')\n")
    for name in ("__main__.py", "streams.py"):
        shutil.copy(REPOSITORY / "codegen" / name, fresh.folder / "broken/codegen")
    broken = str(fresh.folder / "broken")
    result = fresh.child("regenerate", "--check", PYTHONPATH=broken)
    assert result.code == 2
    assert result.errors[-1] == "RuntimeError: a bug"
    for redirected in ("2>&-", "2>/dev/full", "<&- >&- 2>&-"):
        result = shell(fresh, "regenerate --check", redirected, PYTHONPATH=broken)
        assert result == Result(2, "", "")
