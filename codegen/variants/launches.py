"""What to build of a kernel whose declaration lists its launches: those, and no cross product."""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

from codegen.model.descriptors import parse_parameter_type
from codegen.model.errors import about
from codegen.model.kernel import Hints, KernelSource, Specialisation
from codegen.model.launch_rows import (
    Fixed,
    Given,
    Launches,
    LaunchRow,
    Leaf,
    RunTime,
    distinct,
    order,
)
from codegen.model.options import Options, with_given
from codegen.model.parameters import Constexpr, Parameter
from codegen.prove.launch_layout import most_parts
from codegen.variants.axes.constexpr import ConstexprAxis
from codegen.variants.axes.dtype import DtypeAxis
from codegen.variants.axes.hints import HintsAxis
from codegen.variants.axes.kind import AxisKind, CallAxis
from codegen.variants.axes.none import NoneAxis
from codegen.variants.axes.option import OptionAxis
from codegen.variants.axes.width import WidthAxis
from codegen.variants.cases import check_hint
from codegen.variants.combinations import Combination
from codegen.variants.decorators import Step
from codegen.variants.launched_steps import Way, stepped
from codegen.variants.limits import (
    MOST_COMBINATIONS,
    MOST_PARAMETERS,
    MOST_SELECTIONS,
    MOST_TYPE_VARIABLES,
    check_limit,
)
from codegen.variants.numbering import numbered


def specialise_launches(
    kernel: KernelSource,
    launches: Launches,
    raws: Sequence[Any],
    steps: Sequence[Step] = (),
    given: Sequence[Given] = (),
) -> Specialisation:
    """Each combination of types, None, constexprs, options and what steps decide that some launch
    has: with what each launch of it assumed, and with nothing assumed.

    `raws` are Triton's own parameters; `steps` are the kernel's own, which gave each launch what
    `given` says of it. Raises `CodegenError`.
    """
    with about(f"`{kernel.name}`", kernel.location):
        parts = sum(most_parts(p) for p in kernel.parameters if isinstance(p, Parameter))
        check_limit(kernel, parts, MOST_PARAMETERS, "run-time parameters", _HINT)
        computed = {name for one in given for name in one.values}
        launched = _launched(kernel, launches, raws, computed)
        call_axes = list(_call_axes(kernel, launched, computed))
        types = sum(isinstance(axis, DtypeAxis) for axis in call_axes)
        check_limit(kernel, types, MOST_TYPE_VARIABLES, "choices of types", _HINT)
        axes: list[AxisKind] = [*call_axes]
        ways = [
            Way(_selected(one, call_axes), one.hints, of_one, number)
            for number, (one, of_one) in enumerate(zip(launched, given, strict=True))
        ]
        ways = stepped(kernel, steps, axes, ways)
        product = math.prod(len(axis.labels) for axis in axes)
        check_limit(kernel, product, MOST_SELECTIONS, "combinations of choices", _HINT)
        together: dict[tuple[int, ...], tuple[Combination, dict[Hints, None]]] = {}
        for way in ways:
            _, cases = together.setdefault(way.made.selection, (way.made, {}))
            cases[way.hints] = None
        ordered = [together[selection] for selection in sorted(together)]
        combinations = [one for one, _ in ordered]
        if hints := HintsAxis.of_launches(kernel, [one.hints for one in launched]):
            axes.append(hints)
            places = {case: place for place, case in enumerate(hints.cases)}
            hinted = (_with_cases(one, cases, hints, places) for one, cases in ordered)
            combinations = list(itertools.chain.from_iterable(hinted))
        check_limit(kernel, len(combinations), MOST_COMBINATIONS, "combinations of choices", _HINT)
        variants, numbers = numbered(kernel, combinations)
        selections = tuple(one.selection for one in combinations)
        return Specialisation(tuple(axes), variants, numbers, selections)


_HINT = "leave out some launches, or declare some of them under another name"


def without_hints(
    parameters: Iterable[Parameter | Constexpr],
) -> tuple[Parameter | Constexpr, ...]:
    """The parameters without what declarations assume of pointers: each launch says it itself."""
    return tuple(replace(p, hint=None) if isinstance(p, Parameter) else p for p in parameters)


