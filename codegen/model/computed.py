"""What C computes of a call, the grid and heuristics, and what it reads for that."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

FactKind = Literal["shape", "stride", "numel", "ndim"]


@dataclass(frozen=True, order=True)
class TensorFact:
    """A number that a tensor carries."""

    tensor: str
    """The kernel's parameter."""
    kind: FactKind
    index: int = 0
    """The dimension of a shape or a stride; from -1 on counted from the last."""
    rank: int = 0
    """How many dimensions the tensor must have, where something unpacks them all; 0: any."""

    @property
    def c_name(self) -> str:
        """The `int64_t` variable, in the `tb_` names that no parameter can have."""
        if self.kind in ("numel", "ndim"):
            return f"tb_{self.tensor}_{self.kind}"
        place = f"{self.index}" if self.index >= 0 else f"last_{-self.index}"
        return f"tb_{self.tensor}_{self.kind}_{place}"


def united(facts: Iterable[TensorFact]) -> tuple[TensorFact, ...]:
    """Each number once, with the rank that some reader of it wants."""
    found: dict[str, TensorFact] = {}
    for fact in facts:
        known = found.setdefault(fact.c_name, fact)
        if known.rank < fact.rank:
            found[fact.c_name] = fact
    return tuple(found.values())


@dataclass(frozen=True)
class Reads:
    """What C expressions read of a call."""

    names: tuple[str, ...] = ()
    """Parameters, in the kernel's order."""
    facts: tuple[TensorFact, ...] = ()
    """Sizes and strides of tensors."""
    sm_count: bool = False
    """The number of SMs of the device."""


@dataclass(frozen=True)
class Grid:
    """The launch grid: three C expressions, or none of them when the call gives it."""

    axes: tuple[str, str, str] | None
    """C expressions over `int64_t` values; None: the call passes gx, gy and gz."""
    reads: Reads = Reads()
    can_fail: bool = False
    """Some axis divides or multiplies in a way that must be checked at run time."""


@dataclass(frozen=True)
class Computed:
    """A heuristic as a C expression."""

    text: str
    reads: Reads = Reads()
    can_fail: bool = False
    derived: tuple[tuple[str, tuple[object, ...]], ...] = ()
    """What it reads that was computed before, with its value for each combination of choices on the
    axes before its own."""
