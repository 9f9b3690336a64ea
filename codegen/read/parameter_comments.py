"""The comment beside each parameter of a kernel, read from the tokens of its source."""

from __future__ import annotations

import ast
import inspect
import io
import itertools
import textwrap
import tokenize
from collections.abc import Callable, Iterator


def parameter_comments(function: Callable[..., object]) -> dict[str, str]:
    """The text of `# ...` after each parameter of `function` that has one."""
    try:
        source = textwrap.dedent(inspect.getsource(function))
        (definition,) = ast.parse(source).body
        tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    except (OSError, TypeError, ValueError, SyntaxError, tokenize.TokenError):
        return {}
    if not isinstance(definition, ast.FunctionDef):
        return {}
    found = {}
    for name, last in _parameters(definition.args):
        line = source.split("\n")[(last.end_lineno or 1) - 1].encode()
        end = last.end_lineno, len(line[: last.end_col_offset].decode())
        if text := _comment(token for token in tokens if token.start >= end):
            found[name] = text
    return found


def _parameters(arguments: ast.arguments) -> Iterator[tuple[str, ast.arg | ast.expr]]:
    """Each parameter's name and its last part: the default, or else itself with its annotation."""
    positional = [*arguments.posonlyargs, *arguments.args]
    defaults = [None] * (len(positional) - len(arguments.defaults)) + [*arguments.defaults]
    for parameter, default in itertools.chain(
        zip(positional, defaults, strict=True),
        zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True),
    ):
        yield parameter.arg, default or parameter


def _comment(after: Iterator[tokenize.TokenInfo]) -> str:
    """What stands behind the parameter's comma, on its line; behind itself where it has none."""
    beside = None
    for token in after:
        if token.string == ",":
            return _text(next(after))
        if token.string != ")":
            beside = _text(token) if beside is None else beside
            if token.type not in (tokenize.COMMENT, tokenize.NL):
                break
    return beside or ""


def _text(token: tokenize.TokenInfo) -> str:
    return token.string.lstrip("#").strip() if token.type == tokenize.COMMENT else ""
