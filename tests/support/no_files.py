"""What may stand at a path where a file is expected."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest


def fifo(path: Path) -> None:
    os.mkfifo(path)


def listening(path: Path) -> None:
    """A socket, whose path has to be short."""
    short = path.parent / "s"
    with socket.socket(socket.AF_UNIX) as server:
        before = Path.cwd()
        os.chdir(path.parent)
        server.bind(short.name)
        os.chdir(before)
    short.rename(path)


def device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def nothing(path: Path) -> None:
    path.symlink_to(path.parent / "nowhere")


def loop(path: Path) -> None:
    path.symlink_to(path)


def folder(path: Path) -> None:
    path.mkdir()
    (path / "mine.txt").write_text("mine")


KINDS: dict[Callable[[Path], None], str] = {
    fifo: "a FIFO",
    listening: "a socket",
    device: "a device",
    nothing: "a link to nothing",
    loop: "a link to nothing",
    folder: "a folder",
}
every_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)


def replace(path: Path, kind: Callable[[Path], None]) -> None:
    path.unlink(missing_ok=True)
    kind(path)
