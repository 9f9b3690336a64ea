"""Notes of what was launched, which grow, and become parts of a recording."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import starmap
from operator import itemgetter
from typing import Any

from tritonbind.arguments import value_of
from tritonbind.call_site import CallSite
from tritonbind.grid_sources import code_of, ints_of, source_of
from tritonbind.kernel_identity import KernelIdentity
from tritonbind.recording import (
    MOST_EXAMPLES,
    Device,
    Example,
    Grid,
    Json,
    Kernel,
    Launch,
    Range,
    Tuned,
    TunedRow,
    chosen_examples,
    merged_by_key,
)

FIRST_ARGUMENT = 9
"""Of what Triton's launchers are given: before it are the grid and six things of Triton's own."""
_TENSORS = ("*", "const *", "tensordesc")


class KernelNotes:
    """Of one kernel."""

    def __init__(self, identity: KernelIdentity, function: Any) -> None:
        self.function = function
        """A `JITFunction`."""
        self.wrappers: tuple[str, ...] = ()
        self.launches: dict[str, LaunchNotes] = {}
        self.tuned: dict[tuple[str, ...], TunedNotes] = {}
        """By the names in the autotuner's key."""
        self._identity = identity
        self._grids: dict[Any, GridNotes] = {}
        """By what functions of the same text share."""

    def restart(self) -> None:
        self._grids.clear()
        for launch in self.launches.values():
            launch.restart()
        for tuned in self.tuned.values():
            tuned.restart()

    def see(self, site: CallSite) -> None:
        """The kernel is called in this way, too."""
        self.wrappers = max(self.wrappers, site.wrappers, key=len)
        if site.grid is not None:
            code = code_of(site.grid)
            if code not in self._grids:
                self._grids[code] = GridNotes(site.grid)
            self._grids[code].note(site.grid)

    @property
    def total(self) -> int:
        launches = sum(notes.count for notes in self.launches.values())
        return launches + sum(notes.total for notes in self.tuned.values())

    @property
    def devices(self) -> set[Device]:
        found: set[Device] = set()
        return found.union(*(notes.devices for notes in self.launches.values() if notes.count))

    def frozen(self) -> Kernel:
        launches = (notes.frozen() for notes in self.launches.values() if notes.count)
        tuned = (notes.frozen() for notes in self.tuned.values() if notes.total)
        grids = (notes.frozen() for notes in self._grids.values())
        return Kernel(
            self._identity.name,
            self._identity.digest,
            tuple(parameter.name for parameter in self.function.params),
            self.wrappers,
            merged_by_key(launches),
            merged_by_key(grids),
            merged_by_key(tuned),
        )


