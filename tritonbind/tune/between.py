"""Calls at sizes between those of a recording, where neither neighbour's best need be the best."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import prod
from operator import itemgetter

from tritonbind.recording import Json
from tritonbind.serve.values import shown
from tritonbind.tune.cases import Case, Cases, Key, Tensor, few
from tritonbind.tune.functions import Function

_LEAST_MIDPOINT = 48
"""So all sizes from 16 on are multiples of 16, which Triton compiles apart from others."""
_NEAR = 8
"""A size is left to a neighbour that is no further than this part of it, 1/8."""


def between(function: Function, by_key: Mapping[Key, tuple[Case, ...]]) -> Cases:
    """Calls at keys between those that differ in one int alone, those at powers of two first.

    A call is made of two, one of each neighbour. An int or a dimension that is the size of the key
    in both, or the same multiple or part of it, becomes that of the new size. All else must be
    equal in both, but for floats, on whose value no work depends.
    """
    found: dict[Key, dict[tuple[int, str], Case]] = {}
    reasons: dict[str, set[int]] = {}
    for step in sorted(_steps(function, by_key), key=lambda step: step.size.bit_count()):
        made, reason = _made(step, by_key[step.low], by_key[step.high])
        if made:
            found.setdefault(step.key, {}).update({case.rank: case for case in made})
        else:
            reasons.setdefault(f"between {step.ends}: {reason}", set()).add(step.size)
    return Cases(
        {key: few(of_key) for key, of_key in found.items()},
        tuple(
            f"at {', '.join(map(str, sorted(sizes)))} {reason}" for reason, sizes in reasons.items()
        ),
    )


def sizes_between(low: int, high: int) -> list[int]:
    """Where the best is likely to change: powers of two, which blocks are, and their midpoints."""
    powers = [1 << exponent for exponent in range(high.bit_length())]
    midpoints = [3 * power for power in powers if 3 * power >= _LEAST_MIDPOINT]
    return sorted(
        size
        for size in (*powers, *midpoints)
        if low < size < high and min(size - low, high - size) * _NEAR > size
    )


@dataclass(frozen=True)
class _Step:
    """From one key to a neighbour, and a size between."""

    name: str
    place: int
    """Where the size is in the keys."""
    low: Key
    high: Key
    size: int
    scalars: frozenset[str]
    """The arguments that may become another number."""

    @property
    def key(self) -> Key:
        return (*self.low[: self.place], self.size, *self.low[self.place + 1 :])

    @property
    def ends(self) -> str:
        return f"{self.low[self.place]} and {self.high[self.place]} of `{self.name}`"

    def call(self, low: Case, high: Case) -> Case:
        """The call between two. Raises _CannotBeToldError."""
        if low.tensors.keys() != high.tensors.keys():
            raise _CannotBeToldError("a tensor is None at one of them")
        return Case(
            {
                name: self._tensor(name, one, high.tensors[name])
                for name, one in low.tensors.items()
            },
            {name: self._value(name, one, high.values[name]) for name, one in low.values.items()},
        )

    def _tensor(self, name: str, low: Tensor, high: Tensor) -> Tensor:
        for what in ("dtype", "is_aligned"):
            if getattr(low, what) != getattr(high, what):
                raise _CannotBeToldError(f"`{name}` is of another type or alignment")
        if len(low.shape) != len(high.shape):
            raise _differ(f"the shape of `{name}`", low.shape, high.shape)
        shape = tuple(
            self._int(f"dimension {axis} of `{name}`", one, other)
            for axis, (one, other) in enumerate(zip(low.shape, high.shape, strict=True))
        )
        is_full = all(one.elements == prod(one.shape) for one in (low, high))
        room = prod(shape) if is_full else max(low.elements, high.elements)
        return Tensor(low.dtype, shape, room, low.is_aligned)

    def _value(self, name: str, low: Json, high: Json) -> Json:
        if type(low) is type(high) is int and name in self.scalars:
            return self._int(f"`{name}`", low, high)
        is_float = isinstance(low, float) and isinstance(high, float)
        if not is_float and (type(low) is not type(high) or low != high):
            raise _differ(f"`{name}`", low, high)
        return low

    def _int(self, what: str, one: int, other: int) -> int:
        low: int = self.low[self.place]
        high: int = self.high[self.place]
        if one == other:
            return one
        if one * high != other * low or other * self.size % high:
            raise _differ(what, one, other)
        return other * self.size // high


class _CannotBeToldError(Exception):
    """Why a call between two cannot be told."""


def _differ(what: str, low: Json, high: Json) -> _CannotBeToldError:
    return _CannotBeToldError(f"{what} is {shown(low)} at the one and {shown(high)} at the other")


def _steps(function: Function, keys: Mapping[Key, object]) -> Iterator[_Step]:
    scalars = [argument for argument in function.arguments if argument.kind == "scalar"]
    places, names = {one.place for one in scalars}, frozenset(one.name for one in scalars)
    for place, name in enumerate(function.key):
        groups: dict[Key, list[Key]] = {}
        for key in keys:
            if name in places and type(key[place]) is int and key[place] > 0:
                groups.setdefault((*key[:place], *key[place + 1 :]), []).append(key)
        for group in groups.values():
            for low, high in pairwise(sorted(group, key=itemgetter(place))):
                for size in sizes_between(low[place], high[place]):
                    yield _Step(name, place, low, high, size, names)


def _made(step: _Step, lows: Sequence[Case], highs: Sequence[Case]) -> tuple[list[Case], str]:
    """For each call at the lower key one between, and why there is none where there is none.

    Of the calls at the higher key that is taken which differs least.
    """
    made, reasons = [], [""]
    for low in lows:
        for high in sorted(highs, key=lambda high: _differences(low, high)):
            try:
                made.append(step.call(low, high))
                break
            except _CannotBeToldError as error:
                reasons.append(str(error))
    return made, "" if made else reasons[1]


def _differences(low: Case, high: Case) -> int:
    """How many numbers of two calls differ."""
    pairs = [(one, high.values.get(name)) for name, one in low.values.items()]
    for name, tensor in low.tensors.items():
        if name in high.tensors:
            pairs += zip(tensor.shape, high.tensors[name].shape, strict=False)
    return sum(one != other for one, other in pairs)
