"""Launches that the library was asked for before, and does not have: they are not asked again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

_INT32 = 31


class KnownMisses:
    """Kinds of launches of one kernel: what decides whether a library has a launch.

    Attributes:
        reasons: by kind. A launcher asks no further while there are none.
    """

    def __init__(self, is_constexpr: Sequence[bool]) -> None:
        """`is_constexpr`: for each parameter."""
        self._is_constexpr = tuple(is_constexpr)
        self.reasons: dict[Any, str] = {}

    def add(self, values: Sequence[Any], options: Mapping[str, Any], reason: str) -> None:
        kind = self._kind(values, options)
        if kind is not None:
            self.reasons[kind] = reason

    def reason(self, values: Sequence[Any], options: Mapping[str, Any]) -> str | None:
        """Why the library has no launch of this kind; None where that is not known."""
        return self.reasons.get(self._kind(values, options))

    def _kind(self, values: Sequence[Any], options: Mapping[str, Any]) -> Any:
        """Values of constexprs and options, types of the rest. None where they have no hash."""
        kinds = [
            (value.__class__, value) if is_constexpr else _type_of(value)
            for value, is_constexpr in zip(values, self._is_constexpr, strict=True)
        ]
        kind = (*kinds, *options.items())
        try:
            hash(kind)
        except TypeError:
            return None
        return kind


def _type_of(value: Any) -> Any:
    """Of a value at run time: its dtype, or whether an int is a wide one."""
    if value.__class__ is int:
        return value.bit_length() > _INT32
    if isinstance(value, tuple):
        return tuple(map(_type_of, value))
    return value.__class__, getattr(value, "dtype", None)
