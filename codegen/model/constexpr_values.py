"""Constexpr values: their fixed spelling, and those that no other process can be handed."""

from __future__ import annotations

import dataclasses
import enum
import inspect
import json
import re
from collections.abc import Callable, Iterator, Sequence
from types import FunctionType
from typing import Any

from triton.language import constexpr, dtype

from codegen.model.declaration import own_int
from codegen.model.dtypes import dtype_name
from codegen.model.errors import CodegenError, without_addresses
from codegen.model.sm_count import SmCount
from tritonbind.kernel_identity import digest_of, is_jit_function

COMPUTED = "heuristic "
"""In a `Held.place`, before the number of a value that a heuristic gives."""
_PLAIN = (int, bool, str, bytes, type(None), float)


@dataclasses.dataclass(frozen=True)
class Held:
    """A value that stays in the process which imported it: a function, a layout, an enum."""

    text: str
    """How it prints."""
    place: tuple[str | int, ...]
    """The parameter, which of the values that it is given, and the indices within that."""
    spelling: str = dataclasses.field(compare=False)
    digest: str = dataclasses.field(default="", compare=False)
    """Of a JIT function, what it means: see `tritonbind.kernel_identity`."""
    value: object = dataclasses.field(default=None, compare=False)
    """Here alone; other processes find theirs by the place."""

    @property
    def function(self) -> str:
        """Of a JIT function its module and name, `module:name`; nothing of others."""
        found = re.fullmatch(r"JITFunction\((.+:.+)\)", self.text)
        return found[1] if found else ""

    def __reduce__(self) -> tuple[object, ...]:
        return Held, (self.text, self.place, self.spelling, self.digest)

    def __repr__(self) -> str:
        return self.text


def without_constexpr(value: object) -> object:
    """The value without `tl.constexpr` around it."""
    return value.value if isinstance(value, constexpr) else value


def held(value: object, *place: str | int) -> object:
    """`value` without `tl.constexpr` around it, and as a `Held` unless it is plain data.

    `place` is the parameter that it is for, and which of the values that this is given.
    Raises `CodegenError` where it has no fixed spelling.
    """
    value = own_int(without_constexpr(value))
    if isinstance(value, str) and not _is_text(value):
        raise CodegenError(
            f"its value {value!r} has half of a character (a lone surrogate), which is no text",
            hint="write whole characters",
        )
    if is_plain(value) and type(value) not in (tuple, list):
        return value
    if type(value) in (tuple, list):
        items = (held(item, *place, index) for index, item in enumerate(value))  # type: ignore[arg-type, var-annotated]
        return type(value)(items)  # type: ignore[call-arg]
    spelling = json.dumps(canonical(value, "its value"))
    digest = digest_of(value) if is_jit_function(value) else ""
    return Held(without_addresses(repr(value)), place, spelling, digest, value)


def _is_text(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)


def is_plain(value: object) -> bool:
    """Whether it is the same in every process. Tuples and lists are taken apart."""
    if type(value) in (tuple, list):
        return all(map(is_plain, value))  # type: ignore[call-overload]
    return type(value) in _PLAIN or isinstance(value, dtype)


def restored(value: object, given: Callable[[str, Any], Any]) -> object:
    """What `held` was told, in a process that imported it too; `given` has values by place."""
    if type(value) in (tuple, list):
        return type(value)(restored(item, given) for item in value)  # type: ignore[call-arg, attr-defined]
    if not isinstance(value, Held):
        return value
    name, which, *inner = value.place
    found = given(str(name), which)
    for index in inner:
        found = getattr(found, "value", found)[index]
    return without_constexpr(found)


def places_in(value: object) -> Iterator[tuple[str | int, ...]]:
    """Where the values in `value` that stay in a process can be had."""
    if type(value) in (tuple, list):
        for item in value:  # type: ignore[attr-defined]
            yield from places_in(item)
    elif isinstance(value, Held):
        yield value.place


