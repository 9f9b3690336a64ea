"""What a kernel is called in its module, `kernel`, `Class.kernel` or `TABLE["relu"]`."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from typing import Any

_DEEPEST = 3
"""Containers in one another that are looked through."""


def is_name(text: str) -> bool:
    """Whether it names an object by attributes and constant subscripts alone."""
    try:
        node = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError):
        return False
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        if isinstance(node, ast.Subscript) and not isinstance(node.slice, ast.Constant):
            return False
        node = node.value
    return isinstance(node, ast.Name)


def first_of(name: str) -> str:
    """The module's own name in it."""
    found = re.match(r"\s*(\w+)", name)
    return found[1] if found else name


def object_at(owner: Any, name: str) -> Any:
    """Raises AttributeError, KeyError, IndexError or TypeError where there is none."""
    return _at(owner, ast.parse(name, mode="eval").body)


def _at(owner: Any, node: ast.expr) -> Any:
    if isinstance(node, ast.Attribute):
        return getattr(_at(owner, node.value), node.attr)
    if isinstance(node, ast.Subscript):
        return _at(owner, node.value)[ast.literal_eval(node.slice)]
    assert isinstance(node, ast.Name)
    return getattr(owner, node.id)


def held(name: str, value: Any, depth: int = 0) -> Iterator[tuple[str, Any]]:
    """The object of a name, and those that dicts, lists and tuples in it hold, with their names."""
    yield name, value
    if depth == _DEEPEST:
        return
    if isinstance(value, Mapping):
        pairs = [(key, one) for key, one in value.items() if isinstance(key, (str, int))]
    elif isinstance(value, (list, tuple)):
        pairs = list(enumerate(value))
    else:
        return
    for key, one in pairs:
        yield from held(f"{name}[{key!r}]", one, depth + 1)
