"""The project's own prefix in the names of generated C, instead of tritonbind's.

Then every name that a linker or a preprocessor sees begins with the prefix, so that two projects
fit into one program.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from codegen.model.identifiers import RUNTIME

DEFAULT = "tritonbind"

_OURS = re.compile(rf"\b({'|'.join(spelt for name in RUNTIME for spelt in (name, name.upper()))})_")
_INCLUDE = re.compile(r'(^#include "[^"]*")', re.MULTILINE)
_TOKEN = re.compile(r'"(?:\\.|[^"\\])*"|/\*.*?\*/|\b[A-Za-z_]\w*', re.DOTALL)


def external(name: str, prefix: str) -> str:
    """The name outside its file of what is called `name` in C."""
    return f"{prefix}_{name}" if prefix else name


def in_runtime(text: str, prefix: str) -> str:
    """A file of the runtime, whose names are ours, with those of a project."""
    if not prefix:
        return text
    parts = _INCLUDE.split(text)
    return "".join(
        (
            part
            if part.startswith("#include")
            else _OURS.sub(lambda found: _of(found[1], prefix), part)
        )
        for part in parts
    )


def in_module(text: str, prefix: str, externals: Collection[str], taken: Collection[str]) -> str:
    """A generated C file with the names of a project; strings and comments stay.

    A kernel's own name that is one of those that its runtime has, `taken`, and is none of those in
    `externals`, gets a `_` at its end.
    """
    if not prefix:
        return text

    def rename(found: re.Match[str]) -> str:
        token = found[0]
        if token in externals or token[0] in '"/':
            return token
        if token in taken and not _OURS.match(token):
            return f"{token}_"
        return _OURS.sub(lambda start: _of(start[1], prefix), token)

    return _TOKEN.sub(rename, text)


def names_in_runtime(text: str, prefix: str) -> set[str]:
    """The names of a project in a file of its runtime."""
    return {
        in_runtime(name, prefix) for name in re.findall(r"\b[A-Za-z]\w*", text) if _OURS.match(name)
    }


def _of(ours: str, prefix: str) -> str:
    start = prefix.upper() if ours.isupper() else prefix
    return f"{start}_{ours}_" if ours.lower() == "tb" else f"{start}_"
