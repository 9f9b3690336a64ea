"""The comment beside each parameter of a kernel, read from its source with libcst."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable

import libcst


def parameter_comments(function: Callable[..., object]) -> dict[str, str]:
    """The text of `# ...` after each parameter of `function` that has one."""
    try:
        source = textwrap.dedent(inspect.getsource(function))
        module = libcst.parse_module(source)
    except (OSError, TypeError, libcst.ParserSyntaxError):
        return {}
    definition = next((s for s in module.body if isinstance(s, libcst.FunctionDef)), None)
    if definition is None:
        return {}
    parameters = definition.params
    nodes = [*parameters.posonly_params, *parameters.params, *parameters.kwonly_params]
    comments = {node.name.value: _comment(node) for node in nodes}
    return {name: text for name, text in comments.items() if text}


def _comment(parameter: libcst.Param) -> str:
    """Black puts it after the comma; a last parameter without a comma carries it itself."""
    after = (
        parameter.comma.whitespace_after
        if isinstance(parameter.comma, libcst.Comma)
        else parameter.whitespace_after_param
    )
    if not isinstance(after, libcst.ParenthesizedWhitespace):
        return ""
    comment = after.first_line.comment
    return "" if comment is None else comment.value.lstrip("#").strip()
