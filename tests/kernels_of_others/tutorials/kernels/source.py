"""Kernels of Triton's own tutorials, read from its repository without running what stands around.

A tutorial launches, measures and prints while it is imported. Of its file only what its kernels
need is run: the kernels, and the imports, functions and variables that they and their decorators
read. The files are Triton's and are not in this repository.
"""

from __future__ import annotations

import ast
import os
import symtable
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

VARIABLE = "TUTORIALS_OF_TRITON"
"""The folder python/tutorials of a checkout of Triton 3.6."""
CARRIED = Path(__file__).parent.parent.parent / "packages" / "tutorials_of_triton"
"""Where `carry.py` puts the files; looked into when the variable is not set."""
PACKAGE = "tutorials_of_triton"


def folder() -> Path | None:
    """Where the tutorials are; None where they are not."""
    found = Path(os.environ.get(VARIABLE) or CARRIED).resolve()
    return found if found.is_dir() else None


def tutorial(name: str) -> ModuleType:
    """A module of the kernels of one tutorial, such as `06-fused-attention`."""
    place = folder()
    if place is None:
        raise ImportError(
            f"Triton's tutorials are not here: set {VARIABLE} to the folder python/tutorials of a "
            "checkout of Triton 3.6"
        )
    full = f"{PACKAGE}.{name.replace('-', '_')}"
    if full not in sys.modules:
        package = sys.modules.setdefault(PACKAGE, ModuleType(PACKAGE))
        package.__path__ = [str(place)]
        path = place / f"{name}.py"
        # A key is misspelt there, which Triton refuses since 3.9.
        source = path.read_text(encoding="utf-8").replace("gropup_c_ptrs", "group_c_ptrs")
        module = ModuleType(full)
        module.__file__ = str(path)
        sys.modules[full] = module
        # The lines stay as they are in the file: Triton reads the kernels' source from there.
        exec(compile(_needed(source, str(path)), str(path), "exec"), vars(module))
    return sys.modules[full]


def _needed(source: str, path: str) -> ast.Module:
    """The statements that the kernels need, in their order."""
    statements = ast.parse(source, path).body
    table = symtable.symtable(source, path, "exec")
    functions = {child.get_lineno(): child for child in table.get_children()}
    binding: dict[str, list[ast.stmt]] = {}
    for statement in statements:
        for name in _bound(statement):
            binding.setdefault(name, []).append(statement)
    todo = [one for one in statements if isinstance(one, ast.FunctionDef) and _is_kernel(one)]
    kept: set[ast.stmt] = set()
    while todo:
        statement = todo.pop()
        if statement not in kept:
            kept.add(statement)
            for name in _read(statement, functions):
                todo += binding.get(name, [])
    return ast.Module([one for one in statements if one in kept], [])


def _is_kernel(function: ast.FunctionDef) -> bool:
    return any("triton.jit" in ast.unparse(decorator) for decorator in function.decorator_list)


def _bound(statement: ast.stmt) -> Iterator[str]:
    """The variables of the module that a statement sets."""
    if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
        yield statement.name
        return
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.FunctionDef):
            yield node.name
        elif isinstance(node, ast.alias):
            yield (node.asname or node.name).partition(".")[0]


def _read(statement: ast.stmt, functions: dict[int, symtable.SymbolTable]) -> Iterator[str]:
    """The variables of the module that a statement reads, a function's body included."""
    outside: list[ast.AST] = [statement]
    if isinstance(statement, ast.FunctionDef):
        outside = [*statement.decorator_list, statement.args]
        yield from _globals(functions[statement.lineno])
    for root in outside:
        for node in ast.walk(root):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                yield node.id


def _globals(scope: symtable.SymbolTable) -> Iterator[str]:
    yield from (symbol.get_name() for symbol in scope.get_symbols() if symbol.is_global())
    for child in scope.get_children():
        yield from _globals(child)
