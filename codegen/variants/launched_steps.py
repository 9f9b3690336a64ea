"""What decorators decide in listed launches: values that they computed, configurations they chose.

No combination is made that no launch has, but for configurations: a table may give calls of a kind
others than their launches had, and a call that names one may name each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from codegen.model.constexpr_values import real
from codegen.model.errors import CodegenError
from codegen.model.kernel import Hints, KernelSource
from codegen.model.launch_rows import Given
from codegen.variants.axes.configuration import ConfigurationAxis, TunedTable
from codegen.variants.axes.heuristic import HeuristicAxis
from codegen.variants.axes.kind import AxisKind
from codegen.variants.combinations import Combination
from codegen.variants.decorators import Step
from codegen.variants.heuristics import Heuristic, evaluated, translated
from codegen.variants.specialise import whole
from codegen.variants.tuned_table import key_names, tuned_table
from codegen.variants.tuning import Tuning


@dataclass(frozen=True)
class Way:
    """Calls that choose as a launch did."""

    made: Combination
    """What is known of them so far."""
    hints: Hints
    """What the launch assumed."""
    given: Given
    """What decorators gave in it."""
    number: int
    """Its place in the list."""
    is_launched: bool = True
    """They have its configuration, too."""


def stepped(
    kernel: KernelSource, steps: Sequence[Step], axes: list[AxisKind], ways: list[Way]
) -> list[Way]:
    """The ways, with what the steps decide; what calls decide there is added to the axes.

    Raises `CodegenError` for a launch that the decorators would not have made, and for what C
    cannot compute.
    """
    for step in steps:
        if isinstance(step, Tuning):
            ways = _configured(kernel, step, axes, ways)
        else:
            ways = _computed(kernel, step, axes, ways)
    return ways


def _together(ways: Sequence[Way]) -> dict[tuple[int, ...], Combination]:
    """What is known of each combination of choices, in their order."""
    found = {way.made.selection: way.made for way in ways}
    return {selection: found[selection] for selection in sorted(found)}


def _computed(
    kernel: KernelSource, heuristic: Heuristic, axes: list[AxisKind], ways: Sequence[Way]
) -> list[Way]:
    """With what a heuristic gives: one value for each combination, or an axis that C computes."""
    combinations = _together(ways)
    name, known = heuristic.name, [*combinations.values()]
    values = dict(zip(combinations, evaluated(kernel, heuristic, known), strict=True))
    for way in ways:
        _check_agrees(name, way, values[way.made.selection])
    given = [_given(name, way, values[way.made.selection]) for way in ways]
    if None not in values.values():
        return [
            replace(way, made=way.made.with_value(kernel, name, value))
            for way, value in zip(ways, given, strict=True)
        ]
    choices = _choices(heuristic, given)
    computed, _ = translated(kernel, replace(heuristic, choices=choices), known)
    axis = HeuristicAxis.of(name, choices, computed)
    axes.append(axis)
    places = [choices.index(value) for value in given]
    return [
        replace(way, made=axis.chosen(kernel, way.made.extended(axis, place), place))
        for way, place in zip(ways, places, strict=True)
    ]


def _check_agrees(name: str, way: Way, value: tuple[object, ...] | None) -> None:
    """Raise `CodegenError` where the launch has another value than the heuristic gives."""
    had = way.given.values[name]
    now = had if value is None else real(value[0])
    if way.is_launched and (type(now), now) != (type(had), had):
        raise CodegenError(
            f"{way.given.place} has {name}={had!r}, and the heuristic of `{name}` gives {now!r}",
            hint="record the program again with this kernel; or take launches as they reach the "
            'kernel: grid="explicit"',
        )


def _given(name: str, way: Way, value: tuple[object, ...] | None) -> object:
    return way.given.values[name] if value is None else value[0]


def _choices(heuristic: Heuristic, given: Sequence[object]) -> tuple[object, ...]:
    """What C may find: both values of a bool, and of an int those that launches have."""
    if all(isinstance(value, bool) for value in given):
        return True, False
    numbers = {value for value in given if isinstance(value, int)}
    if not all(isinstance(value, int) for value in given):
        other = next(value for value in given if not isinstance(value, int))
        raise CodegenError(
            f"the heuristic of `{heuristic.name}` gives {other!r} in some calls and asks for what "
            "only a call knows, and C can compute ints and bools",
            hint='take launches as they reach the kernel: grid="explicit"',
        )
    return tuple(sorted(numbers))


def _configured(
    kernel: KernelSource, tuning: Tuning, axes: list[AxisKind], ways: Sequence[Way]
) -> list[Way]:
    """With each configuration that calls of a combination may get: of several, on an axis."""
    combinations = _together(ways)
    configurations = tuple(whole(kernel, tuning, one) for one in tuning.configurations)
    known = [*combinations.values()]
    tuned = tuned_table(kernel, axes, known, tuning) if tuning.tuned else TunedTable()
    key = key_names(kernel, known, tuning)
    axis = ConfigurationAxis.of(configurations, tuning.argument, tuned, key)
    if len(configurations) == 1:
        return [replace(way, made=axis.chosen(kernel, way.made, 0)) for way in ways]
    axes.append(axis)
    wanted = _wanted(tuning, tuned, combinations, ways)
    return [
        replace(
            way,
            made=axis.chosen(kernel, way.made.extended(axis, number), number),
            is_launched=tuning.launched[way.number] == number,
        )
        for way in ways
        for number in wanted[way.number]
    ]


def _wanted(
    tuning: Tuning,
    tuned: TunedTable,
    combinations: Mapping[tuple[int, ...], Combination],
    ways: Sequence[Way],
) -> dict[int, list[int]]:
    """The configurations to build for calls as each launch, by its number. Where calls name one,
    all of them; else its own. Those that a key of its combination's calls leads to and no launch of
    the combination had, and all where its own is not built; the default where that leaves none."""
    every = [*range(len(tuning.configurations))]
    if tuning.argument is not None:
        return {way.number: every for way in ways}
    had: dict[tuple[int, ...], set[int | None]] = {selection: set() for selection in combinations}
    for way in ways:
        had[way.made.selection].add(tuning.launched[way.number])
    led = {
        selection: {number for row, number in tuned.rows if _fits(tuned, row, selection)}
        for selection in combinations
    }
    wanted = {}
    for way in ways:
        selection, own = way.made.selection, tuning.launched[way.number]
        if own is None:
            found = led[selection] | {one for one in had[selection] if one is not None}
        else:
            found = {own} | (led[selection] - had[selection])
        wanted[way.number] = sorted(found or {0})
    return wanted


def _fits(tuned: TunedTable, row: Sequence[int], selection: Sequence[int]) -> bool:
    """Whether calls that choose so may have a key: what it says of axes is what they chose."""
    columns = zip(tuned.columns, row, strict=True)
    return all(selection[c] == entry for c, entry in columns if isinstance(c, int))
