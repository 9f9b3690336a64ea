"""What a C expression reads of a call: scalars, pointers, facts of tensors, the device."""

from __future__ import annotations

from dataclasses import dataclass

from codegen.expressions.intervals import INT64, Interval
from codegen.model.computed import TensorFact


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

FACT_INTERVALS = {
    "shape": Interval(0, INT64.high),
    "stride": INT64,
    "numel": Interval(0, INT64.high),
    "ndim": Interval(0, 64),
}
