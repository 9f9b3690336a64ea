"""What a kernel is made of: every function that it may call, and the values that those read."""

from __future__ import annotations

import contextlib
import dis
import hashlib
import inspect
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import CodeType, ModuleType
from typing import Any, TypeGuard

from triton.language import constexpr
from triton.runtime.jit import JITCallable

from codegen.model.constexpr_values import canonical
from codegen.model.errors import CodegenError
from codegen.model.sm_count import SmCount
from codegen.read.unreadable import unreadable


@dataclass(frozen=True)
class Callee:
    """A kernel, or a function below it, with what its code may read by dotted name."""

    function: JITCallable
    values: dict[str, object]


def reached(kernel: JITCallable) -> Sequence[Callee]:
    """The kernel and all that it may call, without what is Triton's own."""
    found: list[Callee] = []
    seen: set[int] = set()  # functions hash by Triton's key, which a factory's products may share
    waiting: list[Any] = [kernel]
    while waiting:
        function = waiting.pop()
        if id(function) in seen or _is_tritons(function):
            continue
        seen.add(id(function))
        values = dict(_read(function))
        found.append(Callee(function, values))
        parts = (value.value if _is_constexpr(value) else value for value in values.values())
        waiting += [part for part in parts if isinstance(part, JITCallable)]
    return found


def source_key(kernel: JITCallable) -> str:
    """Digest of the source that the compiler sees: Triton's own, and of what that leaves out.

    Triton's covers functions, and those variables of theirs that hold a `tl.constexpr`. It leaves
    out what modules and classes hold, and types that a factory closes over. Raises `CodegenError`
    for what no image may hold.
    """
    try:
        key: str = kernel.cache_key
    except Exception as error:
        raise unreadable(kernel, error) from error
    more = set()
    for callee in reached(kernel):
        for name, value in callee.values.items():
            if _is_constexpr(value) and isinstance(value.value, SmCount):
                raise CodegenError(
                    f"`{callee.function.__name__}` reads `{name}`, the number of SMs, which only "
                    "the device of a call has",
                    hint="make it a run-time parameter, or give it a number",
                )
            if not _needs_no_spelling(name, value):
                with contextlib.suppress(CodegenError):  # a built-in function
                    more.add((callee.function.__qualname__, name, spelt(value)))
    return hashlib.sha256(json.dumps([key, *sorted(more)]).encode()).hexdigest() if more else key


def _needs_no_spelling(name: str, value: object) -> bool:
    """Whether it is in Triton's key, or no value."""
    if isinstance(value, (JITCallable, ModuleType, type)):
        return True
    return _is_constexpr(value) and "." not in name and not isinstance(value.value, JITCallable)


def spelt(value: object) -> str:
    """A fixed spelling, also of tables and the like. Raises `CodegenError` for what has none."""
    try:
        return json.dumps(canonical(value))
    except CodegenError:
        if isinstance(value, dict):
            return f"dict {sorted((_part(key), _part(held)) for key, held in value.items())}"
        if isinstance(value, (set, frozenset)):
            return f"set {sorted(map(_part, value))}"
        if isinstance(value, (list, tuple)):
            return f"list {[*map(_part, value)]}"
        raise


def _part(value: object) -> str:
    try:
        return spelt(value)
    except CodegenError:
        return type(value).__name__


def _is_constexpr(value: object) -> TypeGuard[Any]:
    return isinstance(value, constexpr)


def _read(function: JITCallable) -> Iterator[tuple[str, object]]:
    """What a function's code may read: variables, and parts of modules, classes and objects."""
    variables, parts = _names(function.fn.__code__)
    scope = function.get_capture_scope()
    waiting = [(name, scope[name]) for name in sorted(variables) if name in scope]
    seen: set[int] = set()
    for name, value in waiting:
        yield name, value
        if _has_parts(value) and id(value) not in seen:
            seen.add(id(value))
            if not _is_tritons(value):
                held = ((part, inspect.getattr_static(value, part, None)) for part in sorted(parts))
                waiting += [(f"{name}.{part}", _plain(found)) for part, found in held]


def _has_parts(value: object) -> bool:
    if isinstance(value, (ModuleType, type)):
        return True
    if isinstance(value, (JITCallable, constexpr, dict)) or not hasattr(value, "__dict__"):
        return False
    try:
        canonical(value)
    except CodegenError:
        return True
    return False


def _plain(value: Any) -> object:
    return value.__func__ if isinstance(value, staticmethod) else value


def _names(code: CodeType) -> tuple[set[str], set[str]]:
    """The variables that code reads from outside, and the names of the attributes."""
    variables, parts = set(code.co_freevars), set()
    for instruction in dis.get_instructions(code):
        if instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
            variables.add(instruction.argval)
        elif instruction.opname in ("LOAD_ATTR", "LOAD_METHOD"):
            parts.add(instruction.argval)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            inner = _names(constant)
            variables, parts = variables | inner[0], parts | inner[1]
    return variables, parts


def _is_tritons(value: Any) -> bool:
    """Its version is recorded, and stands for all of it."""
    name = value.__name__ if isinstance(value, ModuleType) else getattr(value, "__module__", "")
    return str(name).partition(".")[0] == "triton"
