"""A folder to which only the user can write, so that what is found there can be trusted."""

from __future__ import annotations

import contextlib
import grp
import os
import pwd
import stat
from pathlib import Path


class NotPrivate(Exception):
    """Why a folder is not private, as the end of a sentence."""


def cache_folder() -> Path:
    """Where programs keep what they can make again. Raises `NotPrivate` for a user without any."""
    named = os.environ.get("XDG_CACHE_HOME", "")
    if os.path.isabs(named):
        return Path(named)
    home = os.path.expanduser("~")
    if not os.path.isdir(home):
        raise NotPrivate("the user has no home folder")
    return Path(home, ".cache")


def private_folder(path: Path) -> Path:
    """`path`, made where it is not there, with no link in it. Raises `OSError` and `NotPrivate`.

    The folders that lead to it are the user's own or root's, too, and nobody else can write to
    them, but to such as /tmp, where what is the user's stays in its place.
    """
    _make(path)
    if path.is_symlink():
        raise NotPrivate(f"{path} is a link")
    real = path.resolve()
    for folder in (real, *real.parents):
        status = folder.lstat()
        if status.st_uid not in (os.geteuid(), *([] if folder == real else [0])):
            raise NotPrivate(f"{folder} belongs to another user")
        is_shared = folder != real and status.st_mode & stat.S_ISVTX
        if others_can_write(status) and not is_shared:
            raise NotPrivate(f"others can write to {folder}")
    real.chmod(0o700)
    return real


def read_private(path: Path) -> bytes:
    """A file in such a folder. Raises `OSError` for one that is a link or not the user's own."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
    with open(path, "rb", opener=lambda name, _: os.open(name, flags)) as file:
        status = os.fstat(file.fileno())
        is_own = status.st_uid == os.geteuid() and not others_can_write(status)
        if not (stat.S_ISREG(status.st_mode) and is_own):
            raise PermissionError(1, "not the user's own", str(path))
        return file.read()


def write_private(path: Path, content: bytes) -> None:
    """In one step. Raises `OSError`."""
    scratch = path.with_name(f"{path.name}.new")
    scratch.unlink(missing_ok=True)
    descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with open(descriptor, "wb") as file:
        file.write(content)
    scratch.rename(path)


def others_can_write(status: os.stat_result) -> bool:
    """Whether somebody else than the owner (and root) can. Many systems give each user a group that
    has nobody else in it: what that may write, only the owner can."""
    of_group, of_all = status.st_mode & stat.S_IWGRP, status.st_mode & stat.S_IWOTH
    return bool(of_all or (of_group and not _is_of_owner_alone(status)))


def _is_of_owner_alone(status: os.stat_result) -> bool:
    try:
        owner, group = pwd.getpwuid(status.st_uid), grp.getgrgid(status.st_gid)
    except KeyError:
        return False
    users = {user.pw_name for user in pwd.getpwall() if user.pw_gid == group.gr_gid}
    is_own = (group.gr_gid, group.gr_name) == (owner.pw_gid, owner.pw_name)
    return is_own and {*users, *group.gr_mem} <= {owner.pw_name}


def _make(path: Path) -> None:
    """Also the folders above it that are not there for nobody else, whatever the umask."""
    if not path.parent.exists():
        _make(path.parent)
    with contextlib.suppress(FileExistsError):
        path.mkdir(0o700)
