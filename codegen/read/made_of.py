"""What a kernel is after one import of its file, value by value, so that two can be compared."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from triton.runtime.jit import JITCallable, JITFunction

from codegen.model.constexpr_values import is_plain, without_constexpr
from codegen.model.declaration import Declaration
from codegen.model.errors import CodegenError
from codegen.model.kernel import MadeOf
from codegen.read.callees import reached, source_key, spelt
from codegen.read.loading import unwrapped

_DECLARED = ("types", "constexprs", "shapes")
_LISTED = ("options", "targets", "cases", "configs", "tuned", "hooks")


def made_of(declaration: Declaration) -> MadeOf:
    """Of the kernel below a declaration, as this process imported it.

    Raises `CodegenError` for what no image may hold.
    """
    function, decorators = unwrapped(declaration)
    parts = {**dict(_of_code(function)), **dict(_of_declaration(declaration))}
    parts |= {f"default of `{p.name}`": _text(p.default) for p in function.params if p.has_default}
    for decorator in decorators:
        for number, configuration in enumerate(getattr(decorator, "configs", None) or ()):
            given = {**vars(configuration), **configuration.kwargs}
            given.pop("kwargs", None)
            for name, value in given.items():
                parts[f"`{name}` of configuration {number}"] = _text(value)
    key = hashlib.sha256(json.dumps([source_key(function), sorted(parts.items())]).encode())
    return MadeOf(tuple(parts.items()), key.hexdigest())


def _of_code(function: JITFunction[Any]) -> Iterator[tuple[str, str]]:
    for callee in reached(function):
        called = callee.function
        yield f"source of `{called.fn.__qualname__}`", _text(called.src)
        for name, value in callee.values.items():
            if not isinstance(value, JITCallable):
                yield f"`{name}`", _text(value)


def _of_declaration(declaration: Declaration) -> Iterator[tuple[str, str]]:
    for what in _DECLARED:
        mapping = getattr(declaration, what)
        for name, value in mapping.items() if isinstance(mapping, Mapping) else ():
            yield f"{what.removesuffix('s')} of `{name}`", _text(value)
    for what in _LISTED:
        yield what, _text(getattr(declaration, what))
    yield "launches", _text(repr(declaration.launches))


def _text(value: object) -> str:
    """As people write it, where that is the same in every process, and else a digest."""
    value = without_constexpr(value)
    try:
        text = repr(value) if is_plain(value) else spelt(value)
    except CodegenError:
        return type(value).__name__
    return text if len(text) <= _LONGEST else hashlib.sha256(text.encode()).hexdigest()[:16]


_LONGEST = 60
