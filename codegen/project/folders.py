"""Copying and removing folders without following links, which may lead to somebody else's files."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
from pathlib import Path


def copy(folder: Path, target: Path) -> None:
    """A copy whose files are hard links, where the disk has them. Raises `OSError`."""
    shutil.copytree(folder, target, copy_function=_link, symlinks=True)


def remove(path: Path) -> None:
    """What is there, of any kind; of a link the link. Raises `OSError` when some of it stays."""
    try:
        is_folder = stat.S_ISDIR(path.lstat().st_mode)
    except FileNotFoundError:
        return
    if not is_folder:
        path.unlink()
        return
    for _, _, _, descriptor in os.fwalk(path):  # which does not follow links either
        with contextlib.suppress(OSError):  # a copy of a folder that is not writable is not, too
            os.fchmod(descriptor, 0o700)
    shutil.rmtree(path)


def remove_empty(folder: Path) -> None:
    """The folders below it that hold nothing."""
    for path, _, _ in os.walk(folder, topdown=False):
        if path != str(folder) and not os.listdir(path):
            os.rmdir(path)


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
