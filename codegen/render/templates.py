"""The templates: how they are found, and their filters. No other module touches them."""

from __future__ import annotations

import functools
import textwrap
from collections.abc import Mapping

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from codegen.model.resources import TEMPLATES
from codegen.model.visible import visible
from codegen.render.c_lines import LINE_LENGTH
from codegen.render.python_view import PythonFunction
from codegen.variants.c_literals import c_string

RUNTIME = TEMPLATES / "runtime"


def text_of(template: str, context: Mapping[str, object]) -> str:
    """What the template makes of the context, as it stands there."""
    return _environment().get_template(template).render(context)


@functools.cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=lambda value: visible(value) if isinstance(value, str) else value,
    )
    environment.filters["c_string"] = c_string
    environment.filters["c_comment"] = _c_comment
    environment.filters["docstring"] = _docstring
    environment.filters["docstring_text"] = _docstring_text
    return environment


def _docstring(function: PythonFunction) -> str:
    """The function's docstring as a literal, indented for a function's body."""
    lines = list(function.doc)
    lines += ["", "Args:"]
    for argument in function.arguments:
        lines += _wrapped(f"{argument.name}: {argument.doc}")
    lines += _wrapped(
        "stream: a CUDA stream (object, handle or address); None: the current "
        "stream of TVM FFI's environment for the tensors' device, which under torch is torch's."
    )
    lines += [
        "",
        "Raises:",
        "    TypeError: an argument of the wrong kind or dtype.",
        "    ValueError: out of range, misaligned, too small, or on the wrong device.",
        "    RuntimeError: CUDA failed, or the library holds no image for the device.",
    ]
    body = textwrap.indent("\n".join(lines), "    ", lambda line: line.strip() != "").lstrip()
    return f'"""{_docstring_text(body)}\n    """'


def _docstring_text(text: str) -> str:
    """`text` as it stands between the quotes of a docstring."""
    return visible(text).replace("\\", "\\\\").replace('"""', '\\"\\"\\"')


def _c_comment(text: str) -> str:
    """`text` as it stands in a comment."""
    return visible(text).replace("*/", "* /").replace("/*", "/ *")


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, LINE_LENGTH - 4, initial_indent="    ", subsequent_indent="        ")
