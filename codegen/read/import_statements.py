"""What a source imports by its import statements, whether they run or not."""

from __future__ import annotations

import ast
from collections.abc import Iterator


def imported_modules(source: bytes, package: tuple[str, ...]) -> Iterator[str]:
    """The modules that a source may import, which is in `package`. One that does not parse imports
    nothing: it is an error as soon as it is read."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        yield from (module for module in _modules(node, package) if module)


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
