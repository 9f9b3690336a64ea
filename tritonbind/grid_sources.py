"""The functions that launches take their grid from, and what these say."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator
from types import CodeType
from typing import Any


def code_of(function: Any) -> CodeType | type:
    """What functions of the same text share: their code, or the type of what is no function."""
    return getattr(function, "__code__", None) or type(function)


def source_of(function: Any) -> str:
    """The text of a function, of a lambda from that word on; else the name of its type."""
    code = getattr(function, "__code__", None)
    if code is None:
        return type(function).__qualname__
    try:
        text = textwrap.dedent(inspect.getsource(function)).strip()
    except (OSError, TypeError, SyntaxError):
        return str(code.co_qualname)
    if code.co_name != "<lambda>":
        return text
    found = list(_lambdas(text))
    return found[0] if len(found) == 1 else text


def _lambdas(text: str) -> Iterator[str]:
    """Those in the first lines of a statement, which need not be whole."""
    for candidate in (text, f"({text}", f"({text})", f"{text}\n)"):
        try:
            tree = ast.parse(candidate)
        except SyntaxError:
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Lambda):
                yield ast.get_source_segment(candidate, node) or text
        return


def ints_of(function: Any) -> Iterator[tuple[str, int]]:
    """The ints that a function reads from outside, by name."""
    code = getattr(function, "__code__", None)
    if code is None:
        return
    for name in code.co_names:
        value = function.__globals__.get(name)
        if type(value) is int:
            yield name, value
    for name, cell in zip(code.co_freevars, function.__closure__ or (), strict=True):
        try:
            value = cell.cell_contents
        except ValueError:  # not yet assigned
            continue
        if type(value) is int:
            yield name, value