def _launched(
    kernel: KernelSource, launches: Launches, raws: Sequence[Any], computed: Collection[str]
) -> list[Combination]:
    """What is known of each launch, but for what is `computed`."""
    by_name = {raw.name: raw for raw in raws}
    leaves = [row.leaves() for row in launches.rows]
    values = _values(kernel, leaves, computed)
    found = []
    for row, given in zip(launches.rows, leaves, strict=True):
        types, hints = {}, []
        for parameter in kernel.parameters:
            name, leaf = parameter.name, given[parameter.name]
            if isinstance(parameter, Parameter) and isinstance(leaf, RunTime):
                dtype = parse_parameter_type(leaf.type).dtype
                types[name] = next(one for one in parameter.types if one.dtype == dtype)
                if leaf.hint is not None:
                    with about(f"{row.place} parameter `{name}`"):
                        check_hint(by_name[name], types[name], leaf.hint)
                    hints.append((name, leaf.hint))
        own = {
            name: values[name, order(leaf)]
            for name, leaf in given.items()
            if name not in types and (name, order(leaf)) in values
        }
        options = _options(kernel, row, own, computed)
        found.append(Combination((), (), types, own, options, tuple(hints)))
    return found


def _values(
    kernel: KernelSource, leaves: Sequence[Mapping[str, Leaf]], computed: Collection[str]
) -> dict[tuple[str, object], object]:
    """What is compiled in for what the launches have of each parameter: a default, where only
    configurations gave it that are not built."""
    found: dict[tuple[str, object], object] = {}
    for parameter in kernel.parameters:
        name = parameter.name
        if isinstance(parameter, Parameter):
            found[name, order(Fixed(None))] = None
        elif not parameter.is_computed:
            leaves_of_it = distinct(row[name] for row in leaves)
            choices = parameter.choices
            if name in computed:
                choices = choices * len(leaves_of_it)
            for leaf, choice in zip(leaves_of_it, choices, strict=True):
                found[name, order(leaf)] = choice
    return found


def _options(
    kernel: KernelSource, row: LaunchRow, values: dict[str, object], computed: Collection[str]
) -> Options:
    own = {n: value for n, value in row.options.items() if value is not None and n not in computed}
    return with_given(kernel.options, {**own, **values})


def _call_axes(
    kernel: KernelSource, launched: Sequence[Combination], computed: Collection[str]
) -> Iterator[CallAxis]:
    yield from _dtype_axes(kernel, launched)
    for parameter in kernel.parameters:
        yield from ConstexprAxis.of(kernel, parameter)
        yield from NoneAxis.of(kernel, parameter)
        yield from WidthAxis.of(kernel, parameter)
    names = {*(parameter.name for parameter in kernel.parameters), *computed}
    for name in (entry.name for entry in fields(Options) if entry.name not in names):
        values = distinct(Fixed(getattr(one.options, name)) for one in launched)
        if len(values) > 1:
            yield OptionAxis.of(name, tuple(v.value for v in values if isinstance(v, Fixed)))


def _dtype_axes(kernel: KernelSource, launched: Sequence[Combination]) -> Iterator[DtypeAxis]:
    """Tensors with the same dtype in each launch, as far as they are not None, choose together."""
    groups: list[list[Parameter]] = []
    for parameter in kernel.parameters:
        if isinstance(parameter, Parameter) and parameter.is_tensor and len(parameter.types) > 1:
            alike = (g for g in groups if all(_agree(parameter, one, launched) for one in g))
            group = next(alike, None)
            if group is None:
                groups.append([parameter])
            else:
                group.append(parameter)
    for group in groups:
        yield DtypeAxis.of_launches(group)


def _agree(one: Parameter, other: Parameter, launched: Iterable[Combination]) -> bool:
    if _dtypes(one) != _dtypes(other):
        return False
    both = (c.types for c in launched if one.name in c.types and other.name in c.types)
    return all(types[one.name].dtype == types[other.name].dtype for types in both)


def _dtypes(parameter: Parameter) -> list[str]:
    return [type_.dtype.name for type_ in parameter.types]


def _selected(one: Combination, axes: Sequence[CallAxis]) -> Combination:
    made = replace(one, hints=())
    for axis in axes:
        made = made.extended(axis, axis.choice_of(one))
    return made


def _with_cases(
    one: Combination, cases: Iterable[Hints], hints: HintsAxis, places: Mapping[Hints, int]
) -> Iterator[Combination]:
    """The combination with each case, those that assume most first, and with none; `places` are
    those of cases on the axis."""
    for index in sorted({places[case] for case in (*cases, ())}):
        made = replace(one.extended(hints, index), hints=hints.cases[index])
        yield replace(made, labels=(*one.labels, hints.label(one, index)))
