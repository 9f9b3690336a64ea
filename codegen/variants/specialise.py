"""What to build of a kernel: every choice that a call can make, and the variant it leads to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from codegen.model.descriptors import DescriptorType, parse_parameter_type
from codegen.model.errors import CodegenError
from codegen.model.identifiers import file_safe, room_for_label
from codegen.model.kernel import (
    GENERIC,
    HINTED,
    NO_VARIANT,
    Axis,
    Configuration,
    Constexpr,
    Hints,
    Kernel,
    Parameter,
    Specialisation,
    Variant,
)
from codegen.model.none_together import groups
from codegen.model.options import OPTIONS, check_options, with_given
from codegen.model.values import identity
from codegen.prove.launch_layout import most_parts
from codegen.variants.combinations import Cell, decisive_nones, hint_groups
from codegen.variants.heuristics import Heuristic, evaluate_or_translate
from codegen.variants.tuned_table import tuned_table
from codegen.variants.tuning import Tuning

# What the C runtime has room for: TB_MOST_PARAMETERS and TB_MOST_DTYPE_AXES, and
# an index of 16 bits.
_LONGEST_LABEL, _LONGEST_CASE = 40, 80
MOST_PARAMETERS, MOST_TYPE_VARIABLES, MOST_COMBINATIONS, MOST_HINT_GROUPS = 254, 8, 1 << 15, 12


def specialise(
    kernel: Kernel, steps: Sequence[Tuning | Heuristic] = (), cases: tuple[Hints, ...] | None = None
) -> Kernel:
    """The kernel with its specialisation, and with the values that its own `steps` give.

    `cases` are the hinted variants besides the generic one; by default one that has each
    parameter's hint.
    """
    _check_limits(kernel)
    axes: list[Axis] = []
    cells = [_first_cell(kernel)]
    for axis in _call_axes(kernel):
        axes.append(axis)
        cells = [_choose(kernel, cell, axis, index) for cell, index in _combinations(cells, axis)]
    for step in steps:
        if isinstance(step, Tuning):
            cells = _configured(kernel, step, axes, cells)
        else:
            cells = _computed(kernel, step, axes, cells)
    hints = _hints_axis(kernel, cases)
    if hints is not None:
        axes.append(hints)
        cells = [
            replace(cell.extended(hints, index), hints=hints.hints[index])
            for cell, index in _combinations(cells, hints)
        ]
    if len(cells) > MOST_COMBINATIONS:
        raise _too_many(kernel, len(cells), MOST_COMBINATIONS, "combinations of choices")
    return _finished(kernel, tuple(axes), cells)


def _first_cell(kernel: Kernel) -> Cell:
    types = {p.name: p.types[0].triton for p in kernel.parameters if isinstance(p, Parameter)}
    fixed = (p for p in kernel.parameters if isinstance(p, Constexpr) and not p.is_computed)
    values = {constexpr.name: constexpr.choices[0] for constexpr in fixed}
    return Cell((), (), types, values, kernel.options)


def _call_axes(kernel: Kernel) -> Iterator[Axis]:
    """What the arguments decide by themselves: pointers with equal choices of types together."""
    for types, names in _type_variables(kernel).items():
        yield Axis("dtype", names, types)
    together = groups(kernel.parameters)
    for parameter in kernel.parameters:
        name = parameter.name
        if isinstance(parameter, Constexpr):
            if parameter.is_argument:
                yield Axis("constexpr", (name,), _labels(name, parameter.passed))
            continue
        if parameter.nullable and not parameter.partner:
            yield Axis("none", together[name], (name, f"no_{name}"))
        if not parameter.is_tensor and len(parameter.types) > 1:
            yield Axis("width", (name,), tuple(f"{name}_{t.triton}" for t in parameter.types))


def _combinations(cells: Sequence[Cell], axis: Axis) -> Iterator[tuple[Cell, int]]:
    return ((cell, index) for cell in cells for index in range(len(axis.labels)))


def _choose(kernel: Kernel, cell: Cell, axis: Axis, index: int) -> Cell:
    types, values = dict(cell.types), dict(cell.values)
    parameters = {parameter.name: parameter for parameter in kernel.parameters}
    for name in axis.parameters:
        parameter = parameters[name]
        if isinstance(parameter, Constexpr):
            values[name] = parameter.choices[index]
            if name in OPTIONS and name not in kernel.apart:
                cell = _with_value(kernel, cell, name, values[name])
        elif axis.kind == "none":
            if index == 1:
                values[name] = None
                if not parameter.takes_null:
                    del types[name]
        elif name in types:
            types[name] = parameter.types[index].triton
    return replace(cell.extended(axis, index), types=types, values=values)


def _configured(
    kernel: Kernel, tuning: Tuning, axes: list[Axis], cells: Sequence[Cell]
) -> list[Cell]:
    """The cells of each configuration; of several, an axis, which a call or the key decides."""
    configurations = tuple(_whole(kernel, tuning, one) for one in tuning.configurations)
    axis = Axis(
        "configuration",
        () if tuning.argument is None else (tuning.argument,),
        tuple(f"config_{number}" for number in range(len(configurations))),
        values=configurations,
        tuned=tuned_table(kernel, axes, cells, tuning) if tuning.tuned else None,
    )
    if len(configurations) > 1:
        axes.append(axis)
    made = []
    for cell, index in _combinations(cells, axis):
        chosen = configurations[index]
        if len(configurations) > 1:
            cell = cell.extended(axis, index)
        values = {**cell.values, **dict(chosen.constexprs)}
        given = {name: getattr(chosen.options, name) for name in chosen.given}
        made.append(replace(cell, values=values, options=with_given(cell.options, given)))
    return made


def _whole(kernel: Kernel, tuning: Tuning, one: Configuration) -> Configuration:
    """The configuration, with the kernel's own for what others give a value."""
    values = dict(one.constexprs)
    for parameter in kernel.parameters:
        if parameter.name in tuning.names - values.keys():
            if parameter.default is None:
                raise CodegenError(
                    f"`{kernel.name}`: the configuration ({one}) gives no value to "
                    f"`{parameter.name}`, and others do",
                    where=kernel.location,
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
    kernel: Kernel, heuristic: Heuristic, axes: list[Axis], cells: Sequence[Cell]
) -> list[Cell]:
    """The cells with what a heuristic gives: a value for each, or an axis that C computes."""
    found = evaluate_or_translate(kernel, heuristic, cells)
    if found.computed is None:
        return [
            _with_value(kernel, cell, heuristic.name, value)
            for cell, (value,) in zip(cells, found.values, strict=True)
        ]
    labels = _labels(heuristic.name, found.choices)
    axis = Axis(
        "heuristic", (heuristic.name,), labels, values=found.choices, computed=found.computed
    )
    axes.append(axis)
    made = []
    for cell, possible in zip(cells, found.values, strict=True):
        for index, value in enumerate(found.choices):
            one = _with_value(kernel, cell.extended(axis, index), heuristic.name, value)
            is_possible = cell.reachable and value in possible
            made.append(replace(one, reachable=is_possible))
    return made


