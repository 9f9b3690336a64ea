"""Launches that a kernel is built for, as `launches=` lists them: a row for each specialisation."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeGuard, TypeVar

from codegen.model.errors import CodegenError, about, meant, shown, told
from codegen.model.paths import read_file


@dataclass(frozen=True)
class RunTime:
    """A parameter that a launch passes."""

    type: str
    """As `types` spells it: `*bf16`, `i32`."""
    hint: int | None = None
    """What Triton assumed of it: 16, that it is divisible by 16; 1, that it is 1."""


@dataclass(frozen=True)
class Fixed:
    """A parameter whose value is compiled in: a constexpr's, or None."""

    value: object
    """Plain data, `NamedDtype`, `NamedFunction` or a tuple of such."""


@dataclass(frozen=True)
class NamedDtype:
    """A `tl.dtype`, by its name in signatures."""

    name: str


@dataclass(frozen=True)
class NamedFunction:
    """A JIT function, by its module and qualified name."""

    module: str
    qualname: str


Argument = RunTime | Fixed | tuple["Argument", ...]
Leaf = RunTime | Fixed
LeafT = TypeVar("LeafT", bound=Leaf)


@dataclass(frozen=True)
class LaunchRow:
    """One specialisation of a kernel that was launched."""

    place: str
    """Where it stands, for messages: `launch 3 of chunk_o.json`, `launch 3` of the declaration."""
    arguments: Mapping[str, Argument]
    """By the kernel's parameters, in their order."""
    options: Mapping[str, object]
    """Triton's options that the launch was given."""

    def leaves(self) -> dict[str, Leaf]:
        """The arguments, with each entry of a tuple as one of its own: `sizes_0`."""
        return {
            name: leaf
            for parameter, argument in self.arguments.items()
            for name, leaf in _leaves(parameter, argument)
        }


@dataclass(frozen=True)
class Given:
    """What the decorators around a kernel gave in one launch."""

    place: str
    """Of the launch, for messages."""
    values: Mapping[str, object]
    """By constexpr or option, as Python has it."""

    def without(self, names: Collection[str]) -> Given:
        values = {name: value for name, value in self.values.items() if name not in names}
        return Given(self.place, values)


@dataclass(frozen=True)
class Launches:
    """All launches that a kernel is built for."""

    source: str
    """The name of the file that lists them; `launches` where the declaration does."""
    rows: tuple[LaunchRow, ...]
    kernel: str = ""
    """The kernel that was launched, `module:qualname`; nothing where the declaration lists them."""
    digest: str = ""
    """Of what the kernel means, as it was when it was launched."""
    tuned: tuple[Mapping[str, Any], ...] = ()
    """What autotuners around it chose: tables with a row for each key."""


def read_launches(given: object, folder: Path) -> Launches:
    """The launches of a declaration: a list of rows, or the name of a JSON file in `folder`.

    Raises `CodegenError`, with the file and the row.
    """
    if isinstance(given, list):
        return Launches("launches", _rows(given, ""))
    is_name = isinstance(given, str) and given.endswith(".json")
    if not is_name or Path(str(given)).is_absolute() or ".." in Path(str(given)).parts:
        raise CodegenError(
            f"launches must be a list of rows, or a .json file beside the kernel file or below, "
            f"got {given!r}",
            hint='write launches="kernel.launches.json"; `tritonbind adopt` writes such files',
        )
    path = folder / str(given)
    try:
        document = json.loads(read_file(path))
    except FileNotFoundError:
        raise CodegenError(
            f"there is no file {shown(path)}", hint="put the file with the launches there"
        ) from None
    except (OSError, ValueError, RecursionError) as error:
        raise _no_list(path, told(error)) from error
    if not isinstance(document, dict) or not isinstance(document.get("launches"), list):
        raise _no_list(path, "it has no list called launches")
    for key in ("kernel", "digest"):
        if not isinstance(document.get(key, ""), str):
            raise _no_list(path, f"its {key} is no text")
    _check_keys(document, _OF_FILE, shown(path))
    rows = _rows(document["launches"], path.name)
    tuned = document.get("tuned", [])
    if not isinstance(tuned, list) or not all(map(_is_table, tuned)):
        raise _no_list(path, "its tuned is no list of tables with rows of key and config")
    kernel, digest = document.get("kernel", ""), document.get("digest", "")
    return Launches(path.name, rows, kernel, digest, tuple(tuned))


def distinct(column: Iterable[LeafT]) -> list[LeafT]:
    """What a parameter is in some row, each once: types as `types` would list them, then values."""
    found = {order(leaf): leaf for leaf in column}
    return [found[key] for key in sorted(found)]


def order(leaf: Leaf) -> tuple[Any, ...]:
    """What tells a leaf from others, True from 1 too, and where it stands among them: None comes
    last, numbers are in their order, anything else by its spelling."""
    if isinstance(leaf, RunTime):
        return 0, "", 0, leaf.type, leaf.hint or 0
    value = leaf.value
    is_number = isinstance(value, (int, float)) and value == value
    return int(value is None) + 1, type(value).__name__, value if is_number else 0, repr(value), 0


