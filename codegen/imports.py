"""Which kernel files import which, and what beside them, by what their source says."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from codegen.ordinary import read_file

if TYPE_CHECKING:
    import ast


def with_importers(folder: Path, files: Collection[str], chosen: Collection[str]) -> set[str]:
    """Some of the files below the kernels folder, and all that import one of these."""
    imported = {file: set(_imported(folder, file)) & {*files} for file in files}
    found, before = set(chosen), 0
    while len(found) > before:
        before = len(found)
        found |= {file for file, names in imported.items() if names & found}
    return found


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
        if not mentioned.search(read_file(path)):
            continue  # to parse every file would be most of a run without changes
        for module in _imported_by(path, path.parent.relative_to(top).parts):
            if module.partition(".")[0] in names:
                fresh = {top / place for place in _places(module.split("."))} - found
                new = {place for place in fresh if place.is_file()}
                found |= new
                waiting += new
    return found


def _imported(folder: Path, file: str) -> Iterator[str]:
    """Where what a file imports would be, if it is there, of the kernels folder."""
    package = (folder.name, *PurePosixPath(file).parent.parts)
    for module in _imported_by(folder / file, package):
        first, *parts = module.split(".")
        if first == folder.name:
            yield "__init__.py"
            yield from _places(parts)


def _places(parts: Sequence[str]) -> Iterator[str]:
    """Where a module would be, and the packages that it is in."""
    yield from ("/".join([*parts[: end + 1], "__init__.py"]) for end in range(len(parts)))
    yield "/".join(parts) + ".py"


def _imported_by(path: Path, package: tuple[str, ...]) -> Iterator[str]:
    """The modules that a file may import. One that does not parse imports nothing: it is an error
    as soon as it is read."""
    import ast  # which a run without changes does without

    try:
        tree = ast.parse(read_file(path))
    except (SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        yield from (module for module in _modules(node, package) if module)


def _modules(node: ast.AST, package: tuple[str, ...]) -> list[str]:
    """The modules that a statement imports; of names in them, the modules they may be."""
    import ast

    match node:
        case ast.Import(names=names):
            return [alias.name for alias in names]
        case ast.ImportFrom(module=module, names=names, level=level):
            above = package[: len(package) - level + 1] if level else ()
            base = ".".join([*above, *([module] if module else [])])
            return [base, *(f"{base}.{alias.name}" for alias in names)]
    return []
