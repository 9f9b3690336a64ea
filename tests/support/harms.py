"""Folders that somebody else can have put something into."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest


def open_to_all(path: Path) -> str:
    path.chmod(0o777)
    return f"others can write to {path}"


def open_to_another_group(path: Path) -> str:
    os.chown(path, -1, 12345)
    path.chmod(0o770)
    return f"others can write to {path}"


def below_one_that_is_open(path: Path) -> str:
    path.parent.chmod(0o777)
    return f"others can write to {path.parent}"


def link(path: Path) -> str:
    path.rename(path.with_name("theirs"))
    path.symlink_to("theirs")
    return f"{path} is a link"


def link_to_nothing(path: Path) -> str:
    path.rmdir()
    path.symlink_to("nowhere")
    return f"{path} is a link"


def another_users(path: Path) -> str:
    os.chown(path, 12345, -1)
    return f"{path} belongs to another user"


def below_another_users(path: Path) -> str:
    os.chown(path.parent, 12345, -1)
    return f"{path.parent} belongs to another user"


HARMS: tuple[Callable[[Path], str], ...] = (
    *(open_to_all, open_to_another_group, below_one_that_is_open, link, link_to_nothing),
    *(another_users, below_another_users),
)
every_harm = pytest.mark.parametrize("harm", HARMS, ids=lambda harm: harm.__name__)


def harmed(path: Path, harm: Callable[[Path], str]) -> str:
    if "another" in harm.__name__ and os.geteuid() != 0:
        pytest.skip("only root can give a folder away")
    path.mkdir(mode=0o700, parents=True)
    return harm(path)