def _with_value(kernel: Kernel, cell: Cell, name: str, value: object) -> Cell:
    """A heuristic's value is a constexpr, or an option of the compiler, or both by one name."""
    if name in OPTIONS:
        cell = replace(cell, options=with_given(cell.options, {name: value}))
        if cell.reachable:
            check_options(kernel.name, cell.options, kernel.location)
        if name not in {parameter.name for parameter in kernel.parameters}:
            return cell
    return replace(cell, values={**cell.values, name: value})


def _hints_axis(kernel: Kernel, cases: tuple[Hints, ...] | None) -> Axis | None:
    if cases is None:
        parameters = (p for p in kernel.parameters if isinstance(p, Parameter))
        hinted = tuple((p.name, p.hint) for p in parameters if p.hint is not None)
        cases = (hinted,) if hinted else ()
    if not cases:
        return None
    nullable = [p.name for p in kernel.parameters if isinstance(p, Parameter) and p.nullable]
    groups = len(hint_groups(cases)) + len(decisive_nones(cases, nullable))
    if groups > MOST_HINT_GROUPS:
        raise _too_many(kernel, groups, MOST_HINT_GROUPS, "groups of hints that go together")
    labels = [_case_label(kernel, case) for case in cases] if len(cases) > 1 else [HINTED]
    if max(map(len, labels)) > _LONGEST_CASE:
        labels = [f"case_{number}" for number in range(1, len(cases) + 1)]
    return Axis("hints", (), (*labels, GENERIC), hints=(*cases, ()))


def _case_label(kernel: Kernel, case: Hints) -> str:
    """The ints that are hinted; that pointers are aligned goes without saying."""
    pointers = [p.name for p in kernel.parameters if isinstance(p, Parameter) and p.is_pointer]
    facts = dict(case)
    parts = [f"{name}_{number}" for name, number in case if name not in pointers]
    parts += [f"{name}_any" for name in pointers if name not in facts]
    return "_".join(parts) or HINTED


