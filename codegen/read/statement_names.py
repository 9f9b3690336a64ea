"""The names that a module's statements bind and read, found without running them."""

from __future__ import annotations

import ast
import symtable
from collections.abc import Iterator


def bound(statement: ast.stmt) -> Iterator[str]:
    """The names that a statement of a module binds, also those within its blocks."""
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        yield statement.name
    elif isinstance(statement, (ast.Import, ast.ImportFrom)):
        for alias in statement.names:
            yield alias.asname or alias.name.partition(".")[0]
    elif not _is_script(statement):
        for node in ast.iter_child_nodes(statement):
            if isinstance(node, ast.stmt):
                yield from bound(node)
            else:
                yield from _stored(node)


def _is_script(statement: ast.stmt) -> bool:
    """`if __name__ == "__main__":`"""
    names = ast.walk(statement.test) if isinstance(statement, ast.If) else ()
    return any(isinstance(node, ast.Name) and node.id == "__name__" for node in names)


def _stored(tree: ast.AST) -> Iterator[str]:
    if isinstance(tree, (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)):
        return
    if isinstance(tree, ast.Name) and isinstance(tree.ctx, ast.Store):
        yield tree.id
    for node in ast.iter_child_nodes(tree):
        yield from bound(node) if isinstance(node, ast.stmt) else _stored(node)


def read(statement: ast.stmt) -> list[str]:
    """The module's names that a statement may read, wherever they stand in it: not what functions
    in it have for themselves."""
    return list(dict.fromkeys(_read_in(symtable.symtable(ast.unparse(statement), "", "exec"))))


def _read_in(scope: symtable.SymbolTable) -> Iterator[str]:
    is_module = scope.get_type() == "module"
    for symbol in scope.get_symbols():
        if symbol.is_referenced() and (is_module or symbol.is_global()):
            yield symbol.get_name()
    for inner in scope.get_children():
        yield from _read_in(inner)