def texts_of(choices: Sequence[object]) -> tuple[str | None, ...]:
    """What calls pass for choices that are not ints, bools, or strings and None: a dtype's name, a
    function's module and name, what Python prints for others. Nothing for those that are."""
    kinds = {type(choice) for choice in choices}
    fit = all(-(1 << 63) <= one < 1 << 63 for one in choices if isinstance(one, int))
    are_strings = str in kinds <= {str, type(None)} and not any("\0" in str(one) for one in choices)
    if are_strings or (kinds in ({int}, {bool}) and fit):
        return ()
    return tuple(None if choice is None else _text_of(choice) for choice in choices)


def _text_of(choice: object) -> str:
    if isinstance(choice, dtype):
        return dtype_name(choice)
    return (isinstance(choice, Held) and choice.function) or repr(choice)


def real(value: object) -> object:
    """What `held` was told, in the same process."""
    if type(value) in (tuple, list):
        return type(value)(real(item) for item in value)  # type: ignore[call-arg, attr-defined]
    return value.value if isinstance(value, Held) else value


def identity(value: object) -> object:
    """What tells a value from others that Python calls equal, as 1 and True, or prints alike."""
    if type(value) in (tuple, list):
        return type(value), *map(identity, value)  # type: ignore[call-overload]
    return type(value), repr(value), value.spelling if isinstance(value, Held) else ""


def canonical(value: Any, subject: str = "") -> list[object]:
    """The value as nested lists of text that show types: 1, True, 1.0 and "1" all differ.

    Raises `CodegenError`, whose sentence is about `subject`.
    """
    kind = type(value)
    if kind in (int, bool, str, bytes, type(None)):
        return [kind.__name__, repr(value)]
    if kind is float:
        return ["float", value.hex()]
    if kind is Held:
        return ["Held", value.spelling]
    if isinstance(value, (tuple, list)):
        fields = getattr(kind, "_fields", ())
        return [kind.__qualname__, *fields, *(canonical(item, subject) for item in value)]
    if isinstance(value, enum.Enum):
        return [kind.__qualname__, value.name, canonical(value.value, subject)]
    if hasattr(value, "cache_key"):
        return ["JITFunction", value.cache_key]
    if getattr(value, "__triton_aggregate__", False) and isinstance(value, type):
        functions = (member for member in vars(value).items() if hasattr(member[1], "cache_key"))
        keys = [[name, function.cache_key] for name, function in sorted(functions)]
        return ["aggregate", value.__qualname__, inspect.getsource(value), *keys]
    if kind.__module__.startswith("triton.language"):
        return [kind.__qualname__, repr(value), canonical(getattr(value, "value", None), subject)]
    if dataclasses.is_dataclass(kind):
        items = [getattr(value, field.name) for field in dataclasses.fields(kind)]
        return [kind.__qualname__, *(canonical(item, subject) for item in items)]
    raise _without_spelling(value, subject)


def _without_spelling(value: object, subject: str) -> CodegenError:
    kind = type(value)
    if isinstance(value, SmCount):
        return CodegenError(
            f"{subject} is the number of SMs, which only the device of a call has",
            hint="give it a number, or list those of your devices, with a heuristic around the "
            "kernel that gives sm_count() (docs/declaration.md#heuristics)",
        )
    if (kind.__module__, kind.__qualname__) == ("torch", "dtype"):
        return CodegenError(
            f"{subject} is {value}, and a kernel knows Triton's types alone",
            hint=f"give tl.{_TRITON_NAMES.get(str(value), str(value).removeprefix('torch.'))}",
        )
    if isinstance(value, FunctionType):
        return CodegenError(
            f"{subject} is the plain Python function `{value.__name__}`, which no kernel can call",
            hint="put @triton.jit above it",
        )
    return CodegenError(
        f"{subject} is of type {kind.__qualname__}, whose values have no fixed spelling",
        hint="use an int, float, bool, str, None, tuple, tl.dtype or @triton.jit function",
    )


_TRITON_NAMES = {
    "torch.bool": "int1",
    "torch.float8_e4m3fn": "float8e4nv",
    "torch.float8_e4m3fnuz": "float8e4b8",
    "torch.float8_e5m2": "float8e5",
    "torch.float8_e5m2fnuz": "float8e5b16",
}
