"""What the command does when its output cannot go where it is sent."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.support import damage
from tests.support.project import Project, fresh_project


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


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full here")
def test_a_full_disk_is_said(fresh: Project) -> None:
    with open("/dev/full", "w") as full:
        child = subprocess.run(
            fresh.command("list", "--json"),
            cwd=fresh.folder,
            env=fresh.environment(),
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert child.returncode == 2
    assert child.stderr == (
        b"error: cannot write: No space left on device\n"
        b"  hint: make room where its output goes, and run it again\n"
    )
