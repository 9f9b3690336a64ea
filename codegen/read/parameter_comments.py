"""The comment beside each parameter of a kernel, read from its source."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable


def parameter_comments(function: Callable[..., object]) -> dict[str, str]:
    """The text of `# ...` after each parameter of `function` that has one."""
    try:
        source = textwrap.dedent(inspect.getsource(function))
        tree = ast.parse(source)
    except (OSError, TypeError, SyntaxError):
        return {}
    definition = next((part for part in tree.body if isinstance(part, ast.FunctionDef)), None)
    if definition is None:
        return {}
    groups = definition.args
    positional = [*groups.posonlyargs, *groups.args]
    missing = [None] * (len(positional) - len(groups.defaults))
    defaults = [*missing, *groups.defaults, *groups.kw_defaults]
    lines = source.split("\n")
    found = {}
    for parameter, default in zip([*positional, *groups.kwonlyargs], defaults, strict=True):
        last = default or parameter
        line = lines[(last.end_lineno or 0) - 1].encode()[last.end_col_offset :].decode()
        behind = line.lstrip("), \t")
        if behind.startswith("#"):
            found[parameter.arg] = behind.lstrip("#").strip()
    return {name: text for name, text in found.items() if text}
