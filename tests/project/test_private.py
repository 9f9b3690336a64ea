"""Folders in which something is believed, or loaded, because nobody else can have put it there."""

from __future__ import annotations

import grp
import os
import pwd
from collections.abc import Callable
from pathlib import Path

import pytest

from codegen.project.private import (
    NotPrivate,
    others_can_write,
    private_folder,
    read_private,
    write_private,
)
from generated import _build
from tests.support import standin
from tests.support.harms import every_harm, harmed


@every_harm
def test_a_folder_of_somebody_elses_is_refused(tmp_path: Path, harm: Callable[[Path], str]) -> None:
    path = tmp_path.resolve() / "cache" / "own"
    reason = harmed(path, harm)
    modes = [place.lstat().st_mode for place in (path, path.parent)]
    with pytest.raises(NotPrivate) as caught:
        private_folder(path)
    assert str(caught.value) == reason
    assert [place.lstat().st_mode for place in (path, path.parent)] == modes


ANN, BOB, SYSTEM = ("ann", 1000, 1000), ("bob", 1001, 1001), ("system", 2000, 1000)
GROUPS = {
    "her own": (0o775, [ANN, BOB], ("ann", 1000, []), False),
    "her own, with herself": (0o775, [ANN, BOB], ("ann", 1000, ["ann"]), False),
    "her own, open to all": (0o777, [ANN, BOB], ("ann", 1000, []), True),
    "her own, with another member": (0o775, [ANN, BOB], ("ann", 1000, ["ann", "bob"]), True),
    "the first one of another user too": (0o775, [ANN, SYSTEM], ("ann", 1000, []), True),
    "one of another name": (0o775, [ANN], ("users", 1000, []), True),
    "not her first": (0o775, [("ann", 1000, 100)], ("ann", 1000, []), True),
    "one that is not known": (0o775, [ANN], ("ann", 1, []), True),
    "of a user who is not known": (0o775, [BOB], ("ann", 1000, []), True),
    "one that cannot write": (0o755, [BOB], ("users", 1000, ["bob"]), False),
}


@pytest.mark.parametrize("can_others", [others_can_write, _build._others_can_write])
@pytest.mark.parametrize("case", GROUPS)
def test_a_group_may_write_that_has_nobody_else_in_it(
    monkeypatch: pytest.MonkeyPatch, case: str, can_others: Callable[[os.stat_result], bool]
) -> None:
    mode, users, (name, number, members), expected = GROUPS[case]
    entries = [pwd.struct_passwd((n, "x", uid, gid, "", "/", "")) for n, uid, gid in users]
    groups = {number: grp.struct_group((name, "x", number, members))}
    monkeypatch.setattr(pwd, "getpwall", lambda: entries)
    monkeypatch.setattr(pwd, "getpwuid", {user.pw_uid: user for user in entries}.__getitem__)
    monkeypatch.setattr(grp, "getgrgid", groups.__getitem__)
    assert can_others(os.stat_result((mode, 0, 0, 1, 1000, 1000, 0, 0, 0, 0))) == expected


def test_a_folder_is_made_for_the_user_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        folder = private_folder(tmp_path / "cache" / "own")
    finally:
        os.umask(before)
    assert [path.stat().st_mode & 0o777 for path in (folder, folder.parent)] == [0o700, 0o700]
    folder.chmod(0o755)  # to which nobody else could write
    assert private_folder(tmp_path / "cache" / "own") == folder
    assert folder.stat().st_mode & 0o777 == 0o700
    (tmp_path / "elsewhere").symlink_to(folder.parent)
    assert private_folder(tmp_path / "elsewhere" / "own") == folder


def test_a_file_is_read_where_it_is_the_users_own(tmp_path: Path) -> None:
    folder = private_folder(tmp_path / "own")
    write_private(folder / "a", b"content")
    assert (folder / "a").stat().st_mode & 0o777 == 0o600
    assert read_private(folder / "a") == b"content"
    (folder / "b").symlink_to(folder / "a")
    os.mkfifo(folder / "c")
    write_private(folder / "d", b"")
    (folder / "d").chmod(0o602)
    for name in "bcd":
        with pytest.raises(OSError, match=r"Too many levels|not the user's own"):
            read_private(folder / name)
    (folder / "a.new").symlink_to(tmp_path / "precious")
    write_private(folder / "a", b"more")
    assert read_private(folder / "a") == b"more"
    assert not (tmp_path / "precious").exists()


@every_harm
def test_the_stand_in_is_not_loaded_from_a_folder_of_somebody_elses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, harm: Callable[[Path], str]
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path.resolve() / "tmp"))
    monkeypatch.setattr("hashlib.sha256", lambda start=b"": _Digest())
    name = f"tritonbind-standin-{os.getuid()}-{'0' * 16}"
    reason = harmed(tmp_path.resolve() / "tmp" / name, harm)
    with pytest.raises(NotPrivate) as caught:
        standin.build("false")
    assert str(caught.value) == reason


class _Digest:
    def update(self, content: bytes) -> None:
        pass

    def hexdigest(self) -> str:
        return "0" * 64
