"""The output folder: compared, hashed, and replaced as a whole, so never half-written."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from codegen.model.errors import CodegenError, shown
from codegen.model.generated_file import GeneratedFile, digest
from codegen.model.paths import read_if_file, stands_at
from codegen.project import folders

_AT_FDCWD, _RENAME_EXCHANGE = -100, 2
_BUILT = ("_lib", "__pycache__")
"""Folders that are made from the output and are no part of it."""


@dataclass(frozen=True)
class FileChange:
    """One difference between what is on disk and what should be."""

    path: str
    kind: str
    """`new`, `changed` or `removed`."""
    old: bytes | None
    new: bytes | None


def digests(folder: Path, paths: Iterable[str]) -> dict[str, str | None]:
    """sha256 of each file below `folder`; None where there is none."""
    return {path: _digest_of(folder / path) for path in paths}


def compare(folder: Path, files: Iterable[GeneratedFile], owned: Iterable[str]) -> list[FileChange]:
    """What writing `files` would change; files of an earlier run (`owned`) that are no more go."""
    wanted = {file.path: file.content for file in files}
    changes = []
    for path, content in wanted.items():
        current = read_if_file(folder / path)
        if current != content:
            changes.append(
                FileChange(path, "new" if current is None else "changed", current, content)
            )
    for path in owned:
        if path not in wanted and (current := read_if_file(folder / path)) is not None:
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


def apply(
    folder: Path,
    changes: Sequence[FileChange],
    check: Callable[[Path], None] = lambda staging: None,
) -> None:
    """Make the changes at once: a copy of the folder is changed, then takes the folder's place,
    unless `check` of the copy raises.

    A run that is killed leaves either the old folder or the new one, and at most a scratch folder
    beside it that the next run removes. Call it inside `exclusive`, after `recover`. Raises
    `CodegenError` when the system refuses; then the folder is as it was, or the error says that
    only the scratch folder stays.
    """
    folder = _real(folder)
    staging = _staging(folder)
    try:
        try:
            _refuse_links(folder, changes)
            _stage(staging, folder, changes)
            check(staging)
            _take_place(staging, folder)
        except BaseException:
            with contextlib.suppress(OSError):  # the next run cannot either, and says so
                folders.remove(staging)
            raise
    except OSError as error:
        reason = _reason(error).replace(staging.name, folder.name)
        raise CodegenError(
            f"{shown(folder)} cannot be written: {reason}",
            hint=f"make {shown(folder.parent)} writable, with room for a copy; "
            f"{folder.name} must be an ordinary folder",
        ) from error
    _clear(staging, f"{shown(folder)} is written, and ")


def recover(folder: Path) -> None:
    """Finish or undo what a killed run left. Call it inside `exclusive`.

    Raises `CodegenError` for what cannot be removed: the run that follows could not write.
    """
    folder = _real(folder)
    staging, backup = _staging(folder), _backup(folder)
    if not folder.exists() and backup.is_dir() and not backup.is_symlink():
        backup.rename(folder)
    for leftover in (staging, backup):
        _clear(leftover)


def _real(folder: Path) -> Path:
    """Where the output folder is. It may be a link: it stays one, and what it leads to changes."""
    if folder.is_symlink() and not folder.exists():
        raise CodegenError(
            f"{shown(folder)} is a link to nothing",
            hint="make the folder that it leads to, or remove it",
        )
    return folder.resolve()


def _clear(leftover: Path, before: str = "") -> None:
    try:
        folders.remove(leftover)
    except OSError as error:
        raise CodegenError(
            f"{before}{shown(leftover)} cannot be removed: {_reason(error)}",
            hint="remove it; each run that writes needs that name for a while",
        ) from error


def _staging(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.new")


def _backup(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.old")


def _refuse_links(folder: Path, changes: Iterable[FileChange]) -> None:
    """Folders in the output that are links: what they lead to is none of a run's business."""
    parents = {parent for change in changes for parent in PurePosixPath(change.path).parents}
    for parent in sorted(parents):
        if parent.parts and (folder / parent).is_symlink():
            raise CodegenError(
                f"{shown(folder / parent)} is a link, and no run writes through one",
                hint="put a folder in its place",
            )


def _stage(staging: Path, folder: Path, changes: Iterable[FileChange]) -> None:
    """The folder as it will be. Unchanged files are links: a change makes a file, writes none."""
    if folder.exists():
        folders.copy(folder, staging)
    else:
        staging.mkdir()
    places = [(staging / change.path, change) for change in changes]
    for path, change in places:
        if change.old is not None or path.is_symlink():
            path.unlink()
    folders.remove_empty(staging)
    for path, change in places:
        if change.new is not None:
            if os.path.lexists(path):
                raise CodegenError(
                    f"{shown(folder / change.path)} is {stands_at(path)}, where a file must be",
                    hint="move it elsewhere",
                )
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
    except BaseException:
        backup.rename(folder)
        raise
    _clear(backup, f"{shown(folder)} is written, and ")


def _reason(error: OSError) -> str:
    """The system's words and the path; of several, as copytree collects them, the first."""
    if isinstance(error, shutil.Error) and isinstance(error.args[0], list):
        return str(error.args[0][0][2])
    path = f": {shown(str(error.filename))}" if error.filename else ""
    return f"{error.strerror or error}{path}"


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


def _digest_of(path: Path) -> str | None:
    content = read_if_file(path)
    return None if content is None else digest(content)


def unknown_files(folder: Path, known: Mapping[str, object]) -> list[str]:
    """Files below `folder` that no run has written, sorted."""
    found = []
    for path, below, names in os.walk(folder):
        below[:] = [name for name in below if name not in _BUILT]
        relative = Path(path).relative_to(folder)
        found += [(relative / name).as_posix() for name in names]
    return sorted(path for path in found if path not in known)