_OF_FILE = ("kernel", "digest", "launches", "parameters", "wrappers", "grids", "tuned")
_OF_ROW = ("arguments", "options", "target", "count", "grid", "values", "shapes", "examples")
"""The last ones are for people, and for those who tune."""
_TYPE = re.compile(r"([^:]+?)\s*(?::\s*(16|1))?")


def _rows(given: Sequence[object], source: str) -> tuple[LaunchRow, ...]:
    if not given:
        raise CodegenError(
            f"{source or 'launches'} lists no launch",
            hint="leave out the declaration of a kernel without any",
        )
    of = f" of {source}" if source else ""
    return tuple(_row(entry, f"launch {number}{of}") for number, entry in enumerate(given, 1))


def _row(entry: object, place: str) -> LaunchRow:
    with about(place):
        parts = entry if isinstance(entry, Mapping) else {}
        arguments, options = parts.get("arguments"), parts.get("options", {})
        if not _is_by_name(arguments) or not _is_by_name(options):
            raise CodegenError(
                f"it must have arguments and options, each a dict by name, got {entry!r}",
                hint='write {"arguments": {"x": "*fp32:16"}, "options": {"num_warps": 4}}',
            )
        _check_keys(parts, _OF_ROW, "a launch")
        read = {}
        for name, argument in arguments.items():
            with about(f"parameter `{name}`"):
                read[name] = _argument(argument)
        return LaunchRow(place, read, {name: _value(value) for name, value in options.items()})


def _is_table(table: object) -> bool:
    rows = table.get("rows") if isinstance(table, Mapping) else None
    return isinstance(rows, list) and all(
        isinstance(row, Mapping)
        and isinstance(row.get("key"), list)
        and isinstance(row.get("config"), Mapping)
        for row in rows
    )


def _is_by_name(table: object) -> TypeGuard[Mapping[str, Any]]:
    return isinstance(table, Mapping) and all(isinstance(key, str) for key in table)


def _check_keys(table: Mapping[str, object], known: Sequence[str], what: str) -> None:
    for key in table:
        if key not in known:
            raise CodegenError(
                f"{what} has no `{key}`", hint=meant(str(key), known, f"it has {', '.join(known)}")
            )


def _argument(given: Any) -> Argument:
    if given is None:
        return Fixed(None)
    if isinstance(given, str):
        found = _TYPE.fullmatch(given.strip())
        if found is None:
            raise CodegenError(
                f"its type `{given}` is not understood",
                hint='write "*fp32", "i32", or with what is assumed "*fp32:16", "i32:1"',
            )
        return RunTime(found[1], int(found[2]) if found[2] else None)
    if isinstance(given, (list, tuple)):
        return tuple(map(_argument, given))
    is_constexpr = isinstance(given, Mapping) and given.keys() == {"constexpr"}
    return Fixed(_value(given["constexpr"]) if is_constexpr else _named(given))


def _value(given: Any) -> object:
    """Raises `CodegenError` for what is no value that can be compiled in."""
    if given is None or isinstance(given, (bool, int, float, str)):
        return given
    if isinstance(given, (list, tuple)):
        return tuple(map(_value, given))
    if isinstance(given, Mapping) and given.keys() == {"float"} and given["float"] in _NOT_FINITE:
        return float(given["float"])
    return _named(given)


_NOT_FINITE = ("inf", "-inf", "nan")
"""Floats that JSON has no number for: `{"float": "-inf"}`."""


def _named(given: Any) -> NamedDtype | NamedFunction:
    """What JSON has no value for: `{"dtype": "bf16"}`, `{"function": "module:qualname"}`."""
    if _is_by_name(given) and len(given) == 1:
        ((kind, text),) = given.items()
        if kind == "dtype" and isinstance(text, str):
            return NamedDtype(text)
        if kind == "function" and isinstance(text, str) and text.count(":") == 1:
            return NamedFunction(*text.split(":"))
        if kind == "repr":
            raise CodegenError(
                f"its value {text} has no spelling that could be compiled in",
                hint="leave out the launches that have such a value",
            )
    raise CodegenError(
        f"{given!r} is no argument of a launch",
        hint='write a type such as "*fp32:16", null, or {"constexpr": ...}',
    )


def _leaves(name: str, argument: Argument) -> Iterator[tuple[str, Leaf]]:
    if not isinstance(argument, tuple):
        yield name, argument
        return
    for place, entry in enumerate(argument):
        yield from _leaves(f"{name}_{place}", entry)


def _no_list(path: Path, why: str) -> CodegenError:
    return CodegenError(
        f"{shown(path)} is no list of launches: {why}",
        hint='write {"kernel": "module:name", "launches": [{"arguments": {...}, "options": {...}}]}'
        ", as `tritonbind adopt` does",
    )