def _finished(kernel: Kernel, axes: tuple[Axis, ...], cells: Sequence[Cell]) -> Kernel:
    variants: list[Variant] = []
    numbers: dict[object, int] = {}
    indices = []
    for cell in cells:
        if not cell.reachable:
            indices.append(NO_VARIANT)
            continue
        variant = _variant(kernel, cell)
        number = numbers.setdefault(_identity(variant), len(variants))
        if number == len(variants):
            variants.append(variant)
        indices.append(number)
    room = room_for_label(kernel.symbol)
    if any(len(variant.label.encode()) > room for variant in variants):
        variants = [replace(v, label=f"variant_{n}") for n, v in enumerate(variants, 1)]
    is_identity = indices == list(range(len(indices)))
    made = Specialisation(axes, tuple(variants), () if is_identity else tuple(indices))
    parameters = (_with_choices(parameter, variants) for parameter in kernel.parameters)
    return replace(kernel, specialisation=made, parameters=tuple(parameters))


def _variant(kernel: Kernel, cell: Cell) -> Variant:
    ones = {name for name, number in cell.hints if number == 1 and name in cell.types}
    signature = []
    constexprs = []
    for name in (parameter.name for parameter in kernel.parameters):
        if name in cell.types and name not in ones:
            signature.append((name, _bound(kernel, name, cell)))
        else:
            signature.append((name, "constexpr"))
            constexprs.append((name, 1 if name in ones else cell.values[name]))
    divisible = tuple(name for name, number in cell.hints if number == 16 and name in cell.types)
    return Variant(
        "-".join(cell.labels) or GENERIC,
        cell.selection,
        tuple(signature),
        tuple(constexprs),
        divisible,
        cell.options,
        kernel.tuples,
    )


def _bound(kernel: Kernel, name: str, cell: Cell) -> str:
    """The type as the compiler is given it: of a descriptor, with its block in numbers."""
    type_ = parse_parameter_type(cell.types[name])
    if not isinstance(type_, DescriptorType):
        return cell.types[name]
    try:
        return type_.bound(cell.values).triton
    except CodegenError as error:
        message = f"`{kernel.name}` parameter `{name}`: {error.message}"
        raise CodegenError(message, where=kernel.location, hint=error.hint) from error


def _identity(variant: Variant) -> object:
    """What the compiler gets."""
    constexprs = tuple((name, identity(value)) for name, value in variant.constexprs)
    return variant.signature, constexprs, variant.divisible, variant.options


def _with_choices(
    parameter: Parameter | Constexpr, variants: Iterable[Variant]
) -> Parameter | Constexpr:
    """A computed constexpr, with the values that the variants have for it."""
    if isinstance(parameter, Parameter) or not parameter.is_computed:
        return parameter
    values: dict[object, object] = {}
    for variant in variants:
        value = dict(variant.constexprs)[parameter.name]
        values.setdefault(identity(value), value)
    return replace(parameter, choices=tuple(values.values()))


def _labels(name: str, choices: Sequence[object]) -> tuple[str, ...]:
    """What variants with these choices are called: by the values, or where these are long or look
    the same in a file's name, by their numbers."""
    texts = [file_safe(value) for value in choices]
    if len(set(texts)) < len(texts) or max(map(len, texts), default=0) > _LONGEST_LABEL:
        texts = [str(number) for number in range(1, len(texts) + 1)]
    return tuple(f"{name}_{text}" for text in texts)


def _type_variables(kernel: Kernel) -> dict[tuple[str, ...], tuple[str, ...]]:
    variables: dict[tuple[str, ...], tuple[str, ...]] = {}
    for parameter in kernel.parameters:
        if isinstance(parameter, Parameter) and parameter.is_tensor and len(parameter.types) > 1:
            key = tuple(type_.dtype.name for type_ in parameter.types)
            variables[key] = (*variables.get(key, ()), parameter.name)
    return variables


def _check_limits(kernel: Kernel) -> None:
    parameters = sum(most_parts(p) for p in kernel.parameters if isinstance(p, Parameter))
    for count, most, what in (
        (parameters, MOST_PARAMETERS, "run-time parameters"),
        (len(_type_variables(kernel)), MOST_TYPE_VARIABLES, "choices of types"),
    ):
        if count > most:
            raise _too_many(kernel, count, most, what)


def _too_many(kernel: Kernel, count: int, most: int, what: str) -> CodegenError:
    return CodegenError(
        f"`{kernel.name}` has {count} {what}, and a generated function can have {most}",
        where=kernel.location,
        hint="split the kernel, or export it several times with fixed types",
    )
