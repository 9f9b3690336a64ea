"""Notes of what was launched, which grow, and become parts of a recording."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from tritonbind.arguments import value_of
from tritonbind.grid_sources import code_of, ints_of, source_of
from tritonbind.kernel_identity import KernelIdentity
from tritonbind.recording import (
    Example,
    Grid,
    Json,
    Kernel,
    Launch,
    Range,
    Tuned,
    TunedRow,
    chosen_examples,
    in_order,
)


class KernelNotes:
    """Of one kernel."""

    def __init__(self, identity: KernelIdentity, parameters: tuple[str, ...]) -> None:
        self.identity = identity
        self.parameters = parameters
        self.wrappers: tuple[str, ...] = ()
        self.launches: dict[str, LaunchNotes] = {}
        self.grids: dict[Any, GridNotes] = {}
        """By what functions of the same text share."""
        self.tuned: dict[tuple[str, ...], TunedNotes] = {}
        """By the names in the autotuner's key."""

    def see_wrappers(self, wrappers: tuple[str, ...]) -> None:
        self.wrappers = max(self.wrappers, wrappers, key=len)

    def see_grid(self, function: Any) -> None:
        code = code_of(function)
        if code not in self.grids:
            self.grids[code] = GridNotes(function)
        self.grids[code].note(function)

    def frozen(self) -> Kernel:
        launches = [notes.frozen() for notes in self.launches.values() if notes.count]
        grids: dict[str, Grid] = {}
        for grid in (notes.frozen() for notes in self.grids.values()):
            grids[grid.key] = grids[grid.key].merged(grid) if grid.key in grids else grid
        return Kernel(
            self.identity.name,
            self.identity.digest,
            self.parameters,
            self.wrappers,
            in_order(launches),
            in_order(grids.values()),
            in_order(notes.frozen() for notes in self.tuned.values()),
        )


class LaunchNotes:
    """Of all launches of one specialisation with the same options."""

    def __init__(
        self,
        kernel: KernelNotes,
        binding: Binding,
        arguments: dict[str, Json],
        options: dict[str, Json],
        target: str,
    ) -> None:
        self.kernel = kernel
        self.count = 0
        self.seen: set[tuple[Any, ...]] = set()
        """Launches by their grid and ints, of which there is nothing more to note."""
        self.has_tuples = any(isinstance(kind, list) for kind in arguments.values())
        self._binding = binding
        self._arguments, self._options, self._target = arguments, options, target
        kinds = {name: kind for name, kind in flat(arguments).items() if isinstance(kind, str)}
        self._tensors = [name for name, kind in kinds.items() if kind.startswith(_TENSORS)]
        self._numbers = [
            name
            for name, kind in kinds.items()
            if not kind.startswith(_TENSORS) and not kind.endswith(":1")
        ]
        self._grid: list[Range] = []
        self._values: dict[str, Range] = {}
        self._shapes: dict[str, tuple[int, ...]] = {}
        """Of the last launch."""
        self._ranges: dict[str, tuple[Range, ...] | None] = {}
        self._first: list[Example] = []
        self._extremes: dict[Callable[..., Any], tuple[tuple[int, int], Example]] = {}

    def note(
        self, blocks: tuple[int, ...], args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> None:
        """A launch like no other that was seen. `blocks` is its grid."""
        self.count += 1
        arguments = self._binding.arguments(args, kwargs)
        grid = (*map(int, blocks), 1, 1)[:3]
        before = self._grid or [(size, size) for size in grid]
        self._grid = list(map(_wider, before, grid))
        values = {name: arguments[name] for name in self._numbers}
        for name, value in values.items():
            if type(value) is int:
                self._values[name] = _wider(self._values.get(name, (value, value)), value)
        shapes = {name: _shape(arguments[name]) for name in self._tensors}
        if shapes != self._shapes:
            self._shapes = shapes
            for name, shape in shapes.items():
                self._widen_shape(name, shape)
        self._keep(Example(values, shapes, grid))

    def _widen_shape(self, name: str, shape: tuple[int, ...]) -> None:
        before = self._ranges.get(name, tuple((size, size) for size in shape))
        if before is not None and len(before) == len(shape):
            self._ranges[name] = tuple(map(_wider, before, shape))
        else:
            self._ranges[name] = None

    def _keep(self, example: Example) -> None:
        if len(self._first) < 2:
            self._first.append(example)
        rank = math.prod(example.grid), sum(map(math.prod, example.shapes.values()))
        for choose in (min, max):
            held = self._extremes.get(choose)
            if held is None or (rank != held[0] and choose(rank, held[0]) == rank):
                self._extremes[choose] = rank, example

    def frozen(self) -> Launch:
        examples = (*self._first, *(example for _, example in self._extremes.values()))
        return Launch(
            self._arguments,
            self._options,
            self._target,
            self.count,
            tuple(self._grid),
            dict(self._values),
            dict(self._ranges),
            chosen_examples(
                replace(one, values={name: value_of(held) for name, held in one.values.items()})
                for one in examples
            ),
        )


_TENSORS = ("*", "const *", "tensordesc")


class Binding:
    """Which parameter of a kernel gets which argument of a launch."""

    def __init__(self, function: Any) -> None:
        """Of a `JITFunction`."""
        parameters = function.signature.parameters.values()
        self._names = tuple(parameter.name for parameter in parameters)
        self._defaults = {p.name: p.default for p in parameters if p.default is not p.empty}
        variadic = [p.kind is p.VAR_POSITIONAL for p in parameters]
        self._first_variadic = variadic.index(True) if True in variadic else len(self._names)

    def arguments(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments by parameter; those in tuples by `name.0`."""
        first = self._first_variadic
        found = {**self._defaults, **dict(zip(self._names, args[:first], strict=False))}
        if first < len(self._names):
            found[self._names[first]] = args[first:]
        found |= {name: kwargs[name] for name in self._names if name in kwargs}
        return flat(found)


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
        self._counts: dict[tuple[Any, ...], tuple[Any, int]] = {}

    def note(self, key: tuple[Any, ...], config: Any) -> bool:
        """A launch got this configuration. Whether that is new comes back."""
        row = (key, id(config))
        held = self._counts.get(row)
        self._counts[row] = config, 1 if held is None else held[1] + 1
        return held is None

    def frozen(self) -> Tuned:
        tuned = Tuned(self._names, ())
        for (key, _), (config, count) in list(self._counts.items()):
            chosen = {name: value_of(value) for name, value in config.all_kwargs().items()}
            row = TunedRow(tuple(map(value_of, key)), chosen, count)
            tuned = tuned.merged(Tuned(self._names, (row,)))
        return tuned


def flat(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments, or what is said of them, with what is in tuples by names as `name.0`."""
    found: dict[str, Any] = {}
    for name, value in arguments.items():
        if isinstance(value, (tuple, list)):
            found |= flat({f"{name}.{index}": inner for index, inner in enumerate(value)})
        else:
            found[name] = value
    return found


def _shape(tensor: Any) -> tuple[int, ...]:
    return tuple(map(int, getattr(tensor, "shape", ())))


def _wider(range: Range, value: int) -> Range:
    low, high = range
    return (low, high) if low <= value <= high else (min(low, value), max(high, value))