class LaunchNotes:
    """Of all launches of one specialisation with the same options."""

    def __init__(
        self, kernel: KernelNotes, arguments: dict[str, Json], options: dict[str, Json], target: str
    ) -> None:
        self.kernel = kernel
        self.devices: set[Device] = set()
        self.count = 0
        self.seen: set[tuple[Any, ...]] = set()
        """The keys of launches of which there is nothing more to note."""
        self._arguments, self._options, self._target = arguments, options, target
        leaves = [leaf for leaf in _leaves(arguments) if isinstance(leaf[2], str)]
        self._tensors = [leaf[:2] for leaf in leaves if leaf[2].startswith(_TENSORS)]
        numbers = [leaf for leaf in leaves if not leaf[2].startswith(_TENSORS)]
        numbers = [leaf for leaf in numbers if not leaf[2].endswith(":1")]
        self._numbers = [leaf[:2] for leaf in numbers]
        ints = [leaf[:2] for leaf in numbers if leaf[2][0] in "iu" and leaf[2] != "i1"]
        plain = [leaf for leaf in ints if len(leaf[1]) == 1]
        inner = [leaf for leaf in ints if len(leaf[1]) > 1]
        self._names = [name for name, _ in (*plain, *inner)]
        """Of the ints in a key, behind the grid."""
        self._pick = itemgetter(0, 1, 2, *(path[0] for _, path in plain))
        self._inner = [path for _, path in inner]
        self.key = self._deep_key if inner else self._pick
        """Of what a launcher is given: its grid and ints."""
        self.restart()

    def restart(self) -> None:
        self.count = 0
        self.seen.clear()
        self._ranges: list[Range] = []
        """Of what is in keys."""
        self._last: list[Any] = []
        """The shapes of the last launch that was noted."""
        self._size = 0
        """Their elements."""
        self._shapes: dict[str, tuple[Range, ...] | None] = {}
        self._examples: list[Example] = []
        """The first of different launches."""
        self._extremes: dict[str, Example] = {}
        """The lowest and the highest."""
        self._ranks: tuple[Any, Any] = ((math.inf,), ())
        """The lowest and the highest of the examples."""

    def _deep_key(self, given: tuple[Any, ...]) -> tuple[Any, ...]:
        return (*self._pick(given), *(_at(given, path) for path in self._inner))

    def note(self, key: tuple[Any, ...], given: tuple[Any, ...]) -> None:
        """A launch like no other that was seen, by what the launcher was given."""
        shapes = [getattr(_at(given, path), "shape", ()) for _, path in self._tensors]
        if shapes != self._last:
            self._see_shapes(shapes)
        self._ranges = [
            pair if pair[0] <= value <= pair[1] else _wider(pair, value)
            for pair, value in zip(self._ranges or zip(key, key, strict=True), key, strict=True)
        ]
        rank = key[0] * key[1] * key[2], self._size
        if rank < self._ranks[0] or rank > self._ranks[1] or len(self._examples) < MOST_EXAMPLES:
            self._see_example(rank, key, given)
        self.count += 1

    def _see_shapes(self, shapes: list[Any]) -> None:
        known = [tuple(map(int, shape)) for shape in shapes]
        for (name, _), shape in zip(self._tensors, known, strict=True):
            before = self._shapes.get(name, tuple((size, size) for size in shape))
            if before is not None and len(before) == len(shape):
                self._shapes[name] = tuple(map(_wider, before, shape))
            else:
                self._shapes[name] = None
        self._last = shapes
        self._size = sum(map(math.prod, known))

    def _see_example(self, rank: Any, key: tuple[Any, ...], given: tuple[Any, ...]) -> None:
        """Keep the first few, the smallest and the largest."""
        values = {name: value_of(_at(given, path)) for name, path in self._numbers}
        pairs = zip(self._tensors, self._last, strict=True)
        shapes = {name: tuple(map(int, shape)) for (name, _), shape in pairs}
        grid = int(key[0]), int(key[1]), int(key[2])
        example = Example(values, shapes, grid)
        if len(self._examples) < MOST_EXAMPLES:
            self._examples.append(example)
        if rank < self._ranks[0]:
            self._extremes["lowest"] = example
        if rank > self._ranks[1]:
            self._extremes["highest"] = example
        self._ranks = min(rank, self._ranks[0]), max(rank, self._ranks[1])

    def frozen(self) -> Launch:
        x, y, z, *ints = ((int(low), int(high)) for low, high in self._ranges)
        return Launch(
            self._arguments,
            self._options,
            self._target,
            self.count,
            (x, y, z),
            dict(zip(self._names, ints, strict=True)),
            dict(self._shapes),
            chosen_examples([*self._examples, *list(self._extremes.values())]),
        )


class GridNotes:
    """Of the functions of one text that launches take their grid from."""

    def __init__(self, function: Any) -> None:
        self._source = source_of(function)
        self._reads: dict[str, Range] = {}

    def note(self, function: Any) -> None:
        for name, value in ints_of(function):
            self._reads[name] = _wider(self._reads.get(name, (value, value)), value)

    def frozen(self) -> Grid:
        return Grid(self._source, dict(sorted(self._reads.items())))


class TunedNotes:
    """Of what an autotuner chose. `names` are the parameters in its key."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self._names = names
        self._rows: list[list[Any]] = []
        """A key, its configuration, and a count."""
        self.last: dict[tuple[Any, ...], list[Any]] = {}
        """The last row of each key: a key may get another configuration."""

    def restart(self) -> None:
        self._rows.clear()
        self.last.clear()

    def note(self, key: tuple[Any, ...], config: Any) -> None:
        """A launch got this configuration."""
        row = self.last.get(key)
        if row is None or row[1] is not config:
            row = self.last[key] = [key, config, 0]
            self._rows.append(row)
        row[2] += 1

    @property
    def total(self) -> int:
        return sum(count for _, _, count in list(self._rows))

    def frozen(self) -> Tuned:
        return Tuned(self._names, merged_by_key(starmap(_tuned_row, list(self._rows))))


def _tuned_row(key: tuple[Any, ...], config: Any, count: int) -> TunedRow:
    chosen = {name: value_of(value) for name, value in config.all_kwargs().items()}
    return TunedRow(tuple(map(value_of, key)), chosen, count)


def _leaves(arguments: dict[str, Json]) -> Iterator[tuple[str, tuple[int, ...], Json]]:
    """What no tuple is among arguments: its name, as `name.0` in a tuple, where it stands in what
    a launcher is given, and what is said of it."""
    for index, (name, kind) in enumerate(arguments.items()):
        yield from _leaves_in(name, (FIRST_ARGUMENT + index,), kind)


def _leaves_in(
    name: str, path: tuple[int, ...], kind: Json
) -> Iterator[tuple[str, tuple[int, ...], Json]]:
    if isinstance(kind, list):
        for index, inner in enumerate(kind):
            yield from _leaves_in(f"{name}.{index}", (*path, index), inner)
    else:
        yield name, path, kind


def _at(given: tuple[Any, ...], path: tuple[int, ...]) -> Any:
    value: Any = given
    for index in path:
        value = value[index]
    return value


def _wider(range: Range, value: int) -> Range:
    low, high = range
    return (low, high) if low <= value <= high else (min(low, value), max(high, value))
