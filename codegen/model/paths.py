"""Reading what may be no regular file: a FIFO makes a reader wait, a device may be endless."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from codegen.model.errors import CodegenError, shown

_KINDS = {
    stat.S_IFIFO: "a FIFO",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFDIR: "a folder",
}


def read_file(path: Path) -> bytes:
    """The bytes of a file, or of the one that a link leads to.

    Raises `OSError` where nothing is or it cannot be read, `CodegenError` where no file is.
    """
    if (kind := stands_at(path)) is None:
        with open(path, "rb", opener=_without_waiting) as file:
            if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                return file.read()
        kind = "no file"
    raise CodegenError(
        f"{shown(path)} is {kind}, where a file must be",
        hint="put a file in its place, or move it elsewhere",
    )


def read_if_file(path: Path) -> bytes | None:
    """The same; None where no file is. Raises `OSError` where one cannot be read."""
    try:
        return read_file(path)
    except (CodegenError, FileNotFoundError, NotADirectoryError):
        return None


def stands_at(path: Path) -> str | None:
    """What is there that is no file, in words; None for a file. Raises `OSError` for nothing."""
    try:
        kind = stat.S_IFMT(path.stat().st_mode)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ELOOP) and path.is_symlink():
            return "a link to nothing"
        raise
    return None if kind == stat.S_IFREG else _KINDS.get(kind, "no file")


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)
