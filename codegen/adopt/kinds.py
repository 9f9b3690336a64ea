"""Launches of a kernel that one function can take, and those that need another."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from codegen.adopt.recorded_grids import Row

Kind = tuple[Any, ...]
"""What a parameter is, as far as an argument of a function is one thing alone."""
_NONE: Kind = ("None",)
_WIDTHS = ("i32", "i64")


def alike(rows: Iterable[Row], groups: Sequence[Sequence[Row]] = ()) -> list[list[Row]]:
    """The rows, each with those that one function can take; first come those of `groups`."""
    found = [list(group) for group in groups]
    kinds = [_of_all(group) for group in found]
    for row in rows:
        own = _of(row)
        place = next((n for n, kind in enumerate(kinds) if _joined(kind, own) is not None), None)
        if place is None:
            found.append([row])
            kinds.append(own)
        else:
            found[place].append(row)
            kinds[place] = _joined(kinds[place], own) or own
    return found


def _of_all(rows: Sequence[Row]) -> dict[str, Kind]:
    kinds: dict[str, Kind] = {}
    for row in rows:
        kinds = _joined(kinds, _of(row)) or kinds
    return kinds


def _of(row: Row) -> dict[str, Kind]:
    return {name: _kind(argument, row) for name, argument in row["arguments"].items()}


def _joined(one: Mapping[str, Kind], other: Mapping[str, Kind]) -> dict[str, Kind] | None:
    """What both are together; None where some argument cannot be both."""
    if not one:
        return dict(other)
    joined = {name: _both(kind, other.get(name, _NONE)) for name, kind in one.items()}
    found = {name: kind for name, kind in joined.items() if kind is not None}
    return found if len(found) == len(joined) else None


def _both(one: Kind, other: Kind) -> Kind | None:
    if one[0] == other[0] == "tuple" and len(one) == len(other):
        entries = [_both(*pair) for pair in zip(one[1:], other[1:], strict=True)]
        return None if None in entries else ("tuple", *entries)
    if one == other:
        return one
    for given, none in ((one, other), (other, one)):
        if none == _NONE and given[0] in ("passed", "constexpr"):
            return given
    return None


def _kind(argument: Any, row: Row, is_entry: bool = False) -> Kind:
    if argument is None:
        return _NONE
    if isinstance(argument, str):
        return ("passed", _passed(argument, row))
    if isinstance(argument, (list, tuple)):
        return ("tuple", *(_kind(entry, row, is_entry=True) for entry in argument))
    return ("constexpr", repr(argument)) if is_entry else ("constexpr",)


def _passed(text: str, row: Row) -> str:
    """The type without what launches of one function may differ in: what is assumed, the dtype of a
    tensor, the width of an int, and a size of a descriptor's block that a constexpr gives."""
    if text.startswith("tensordesc<"):
        given = {repr(one.get("constexpr")) for one in row["arguments"].values() if _is_fixed(one)}
        block = re.search(r"\[(.*?)\]", text)
        sizes = [part.strip() for part in block[1].split(",")] if block else []
        return str([*("?" if size in given else size for size in sizes), text.partition("]")[2]])
    type_ = text.partition(":")[0]
    if "*" in type_:
        return type_[: type_.index("*") + 1]
    return "int" if type_ in _WIDTHS else type_


def _is_fixed(argument: Any) -> bool:
    return isinstance(argument, Mapping)
