"""The syntax tree of a function or an expression, found from the object the user wrote."""

from __future__ import annotations

import ast
import linecache
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import CodeType, FunctionType
from typing import TypeVar

import libcst as cst
from libcst.metadata import CodeRange, MetadataWrapper, PositionProvider

from codegen.errors import CodegenError, SourceLocation

ItemT = TypeVar("ItemT")
FunctionNode = cst.Lambda | cst.FunctionDef
_LAMBDA = "<lambda>"


@dataclass(frozen=True)
class Source:
    """A parsed text, and where its parts stand."""

    path: str
    module: cst.Module
    positions: Mapping[cst.CSTNode, CodeRange]
    fixed_location: SourceLocation | None = None
    """The place of the whole text, when it is no file."""
    lines_above: int = 0
    """Lines of the file that are above what was parsed."""

    def location(self, node: cst.CSTNode) -> SourceLocation:
        if self.fixed_location or node not in self.positions:
            return self.fixed_location or SourceLocation(self.path, 1)
        start = self.positions[node].start
        return SourceLocation(self.path, start.line + self.lines_above, start.column + 1)

    def quote(self, node: cst.CSTNode) -> str:
        """The node as the user wrote it, in one line and without needless parentheses around it."""
        if isinstance(node, cst.BaseExpression) and not isinstance(node, cst.Tuple):
            node = node.with_changes(lpar=[], rpar=[])
        return " ".join(self.module.code_for_node(node).split())


def find_function(function: FunctionType) -> tuple[Source, FunctionNode]:
    """Where `function` was written; its bytecode proves that the file still says the same."""
    code = function.__code__
    where = SourceLocation(code.co_filename, code.co_firstlineno)
    linecache.checkcache(code.co_filename)
    lines = linecache.getlines(code.co_filename, function.__globals__)
    if not lines:
        raise CodegenError(
            f"the source of `{code.co_name}` cannot be read from {code.co_filename}",
            where=where,
            hint="it is translated from its source; write it in a file",
        )
    text = "".join(lines)
    tree, codes = _compiled(code.co_filename, text)
    if not any(_is_same(code, compiled) for compiled in codes.get(code.co_firstlineno, ())):
        raise CodegenError(
            f"`{code.co_name}` is no longer what its file says",
            where=where,
            hint="the file changed after it was imported; run the command again",
        )
    above, part = _statement_at(code.co_firstlineno, code.co_name == _LAMBDA, tree, lines)
    file = _parse(code.co_filename, above, part)
    found = file.nodes.get(code.co_firstlineno, ())
    nodes = [node for node in found if _header(node) == _header(code)]
    if len(nodes) > 1:
        enclosing = [node for node in nodes if _encloses(node, code, file, lines)]
        nodes = sorted(enclosing, key=lambda node: file.source.positions[node].start.column)[-1:]
    if len(nodes) != 1:
        raise CodegenError(
            f"this line has several functions, and Python does not say which is `{code.co_name}`",
            where=where,
            hint="put them on separate lines",
        )
    return file.source, nodes[0]


def body_of(node: FunctionNode) -> list[cst.CSTNode]:
    """The statements of a function; a lambda has one, the return of its expression."""
    return [cst.Return(node.body)] if isinstance(node, cst.Lambda) else statements_of(node.body)


def statements_of(block: cst.BaseSuite) -> list[cst.CSTNode]:
    """The statements of a block, also where several stand in a line."""
    statements: list[cst.CSTNode] = []
    for statement in block.body:
        match statement:
            case cst.SimpleStatementLine(body=line):
                statements.extend(line)
            case _:
                statements.append(statement)
    return statements


def parse_expression(text: str, where: SourceLocation) -> tuple[Source, cst.BaseExpression]:
    try:
        node = cst.parse_expression(text.strip())
    except cst.ParserSyntaxError:
        raise CodegenError(
            f"expected an integer expression, got `{text}`",
            where=where,
            hint="write it as in Python: a name, an int, or `cdiv(n, 64)`",
        ) from None
    return Source(where.path, cst.Module([]), {}, where), node


