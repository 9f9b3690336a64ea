"""What compiled code does with the memory that its parameters lead to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class PointerUses:
    """Whose memory compiled code reads and writes, by the names of its parameters."""

    read: frozenset[str] = frozenset()
    written: frozenset[str] = frozenset()
    through: frozenset[str] = frozenset()
    """Parameters that hold addresses of memory that is written: in their memory, or as ints."""

    def of(self, name: str) -> str:
        """How one pointer is used: `in`, `out`, `inout` or `unused`."""
        return _USES[name in self.read, name in self.written]


def union(uses: Iterable[PointerUses]) -> PointerUses:
    """What code does that does all of these."""
    each = tuple(uses)
    empty = frozenset[str]()
    return PointerUses(
        empty.union(*(one.read for one in each)),
        empty.union(*(one.written for one in each)),
        empty.union(*(one.through for one in each)),
    )


_USES = {
    (False, False): "unused",
    (True, False): "in",
    (False, True): "out",
    (True, True): "inout",
}
