"""What a recording says of a program's launches, and how two recordings become one.

Merging is commutative and associative, and counts add up, so it does not matter in which order the
parts of many processes are merged.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import zip_longest
from operator import itemgetter
from typing import Any, Protocol, Self, TypeVar

SCHEMA = "tritonbind.recording/1"
MOST_EXAMPLES = 16
"""Of a specialisation. A tuner measures at these."""

Json = Any
"""What JSON can say: None, bool, int, float, str, lists, dicts by str."""
Range = tuple[int, int]
"""The lowest and the highest."""
Ranges = dict[str, Range]


@dataclass(frozen=True)
class Device:
    """A GPU on which something was launched."""

    name: str
    target: str
    """As `sm_90`."""


@dataclass(frozen=True)
class MadeWith:
    """The versions and devices of all processes that were recorded. Sorted, each once."""

    tritonbind: tuple[str, ...] = ()
    triton: tuple[str, ...] = ()
    python: tuple[str, ...] = ()
    devices: tuple[Device, ...] = ()

    def merged(self, other: Self) -> Self:
        return type(self)(
            _union(self.tritonbind, other.tritonbind),
            _union(self.triton, other.triton),
            _union(self.python, other.python),
            tuple(sorted({*self.devices, *other.devices}, key=repr)),
        )


@dataclass(frozen=True)
class Example:
    """One launch as it was, but for what tensors hold."""

    values: dict[str, Json]
    """Numbers by parameter. An entry of a tuple is `name.0`."""
    shapes: dict[str, tuple[int, ...]]
    """Shapes of tensors by parameter."""
    grid: tuple[int, ...]

    @property
    def rank(self) -> tuple[int, int, str]:
        """By which the smallest and the largest are found."""
        sizes = sum(math.prod(shape) for shape in self.shapes.values())
        return math.prod(self.grid), sizes, _text([self.values, self.shapes, self.grid])


@dataclass(frozen=True)
class Launch:
    """All launches of one specialisation with the same options on one kind of device."""

    arguments: dict[str, Json]
    """By parameter, in order: see `tritonbind.arguments`."""
    options: dict[str, Json]
    target: str
    count: int
    grid: tuple[Range, ...]
    """Three ranges."""
    values: Ranges
    """Of ints by parameter, without those that are compiled in."""
    shapes: dict[str, tuple[Range, ...] | None]
    """A range for each dimension; None where the number of dimensions varies."""
    examples: tuple[Example, ...]
    """At most `MOST_EXAMPLES`, the smallest and the largest among them."""

    @property
    def key(self) -> str:
        """Launches with the same are one entry."""
        return _text([self.arguments, self.options, self.target])

    def merged(self, other: Self) -> Self:
        return replace(
            self,
            count=self.count + other.count,
            grid=tuple(map(_wider, self.grid, other.grid)),
            values=_wider_by_name(self.values, other.values),
            shapes=_wider_shapes(self.shapes, other.shapes),
            examples=chosen_examples((*self.examples, *other.examples)),
        )


@dataclass(frozen=True)
class Grid:
    """A function that launches took their grid from."""

    source: str
    """Its text, or what it is where that cannot be had."""
    reads: Ranges
    """The ints that it reads from outside."""

    @property
    def key(self) -> str:
        return self.source

    def merged(self, other: Self) -> Self:
        return replace(self, reads=_wider_by_name(self.reads, other.reads))


@dataclass(frozen=True)
class TunedRow:
    """The configuration that launches got by one key."""

    values: tuple[Json, ...]
    config: dict[str, Json]
    count: int

    @property
    def key(self) -> str:
        return _text([self.values, self.config])

    def merged(self, other: Self) -> Self:
        return replace(self, count=self.count + other.count)


@dataclass(frozen=True)
class Tuned:
    """What an autotuner around the kernel chose."""

    names: tuple[str, ...]
    """The parameters in its key; after their values come the types of all tensors."""
    rows: tuple[TunedRow, ...]

    @property
    def key(self) -> str:
        return _text(self.names)

    def merged(self, other: Self) -> Self:
        return replace(self, rows=merged_by_key((*self.rows, *other.rows)))


@dataclass(frozen=True)
class Kernel:
    """A kernel that was launched. Kernels of one name with different digests are several."""

    kernel: str
    """`module:qualified name`."""
    digest: str
    parameters: tuple[str, ...]
    wrappers: tuple[str, ...]
    """What stands around it, outermost first."""
    launches: tuple[Launch, ...]
    grids: tuple[Grid, ...]
    tuned: tuple[Tuned, ...]

    @property
    def key(self) -> str:
        return _text([self.kernel, self.digest])

    def merged(self, other: Self) -> Self:
        return replace(
            self,
            wrappers=max(self.wrappers, other.wrappers, key=lambda found: (len(found), found)),
            launches=merged_by_key((*self.launches, *other.launches)),
            grids=merged_by_key((*self.grids, *other.grids)),
            tuned=merged_by_key((*self.tuned, *other.tuned)),
        )


@dataclass(frozen=True)
class NotRecorded:
    """Launches that a recording cannot say, or could not see."""

    kernel: str
    reason: str
    """A sentence."""
    count: int

    @property
    def key(self) -> str:
        return _text([self.kernel, self.reason])

    def merged(self, other: Self) -> Self:
        return replace(self, count=self.count + other.count)


@dataclass(frozen=True)
class Recording:
    """Sorted, so that equal recordings are equal files."""

    made_with: MadeWith = MadeWith()
    kernels: tuple[Kernel, ...] = ()
    not_recorded: tuple[NotRecorded, ...] = ()

    def merged(self, other: Self) -> Self:
        return type(self)(
            self.made_with.merged(other.made_with),
            merged_by_key((*self.kernels, *other.kernels)),
            merged_by_key((*self.not_recorded, *other.not_recorded)),
        )


def merged(recordings: Iterable[Recording]) -> Recording:
    """One recording of all. They are merged in pairs, since a merge costs as much as what it
    makes is large."""
    found = list(recordings) or [Recording()]
    while len(found) > 1:
        pairs = zip_longest(found[::2], found[1::2], fillvalue=Recording())
        found = [one.merged(other) for one, other in pairs]
    return found[0]


def chosen_examples(examples: Iterable[Example]) -> tuple[Example, ...]:
    """The smallest, the largest, and others that are as good as drawn by lot."""
    ranked = sorted({example.rank: example for example in examples}.items())
    lot = sorted(ranked, key=lambda item: hashlib.sha256(item[0][2].encode()).digest())
    kept = {rank for rank, _ in (ranked[:1] + ranked[-1:] + lot[: MOST_EXAMPLES - 2])}
    return tuple(example for rank, example in ranked if rank in kept)


def merged_by_key(rows: Iterable[_Row]) -> tuple[_Row, ...]:
    """Rows as recordings have them: in order, those with one key as one."""
    found: dict[str, _Row] = {}
    for row in rows:
        key = row.key
        found[key] = found[key].merged(row) if key in found else row
    return tuple(row for _, row in sorted(found.items(), key=itemgetter(0)))


class _Mergeable(Protocol):
    @property
    def key(self) -> str: ...

    def merged(self, other: Self) -> Self: ...


_Row = TypeVar("_Row", bound=_Mergeable)


def _text(value: Json) -> str:
    """Text that shows types: 1, 1.0 and True are equal in Python, and differ here."""
    return json.dumps(value, sort_keys=True)


def _union(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted({*one, *other}))


def _wider(one: Range, other: Range) -> Range:
    return min(one[0], other[0]), max(one[1], other[1])


def _wider_by_name(one: Ranges, other: Ranges) -> Ranges:
    return _joined(one, other, _wider)


def _wider_shapes(
    one: dict[str, tuple[Range, ...] | None], other: dict[str, tuple[Range, ...] | None]
) -> dict[str, tuple[Range, ...] | None]:
    return _joined(one, other, _wider_shape)


def _wider_shape(
    one: tuple[Range, ...] | None, other: tuple[Range, ...] | None
) -> tuple[Range, ...] | None:
    if one is None or other is None or len(one) != len(other):
        return None
    return tuple(map(_wider, one, other))


_Value = TypeVar("_Value")


def _joined(
    one: Mapping[str, _Value],
    other: Mapping[str, _Value],
    join: Callable[[_Value, _Value], _Value],
) -> dict[str, _Value]:
    both = {name: join(one[name], other[name]) for name in one if name in other}
    return {**one, **other, **both}
