"""What compiled code does with the memory that its parameters lead to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields


@dataclass(frozen=True)
class PointerUses:
    """Whose memory compiled code reads and writes, by the names of its parameters."""

    reads: frozenset[str] = frozenset()
    writes: frozenset[str] = frozenset()
    writes_through: frozenset[str] = frozenset()
    """Parameters that hold addresses of memory that is written: in their memory, or as ints."""

    def of(self, name: str) -> str:
        """How one pointer is used: `in`, `out`, `inout` or `unused`."""
        return _USES[name in self.reads, name in self.writes]


def union(uses: Iterable[PointerUses]) -> PointerUses:
    """What code does that does all of these."""
    each = [vars(one) for one in uses]
    names = [entry.name for entry in fields(PointerUses)]
    return PointerUses(*(frozenset[str]().union(*(one[name] for one in each)) for name in names))


_USES = {
    (False, False): "unused",
    (True, False): "in",
    (False, True): "out",
    (True, True): "inout",
}
