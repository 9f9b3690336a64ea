"""The syntax tree of a function or an expression, found from the object the user wrote."""

from __future__ import annotations

import ast
import linecache
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import CodeType, FunctionType
from typing import TypeVar

from codegen.model.errors import CodegenError, SourceLocation

ItemT = TypeVar("ItemT")
FunctionNode = ast.Lambda | ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Source:
    """A parsed text, and where its parts stand."""

    path: str
    text: str
    fixed_location: SourceLocation | None = None
    """The place of the whole text, when it is no file."""

    def location(self, node: ast.expr | ast.stmt) -> SourceLocation:
        if self.fixed_location:
            return self.fixed_location
        match node:
            case ast.Tuple(elts=[first, *_]) | ast.GeneratorExp(elt=first):
                node = first  # behind the parentheses, which not all of these have
        line = self.text.split("\n")[node.lineno - 1].encode()
        column = len(line[: node.col_offset].decode())
        return SourceLocation(self.path, node.lineno, column + 1)

    def quote(self, node: ast.expr | ast.stmt) -> str:
        """The node as the user wrote it, in one line and without needless parentheses around it."""
        text = ast.get_source_segment(self.text, node) or ""
        if isinstance(node, ast.GeneratorExp):
            text = text[1:-1]
        return " ".join(text.split())


def find_function(function: FunctionType) -> tuple[Source, FunctionNode]:
    """Where `function` was written; its bytecode proves that the file still says the same."""
    code = function.__code__
    where = SourceLocation(code.co_filename, code.co_firstlineno)
    linecache.checkcache(code.co_filename)
    text = "".join(linecache.getlines(code.co_filename, function.__globals__))
    if not text:
        raise CodegenError(
            f"the source of `{code.co_name}` cannot be read from {code.co_filename}",
            where=where,
            hint="it is translated from its source; write it in a file",
        )
    nodes, codes = _functions_of(code.co_filename, text)
    if not any(_is_same(code, compiled) for compiled in codes.get(code.co_firstlineno, ())):
        raise CodegenError(
            f"`{code.co_name}` is no longer what its file says",
            where=where,
            hint="the file changed after it was imported; run the command again",
        )
    found = [node for node in nodes[code.co_firstlineno] if _header(node) == _header(code)]
    if len(found) > 1:
        found = [node for node in found if _compiles_to(node, code)][:1]
    if len(found) != 1:
        raise CodegenError(
            f"this line has several functions, and Python does not say which is `{code.co_name}`",
            where=where,
            hint="put them on separate lines",
        )
    return Source(code.co_filename, text), found[0]


def body_of(node: FunctionNode) -> list[ast.stmt]:
    """The statements of a function; a lambda has one, the return of its expression."""
    return [ast.Return(node.body)] if isinstance(node, ast.Lambda) else node.body


def parse_expression(text: str, where: SourceLocation) -> tuple[Source, ast.expr]:
    try:
        node = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError):  # of a text with a zero byte
        raise CodegenError(
            f"expected an integer expression, got `{text}`",
            where=where,
            hint="write it as in Python: a name, an int, or `cdiv(n, 64)`",
        ) from None
    return Source(where.path, text.strip(), where), node


@cache
def _functions_of(
    path: str, text: str
) -> tuple[Mapping[int, Sequence[FunctionNode]], Mapping[int, Sequence[CodeType]]]:
    """A file's functions, as trees and compiled, by the line that Python calls their first."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the import has shown them
            tree = ast.parse(text, path)
            codes = _all_functions_in(compile(tree, path, "exec", dont_inherit=True))
            by_line = _by_line(codes, lambda code: code.co_firstlineno)
    except SyntaxError:
        return {}, {}
    nodes = (node for node in ast.walk(tree) if isinstance(node, FunctionNode))
    return _by_line(nodes, _first_line), by_line


def _all_functions_in(code: CodeType) -> Iterator[CodeType]:
    for inner in _functions_in(code):
        yield inner
        yield from _all_functions_in(inner)


def _functions_in(code: CodeType) -> list[CodeType]:
    return [constant for constant in code.co_consts if isinstance(constant, CodeType)]


def _by_line(items: Iterable[ItemT], line_of: Callable[[ItemT], int]) -> dict[int, list[ItemT]]:
    lines: dict[int, list[ItemT]] = {}
    for item in items:
        lines.setdefault(line_of(item), []).append(item)
    return lines


def _first_line(node: FunctionNode) -> int:
    decorators = [] if isinstance(node, ast.Lambda) else node.decorator_list
    return decorators[0].lineno if decorators else node.lineno


def _header(function: FunctionNode | CodeType) -> tuple[str, ...]:
    """The name, and the parameters in Python's order."""
    if isinstance(function, CodeType):
        count = function.co_argcount + function.co_kwonlyargcount
        return (function.co_name, *function.co_varnames[:count])
    name = "<lambda>" if isinstance(function, ast.Lambda) else function.name
    groups = function.args
    parameters = (*groups.posonlyargs, *groups.args, *groups.kwonlyargs)
    return (name, *(parameter.arg for parameter in parameters))


def _compiles_to(node: FunctionNode, code: CodeType) -> bool:
    """Whether a lambda, in a function that has the variables of its closure, is this code."""
    if not isinstance(node, ast.Lambda):
        return False
    variables = [ast.arg(name) for name in code.co_freevars]
    around = ast.Lambda(ast.arguments([], variables, None, [], [], None, []), node)
    tree = ast.fix_missing_locations(ast.Expression(around))
    (outer,) = _functions_in(compile(tree, "<lambda>", "eval", dont_inherit=True))
    return _is_same(code, _functions_in(outer)[-1])  # those before are its parameters' defaults


def _is_same(x: CodeType, y: CodeType) -> bool:
    if _fingerprint(x) != _fingerprint(y) or len(x.co_consts) != len(y.co_consts):
        return False
    return all(
        (
            _is_same(a, b)
            if isinstance(a, CodeType) and isinstance(b, CodeType)
            else repr(a) == repr(b)
        )
        for a, b in zip(x.co_consts, y.co_consts, strict=True)
    )


def _fingerprint(code: CodeType) -> tuple[object, ...]:
    names = code.co_name, code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars
    counts = code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount
    return (code.co_code, *names, *counts)
