"""Which kernel files import which, by what their source says."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from pathlib import Path, PurePosixPath


def with_importers(folder: Path, files: Collection[str], chosen: Collection[str]) -> set[str]:
    """Some of the files below the kernels folder, and all that import one of these."""
    imported = {file: set(_imported(folder, file)) & {*files} for file in files}
    found, before = set(chosen), 0
    while len(found) > before:
        before = len(found)
        found |= {file for file, names in imported.items() if names & found}
    return found


def _imported(folder: Path, file: str) -> Iterator[str]:
    """Where what a file imports would be, if it is there. One that does not parse imports nothing:
    it is an error as soon as it is read."""
    try:
        tree = ast.parse((folder / file).read_bytes())
    except (SyntaxError, ValueError):
        return
    package = (folder.name, *PurePosixPath(file).parent.parts)
    for node in ast.walk(tree):
        for module in _modules(node, package):
            first, *parts = module.split(".")
            if first == folder.name:
                yield from (
                    "/".join([*parts[:end], "__init__.py"]) for end in range(len(parts) + 1)
                )
                yield "/".join(parts) + ".py"


def _modules(node: ast.AST, package: tuple[str, ...]) -> list[str]:
    """The modules that a statement imports; of names in them, the modules they may be."""
    match node:
        case ast.Import(names=names):
            return [alias.name for alias in names]
        case ast.ImportFrom(module=module, names=names, level=level):
            above = package[: len(package) - level + 1] if level else ()
            base = ".".join([*above, *([module] if module else [])])
            return [base, *(f"{base}.{alias.name}" for alias in names)]
    return []
