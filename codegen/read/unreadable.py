"""Why Triton cannot read a kernel: most often the kernel calls a plain Python function."""

from __future__ import annotations

import ast
import sys
import textwrap
from collections.abc import Iterator
from types import BuiltinFunctionType, FunctionType, TracebackType
from typing import Any

from triton.runtime.jit import JITCallable

from codegen.model.errors import CodegenError, SourceLocation, told


def unreadable(kernel: JITCallable, error: Exception) -> CodegenError:
    """At the place that Triton was reading, in the kernel or in what it calls."""
    function, node, found = kernel, None, None
    for variables in _variables(error.__traceback__):
        if isinstance(variables.get("self"), JITCallable):
            function, node = variables["self"], None
        read = variables.get("node")
        node = read if isinstance(read, ast.expr) else node
        found = variables.get("val", found)
    if node is None or found is None or "Unsupported function" not in str(error):
        text = f"Triton cannot read `{function.__name__}`: {told(error)}"
        return CodegenError(text, where=None if node is None else place_of(function, node))
    what, hint = _described(found)
    line = textwrap.shorten(line_of(function.src, node), 80, placeholder=" ...")
    return CodegenError(
        f"`{function.__name__}` uses `{ast.unparse(node)}`, which is {what}, in `{line}`",
        where=place_of(function, node),
        hint=hint,
    )


def place_of(function: JITCallable, node: Any) -> SourceLocation:
    """Where a part of a function's tree, as Triton parses it, stands in its file."""
    row = function.def_file_line_number + node.lineno - 1
    return SourceLocation(function.file_name, row, function.def_file_col_number + node.col_offset)


def line_of(source: str, node: Any) -> str:
    """The line of a function's source on which a part of its tree begins."""
    return str(source.splitlines()[node.lineno - 1].strip())


def _variables(trace: TracebackType | None) -> Iterator[dict[str, Any]]:
    """Those of each frame, from the outermost on."""
    while trace is not None:
        yield trace.tb_frame.f_locals
        trace = trace.tb_next


def _described(found: object) -> tuple[str, str]:
    """What a kernel cannot call, and the remedy."""
    other = "use what triton.language has for it, or write a @triton.jit function"
    if isinstance(found, BuiltinFunctionType):
        return "a function of Python's own", other
    if not isinstance(found, FunctionType):
        return f"an object of type {type(found).__name__}", other
    if found.__name__ == "<lambda>":
        return "a lambda", "write it as a def with @triton.jit above it"
    code = found.__code__
    if "site-packages" in code.co_filename or found.__module__ in sys.stdlib_module_names:
        return f"a plain Python function of {found.__module__}", other
    where = SourceLocation(code.co_filename, code.co_firstlineno)
    return "a plain Python function", f"put @triton.jit above `{found.__name__}`, at {where}"