@dataclass(frozen=True)
class _File:
    """Functions of a file, by the line that Python calls their first."""

    source: Source
    nodes: Mapping[int, Sequence[FunctionNode]]


@cache
def _compiled(path: str, text: str) -> tuple[ast.Module, Mapping[int, Sequence[CodeType]]]:
    """A file's own tree, and its functions by the line that Python calls their first."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the import has shown them
            tree = ast.parse(text, path)
            codes = list(_functions_in(compile(tree, path, "exec", dont_inherit=True)))
    except SyntaxError:
        return ast.Module([], []), {}
    return tree, _by_line(codes, lambda code: code.co_firstlineno)


@cache
def _parse(path: str, above: int, part: str) -> _File:
    """The functions of a part of a file, which is below so many lines."""
    try:
        wrapper = MetadataWrapper(cst.parse_module(part), unsafe_skip_copy=True)
    except cst.ParserSyntaxError:
        return _File(Source(path, cst.Module([]), {}), {})
    positions = wrapper.resolve(PositionProvider)
    nodes = [node for node in positions if isinstance(node, (cst.Lambda, cst.FunctionDef))]
    return _File(
        Source(path, wrapper.module, positions, lines_above=above),
        _by_line(nodes, lambda node: positions[_first_part(node)].start.line + above),
    )


def _statement_at(
    line: int, is_lambda: bool, tree: ast.Module, lines: Sequence[str]
) -> tuple[int, str]:
    """How many lines are above the statement with a function at that line, and its text.

    Positions in a libcst tree are worked out for all of it at once, which takes a while: what
    stands above a kernel does without the rest of the file, and without the kernel's own body.
    """
    around = [part for part in tree.body if _first_line(part) <= line <= (part.end_lineno or 0)]
    above, last = _first_line(around[0]) - 1, around[-1].end_lineno
    kept = lines[above:last]
    function = around[0]
    if is_lambda and isinstance(function, ast.FunctionDef) and len(around) == 1:
        body = _first_line(function.body[0])
        begins_there = not lines[body - 1][: function.body[0].col_offset].strip()
        if max(line, function.lineno) < body and begins_there:
            kept = [*lines[above : body - 1], "    pass\n"]
    return above, "".join(kept)


def _first_line(statement: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(one.lineno for one in decorators)])


def _functions_in(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _functions_in(constant)


def _by_line(items: Sequence[ItemT], line_of: Callable[[ItemT], int]) -> dict[int, list[ItemT]]:
    lines: dict[int, list[ItemT]] = {}
    for item in items:
        lines.setdefault(line_of(item), []).append(item)
    return lines


def _first_part(node: FunctionNode) -> cst.CSTNode:
    return node.decorators[0] if isinstance(node, cst.FunctionDef) and node.decorators else node


def _header(function: FunctionNode | CodeType) -> tuple[str, ...]:
    """The name, and the parameters in Python's order."""
    if isinstance(function, CodeType):
        count = function.co_argcount + function.co_kwonlyargcount
        return (function.co_name, *function.co_varnames[:count])
    name = function.name.value if isinstance(function, cst.FunctionDef) else _LAMBDA
    groups = function.params
    parameters = (*groups.posonly_params, *groups.params, *groups.kwonly_params)
    return (name, *(parameter.name.value for parameter in parameters))


def _encloses(node: FunctionNode, code: CodeType, file: _File, lines: Sequence[str]) -> bool:
    """Whether the body of a lambda holds all that Python compiled; 3.10 does not tell."""
    if sys.version_info < (3, 11) or isinstance(node, cst.FunctionDef):
        return False
    positions = file.source.positions
    start, end = positions[node.colon].end, positions[node].end
    above = file.source.lines_above
    for first_line, last_line, first_byte, last_byte in code.co_positions():
        if not first_line or not last_line or first_byte is None or not last_byte:
            continue
        first = len(lines[first_line - 1].encode()[:first_byte].decode())
        last = len(lines[last_line - 1].encode()[:last_byte].decode())
        is_before = (first_line - above, first) < (start.line, start.column)
        if is_before or (last_line - above, last) > (end.line, end.column):
            return False
    return True


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
