"""What a C expression reads of a call: scalars, pointers, facts of tensors, the device."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from codegen.expressions.intervals import INT64, Interval

FactKind = Literal["shape", "stride", "numel", "ndim"]


@dataclass(frozen=True, order=True)
class TensorFact:
    """A number that a tensor carries."""

    tensor: str
    """The kernel's parameter."""
    kind: FactKind
    index: int = 0
    """The dimension of a shape or a stride; from -1 on counted from the last."""

    @property
    def c_name(self) -> str:
        """The `int64_t` variable, in the `tb_` names that no parameter can have."""
        if self.kind in ("numel", "ndim"):
            return f"tb_{self.tensor}_{self.kind}"
        place = f"{self.index}" if self.index >= 0 else f"last_{-self.index}"
        return f"tb_{self.tensor}_{self.kind}_{place}"

    @property
    def interval(self) -> Interval:
        return _INTERVALS[self.kind]


@dataclass(frozen=True)
class ScalarRead:
    """The variable of a scalar parameter, or its address where that may be None."""

    name: str


@dataclass(frozen=True)
class PointerRead:
    """The variable of a pointer parameter, which is compared with NULL."""

    name: str


@dataclass(frozen=True)
class SmCountRead:
    """The number of SMs of the device that the call goes to."""


Read = TensorFact | ScalarRead | PointerRead | SmCountRead

_INTERVALS = {
    "shape": Interval(0, INT64.high),
    "stride": INT64,
    "numel": Interval(0, INT64.high),
    "ndim": Interval(0, 64),
}
