"""The output folder: compared, hashed, and replaced as a whole, so never half-written."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from codegen.errors import CodegenError, shown

_AT_FDCWD, _RENAME_EXCHANGE = -100, 2
_BUILT = ("_lib", "__pycache__")
"""Folders that are made from the output and are no part of it."""


@dataclass(frozen=True)
class GeneratedFile:
    """A file to be, relative to the output folder, with `/`."""

    path: str
    content: bytes = field(repr=False)


@dataclass(frozen=True)
class FileChange:
    """One difference between what is on disk and what should be."""

    path: str
    kind: str
    """`new`, `changed` or `removed`."""
    old: bytes | None
    new: bytes | None


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def digests(folder: Path, paths: Iterable[str]) -> dict[str, str | None]:
    """sha256 of each file below `folder`; None where there is none."""
    return {path: _digest_of(folder / path) for path in paths}


def compare(folder: Path, files: Iterable[GeneratedFile], owned: Iterable[str]) -> list[FileChange]:
    """What writing `files` would change; files of an earlier run (`owned`) that are no more go."""
    wanted = {file.path: file.content for file in files}
    changes = []
    for path, content in wanted.items():
        current = _read(folder / path)
        if current != content:
            changes.append(
                FileChange(path, "new" if current is None else "changed", current, content)
            )
    for path in owned:
        if path not in wanted and (current := _read(folder / path)) is not None:
            changes.append(FileChange(path, "removed", current, None))
    return sorted(changes, key=lambda change: change.path)


@contextlib.contextmanager
def exclusive(folder: Path, on_wait: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Hold the project while reading and writing its output; a second run says so and waits."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            on_wait()
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def apply(folder: Path, changes: Iterable[FileChange]) -> None:
    """Make the changes at once: a copy of the folder is changed, then takes the folder's place.

    A run that is killed leaves either the old folder or the new one, and at most a scratch folder
    beside it that the next run removes. Call it inside `exclusive`, after `recover`. Raises
    `CodegenError` when the system refuses; then the folder is as it was.
    """
    folder = folder.resolve()
    staging = _staging(folder)
    try:
        _stage(staging, folder, changes)
        _take_place(staging, folder)
    except (OSError, shutil.Error) as error:
        raise CodegenError(
            f"{shown(folder)} cannot be written: {_reason(error)}",
            hint=f"make {shown(folder.parent)} writable, with room for a copy; "
            f"{folder.name} must be an ordinary folder",
        ) from error
    finally:
        _remove(staging)


def recover(folder: Path) -> None:
    """Finish or undo what a killed run left. Call it inside `exclusive`."""
    folder = folder.resolve()
    staging, backup = _staging(folder), _backup(folder)
    if not folder.exists() and backup.exists():
        backup.rename(folder)
    for leftover in (staging, backup):
        if leftover.exists():
            _remove(leftover)


def _staging(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.new")


def _backup(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.old")


def _stage(staging: Path, folder: Path, changes: Iterable[FileChange]) -> None:
    """The folder as it will be. Unchanged files are links: a change makes a file, writes none."""
    if folder.exists():
        shutil.copytree(folder, staging, copy_function=_link, symlinks=True)
    else:
        staging.mkdir(parents=True)
    places = [(staging / change.path, change) for change in changes]
    for path, change in places:
        if change.old is not None or path.is_symlink():
            path.unlink()
    _remove_empty_folders(staging)
    for path, change in places:
        if change.new is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(change.new)


def _take_place(staging: Path, folder: Path) -> None:
    """Swap two folders in one step where the system can, else in two that `recover` completes."""
    if not folder.exists():
        staging.rename(folder)
        return
    if _exchange(staging, folder):
        return
    backup = _backup(folder)
    folder.rename(backup)
    try:
        staging.rename(folder)
    except OSError:
        backup.rename(folder)
        raise
    _remove(backup)


def _remove(folder: Path) -> None:
    """With the folders in it that are not writable, as a copy of such a folder is."""
    for path, _, _ in os.walk(folder):
        with contextlib.suppress(OSError):
            os.chmod(path, 0o700)
    shutil.rmtree(folder, ignore_errors=True)


def _reason(error: OSError) -> str:
    """The system's words and the path; of several, as copytree collects them, the first."""
    if isinstance(error, shutil.Error):
        return str(error.args[0][0][2])
    path = f": {shown(str(error.filename))}" if error.filename else ""
    return f"{error.strerror}{path}"


def _exchange(first: Path, second: Path) -> bool:
    """Linux's renameat2 with RENAME_EXCHANGE; False where it is not to be had."""
    import ctypes  # which a run that writes nothing does without

    library = ctypes.CDLL(None, use_errno=True)
    renameat2 = getattr(library, "renameat2", None)
    if renameat2 is None:
        return False
    result: int = renameat2(
        _AT_FDCWD, os.fsencode(first), _AT_FDCWD, os.fsencode(second), _RENAME_EXCHANGE
    )
    return result == 0


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def _remove_empty_folders(folder: Path) -> None:
    for path, _, _ in os.walk(folder, topdown=False):
        if path != str(folder) and not os.listdir(path):
            os.rmdir(path)


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None


def _digest_of(path: Path) -> str | None:
    content = _read(path)
    return None if content is None else digest(content)


def unknown_files(folder: Path, known: Mapping[str, object]) -> list[str]:
    """Files below `folder` that no run has written, sorted."""
    found = []
    for path, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in _BUILT]
        relative = Path(path).relative_to(folder)
        found += [(relative / name).as_posix() for name in names]
    return sorted(path for path in found if path not in known)
