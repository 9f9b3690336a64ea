"""How the entries of a tuple, each a parameter, make up the tuple again."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class TupleShape:
    """A parameter that is a tuple. Each of its entries has become a parameter."""

    entries: tuple[str | TupleShape, ...]
    """Their names, and tuples in the tuple."""
    fields: tuple[str, ...] | None = None
    """Of a namedtuple, what the kernel calls its entries."""

    def paths(self, start: tuple[int, ...]) -> Iterator[tuple[str, tuple[int, ...]]]:
        """Each name, with the indices that lead to it."""
        for index, entry in enumerate(self.entries):
            if isinstance(entry, TupleShape):
                yield from entry.paths((*start, index))
            else:
                yield entry, (*start, index)

    def filled(self, values: Mapping[str, Any]) -> tuple[Any, ...]:
        """The tuple of the values that the names have; a namedtuple where it is one."""
        entries = [
            entry.filled(values) if isinstance(entry, TupleShape) else values[entry]
            for entry in self.entries
        ]
        if self.fields is None:
            return tuple(entries)
        return namedtuple("Fields", self.fields, rename=True)(*entries)
