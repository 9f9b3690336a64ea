"""Which calls fall to which variant, in plain data: the first that fits is taken."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Sequence
from typing import Any

from codegen.model.kernel import NO_VARIANT, Axis, Kernel, Parameter
from codegen.model.plan import Plan

Row = tuple[int, tuple[tuple[int, ...], ...]]
"""A variant, and for each axis the choices that lead to it."""


def calls_of(plan: Plan) -> list[dict[str, Any]]:
    """For each combination of choices its variant: those that assume more of ints and pointers
    come first, and a call gets the first of which all conditions hold."""
    kernel = plan.kernel
    specialisation = kernel.specialisation
    axes = specialisation.axes
    choices = itertools.product(*(range(len(axis.labels)) for axis in axes))
    numbers = specialisation.cells or range(len(specialisation.variants))
    rows: list[Row] = [
        (number, tuple((index,) for index in selection))
        for selection, number in zip(choices, numbers, strict=True)
        if number != NO_VARIANT
    ]
    for position, axis in enumerate(axes):
        if axis.kind != "hints":
            rows = _merged(rows, position)
    hints = next((place for place, axis in enumerate(axes) if axis.kind == "hints"), None)
    found: dict[str, tuple[tuple[int, int], dict[str, Any]]] = {}
    for number, selection in rows:
        variant = specialisation.variants[number]
        conditions = [
            _condition(kernel, axis, indices)
            for axis, indices in zip(axes, selection, strict=True)
            if axis.kind != "hints" and len(indices) < len(axis.labels)
        ]
        (case_number,) = (0,) if hints is None else selection[hints]
        case = () if hints is None else axes[hints].hints[case_number]
        names = dict(variant.signature) | dict(variant.constexprs)
        facts = {name: hint for name, hint in case if names[name] is not None}
        if facts:
            conditions.append({"kind": "hints", "of": list(facts), "is": [facts]})
        row = {"variant": variant.label, "conditions": conditions}
        found.setdefault(json.dumps(row), ((-len(facts), case_number), row))
    return [row for _, row in sorted(found.values(), key=lambda pair: pair[0])]


def configurations_of(plan: Plan) -> dict[str, Any] | None:
    """The configurations by number, which keys lead to which, and what replaces them where."""
    axes = plan.kernel.specialisation.axes
    axis = next((axis for axis in axes if axis.kind == "configuration"), None)
    if axis is None:
        return None
    return {
        "listed": [str(one) for one in axis.values],
        "default": 0,
        "argument": axis.parameters[0] if axis.parameters else None,
        "tuned": list(_tuned(plan.kernel, axis)),
        "shared": list(_shared(plan)),
    }


def _shared(plan: Plan) -> Iterator[dict[str, Any]]:
    """The bytes that each configuration needs on each target, by what it depends on."""
    if plan.needs is None:
        return
    axes = [plan.kernel.specialisation.axes[place] for place in plan.needs.axes]
    for choices, row in plan.needs.rows.items():
        yield {
            "conditions": [
                _condition(plan.kernel, axis, (index,))
                for axis, index in zip(axes, choices, strict=True)
            ],
            "bytes": {target.name: list(needs) for target, needs in row.items()},
        }


def _condition(kernel: Kernel, axis: Axis, indices: Sequence[int]) -> dict[str, Any]:
    return {"kind": axis.kind, "of": list(axis.parameters), "is": _values(kernel, axis, indices)}


def _tuned(kernel: Kernel, axis: Axis) -> Iterator[dict[str, Any]]:
    """The keys as conditions, each with the number of its configuration."""
    axes = {
        (axis.kind, name): axis for axis in kernel.specialisation.axes for name in axis.parameters
    }
    types = {p.name: p.storage.dtype for p in kernel.parameters if isinstance(p, Parameter)}
    for row, number in axis.tuned.rows if axis.tuned else ():
        conditions = []
        for column, entry in zip(axis.tuned.columns if axis.tuned else (), row, strict=True):
            name = column.parameter
            if column.kind == "value":
                value = entry if entry >= types[name].low else entry + (1 << 64)
                conditions.append({"kind": "value", "of": [name], "is": [value]})
            else:
                conditions.append(_condition(kernel, axes[column.kind, name], (entry,)))
        yield {"conditions": conditions, "configuration": number}


def _merged(rows: Sequence[Row], position: int) -> list[Row]:
    """The rows that differ on one axis alone and have the same variant, as one."""
    groups: dict[object, list[Row]] = {}
    for row in rows:
        number, selection = row
        key = number, selection[:position], selection[position + 1 :]
        groups.setdefault(key, []).append(row)
    merged = []
    for group in groups.values():
        number, selection = group[0]
        indices = tuple(index for _, other in group for index in other[position])
        merged.append((number, (*selection[:position], indices, *selection[position + 1 :])))
    return merged


def _values(kernel: Kernel, axis: Axis, indices: Sequence[int]) -> list[Any]:
    parameters = {parameter.name: parameter for parameter in kernel.parameters}
    if axis.kind == "none":
        return [index == 1 for index in indices]
    if axis.kind == "configuration":
        return list(indices)
    if axis.kind == "heuristic":
        return [_plain(axis.values[index]) for index in indices]
    if axis.kind == "dtype":
        return [axis.labels[index] for index in indices]
    parameter = parameters[axis.parameters[0]]
    if isinstance(parameter, Parameter):
        return [parameter.types[index].triton for index in indices]
    return [_plain(parameter.passed[index]) for index in indices]


def _plain(value: object) -> object:
    return value if value is None or isinstance(value, (int, float, str)) else repr(value)
