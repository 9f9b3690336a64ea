"""Which files each kernel file imports, by what its source says."""

from __future__ import annotations

import contextlib
import fnmatch
import os
import re
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path, PurePosixPath

from codegen.model.errors import CodegenError
from codegen.model.paths import read_file


def with_importers(folder: Path, files: Collection[str], chosen: Collection[str]) -> set[str]:
    """Some of the files below the kernels folder, and all that import one of these."""
    imported = _graph(folder, files)
    found, before = set(chosen), 0
    while len(found) > before:
        before = len(found)
        found |= {file for file, names in imported.items() if names & found}
    return found


def needed_by(
    folder: Path, files: Collection[str], others: Collection[str]
) -> dict[str, frozenset[str]]:
    """The files of the project that are read for kernel files, each with the kernel files that need
    it: they import it, or mention a table by its name or a pattern. `others` as in `neighbours`."""
    imported = _graph(folder, files)
    tables = [path for path in folder.rglob("*.json") if not path.is_dir()]
    found: dict[str, set[str]] = {}
    for file in files:
        reached, waiting = {file}, [file]
        while waiting:
            fresh = imported[waiting.pop()] - reached
            reached |= fresh
            waiting += fresh
        paths = {folder / one for one in reached} | neighbours(folder, reached, others)
        text = b"".join(_source(path) for path in sorted(paths))
        paths |= {table for table in tables if _mentions(text, table.name)}
        for path in paths:
            found.setdefault(path.relative_to(folder.parent).as_posix(), set()).add(file)
    return {name: frozenset(users) for name, users in found.items()}


_PATTERN = re.compile(rb"""["'](?:[^"'\n]*/)?([^"'\n/]*[*?[][^"'\n/]*\.json)["']""")


def _mentions(text: bytes, table: str) -> bool:
    name = os.fsencode(table)
    return name in text or any(fnmatch.fnmatchcase(name, one) for one in _PATTERN.findall(text))


def _source(path: Path) -> bytes:
    """The text of a file. What cannot be read has none: whoever needs it hears of it as its digest
    is made, and who does not goes on without."""
    with contextlib.suppress(CodegenError, OSError):
        return read_file(path)
    return b""


def _graph(folder: Path, files: Collection[str]) -> dict[str, set[str]]:
    return {file: set(_imported(folder, file)) & {*files} for file in files}


def neighbours(folder: Path, files: Collection[str], others: Collection[str]) -> set[Path]:
    """The files beside the kernels folder that some of its files import, and all that these do.

    `others` are packages that lie there and are none of this.
    """
    top = folder.parent
    there = {path.stem for path in top.iterdir() if path.is_dir() or path.suffix == ".py"}
    names = {name for name in there - {folder.name, *others} if name.isidentifier()}
    mentioned = re.compile(rf"\b(?:{'|'.join(names)})\b".encode())
    found: set[Path] = set()
    waiting = [folder / file for file in files]
    while waiting and names:
        path = waiting.pop()
        if not mentioned.search(_source(path)):
            continue  # to parse every file would be most of a run without changes
        for module in _imported_by(path, path.parent.relative_to(top).parts):
            if module.partition(".")[0] in names:
                fresh = {top / place for place in _places(module.split("."))} - found
                new = {place for place in fresh if place.is_file()}
                found |= new
                waiting += new
    return found


def _imported(folder: Path, file: str) -> Iterator[str]:
    """Where what a file imports would be, if it is there, of the kernels folder; the packages that
    it is in are imported before it."""
    inside = PurePosixPath(file).parent.parts
    yield from ("__init__.py", *_packages(inside))
    package = (folder.name, *inside)
    for module in _imported_by(folder / file, package):
        first, *parts = module.split(".")
        if first == folder.name:
            yield from _places(parts)


def _places(parts: Sequence[str]) -> Iterator[str]:
    """Where a module would be, and the packages that it is in."""
    yield from _packages(parts)
    yield "/".join(parts) + ".py"


def _packages(parts: Sequence[str]) -> Iterator[str]:
    """Where a package, and those that it is in, would be."""
    return ("/".join([*parts[: end + 1], "__init__.py"]) for end in range(len(parts)))


def _imported_by(path: Path, package: tuple[str, ...]) -> Iterator[str]:
    from codegen.read.import_statements import (
        imported_modules,
    )  # and ast: not where nothing changed

    return imported_modules(_source(path), package)
