"""What to build of a kernel: every choice that a call can make, and the variant it leads to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from codegen.model.constexpr_values import identity
from codegen.model.errors import CodegenError, about
from codegen.model.kernel import (
    Configuration,
    Hints,
    KernelSource,
    Specialisation,
    Variant,
)
from codegen.model.options import with_given
from codegen.model.parameters import Constexpr, Parameter
from codegen.prove.launch_layout import most_parts
from codegen.variants.axes.configuration import ConfigurationAxis, TunedTable
from codegen.variants.axes.constexpr import ConstexprAxis
from codegen.variants.axes.dtype import DtypeAxis
from codegen.variants.axes.heuristic import HeuristicAxis
from codegen.variants.axes.hints import HintsAxis
from codegen.variants.axes.kind import AxisKind
from codegen.variants.axes.none import NoneAxis
from codegen.variants.axes.width import WidthAxis
from codegen.variants.combinations import Combination
from codegen.variants.heuristics import Heuristic, evaluate_or_translate
from codegen.variants.limits import (
    MOST_COMBINATIONS,
    MOST_PARAMETERS,
    MOST_TYPE_VARIABLES,
    check_limit,
)
from codegen.variants.numbering import numbered
from codegen.variants.tuned_table import key_names, tuned_table
from codegen.variants.tuning import Tuning


def specialise(
    kernel: KernelSource,
    steps: Sequence[Tuning | Heuristic] = (),
    cases: tuple[Hints, ...] | None = None,
) -> Specialisation:
    """What a call decides; `steps` are the kernel's own, in the order in which a call meets them.

    `cases` are the hinted variants besides the generic one; by default one that has each
    parameter's hint.
    """
    with about(f"`{kernel.name}`", kernel.location):
        return _specialised(kernel, steps, cases)


def _specialised(
    kernel: KernelSource, steps: Sequence[Tuning | Heuristic], cases: tuple[Hints, ...] | None
) -> Specialisation:
    parts = sum(most_parts(p) for p in kernel.parameters if isinstance(p, Parameter))
    check_limit(kernel, parts, MOST_PARAMETERS, "run-time parameters")
    check_limit(kernel, len([*DtypeAxis.of(kernel)]), MOST_TYPE_VARIABLES, "choices of types")
    axes: list[AxisKind] = []
    combinations = [_first(kernel)]
    for axis in _call_axes(kernel):
        axes.append(axis)
        combinations = _chosen(kernel, axis, combinations)
    for step in steps:
        if isinstance(step, Tuning):
            combinations = _configured(kernel, step, axes, combinations)
        else:
            combinations = _computed(kernel, step, axes, combinations)
    for hints in HintsAxis.of(kernel, cases):
        axes.append(hints)
        combinations = _chosen(kernel, hints, combinations)
    check_limit(kernel, len(combinations), MOST_COMBINATIONS, "combinations of choices")
    variants, indices = numbered(kernel, combinations)
    is_identity = indices == tuple(range(len(indices)))
    return Specialisation(tuple(axes), variants, () if is_identity else indices)


def with_choices(
    parameters: Sequence[Parameter | Constexpr], specialisation: Specialisation
) -> tuple[Parameter | Constexpr, ...]:
    """The parameters, with the values that the variants have for computed constexprs."""
    return tuple(_with_choices(parameter, specialisation.variants) for parameter in parameters)


def _first(kernel: KernelSource) -> Combination:
    types = {p.name: p.types[0] for p in kernel.parameters if isinstance(p, Parameter)}
    fixed = (p for p in kernel.parameters if isinstance(p, Constexpr) and not p.is_computed)
    values = {constexpr.name: constexpr.choices[0] for constexpr in fixed}
    return Combination((), (), types, values, kernel.options)


def _call_axes(kernel: KernelSource) -> Iterator[AxisKind]:
    """What the arguments decide by themselves."""
    yield from DtypeAxis.of(kernel)
    for parameter in kernel.parameters:
        yield from ConstexprAxis.of(kernel, parameter)
        yield from NoneAxis.of(kernel, parameter)
        yield from WidthAxis.of(kernel, parameter)


def _chosen(
    kernel: KernelSource, axis: AxisKind, combinations: Sequence[Combination]
) -> list[Combination]:
    """Each of the combinations with each choice on one more axis."""
    return [
        axis.chosen(kernel, one.extended(axis, index), index)
        for one in combinations
        for index in range(len(axis.labels))
    ]


def _configured(
    kernel: KernelSource, tuning: Tuning, axes: list[AxisKind], combinations: Sequence[Combination]
) -> list[Combination]:
    """The combinations of each configuration; of several, an axis, which a call or the key
    decides."""
    configurations = tuple(whole(kernel, tuning, one) for one in tuning.configurations)
    tuned = tuned_table(kernel, axes, combinations, tuning) if tuning.tuned else TunedTable()
    key = key_names(kernel, combinations, tuning)
    axis = ConfigurationAxis.of(configurations, tuning.argument, tuned, key)
    if len(configurations) == 1:
        return [axis.chosen(kernel, one, 0) for one in combinations]
    axes.append(axis)
    return _chosen(kernel, axis, combinations)


def whole(kernel: KernelSource, tuning: Tuning, one: Configuration) -> Configuration:
    """The configuration, with the kernel's own for what others give a value. Raises `CodegenError`
    where it has none."""
    values = dict(one.constexprs)
    for parameter in kernel.parameters:
        if parameter.name in tuning.names - values.keys():
            if parameter.default is None:
                raise CodegenError(
                    f"the configuration ({one}) gives no value to `{parameter.name}`, and others "
                    "do",
                    hint="give it a default in the kernel, or choose others: configs=[{...}]",
                )
            values[parameter.name] = parameter.default.value
    own = {name: getattr(one.options, name) for name in one.given}
    given = dict.fromkeys(name for other in tuning.configurations for name in other.given)
    return replace(
        one,
        constexprs=tuple(values.items()),
        options=with_given(kernel.options, own),
        given=tuple(given),
    )


def _computed(
    kernel: KernelSource,
    heuristic: Heuristic,
    axes: list[AxisKind],
    combinations: Sequence[Combination],
) -> list[Combination]:
    """The combinations with what a heuristic gives: a value each, or an axis that C computes."""
    found = evaluate_or_translate(kernel, heuristic, combinations)
    if found.computed is None:
        return [
            one.with_value(kernel, heuristic.name, value)
            for one, (value,) in zip(combinations, found.values, strict=True)
        ]
    axis = HeuristicAxis.of(heuristic.name, found.choices, found.computed)
    axes.append(axis)
    possible = [values for values in found.values for _ in axis.values]
    return [
        replace(one, reachable=one.reachable and axis.values[one.selection[-1]] in values)
        for one, values in zip(_chosen(kernel, axis, combinations), possible, strict=True)
    ]


def _with_choices(
    parameter: Parameter | Constexpr, variants: Iterable[Variant]
) -> Parameter | Constexpr:
    """A computed constexpr, with the values that the variants have for it."""
    if isinstance(parameter, Parameter) or not parameter.is_computed:
        return parameter
    values: dict[object, object] = {}
    for variant in variants:
        value = variant.constexprs[parameter.name]
        values.setdefault(identity(value), value)
    return replace(parameter, choices=tuple(values.values()))
