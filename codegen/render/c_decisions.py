"""How C comes from a call's arguments to a variant: a step for each thing that is decided."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from codegen.model.descriptor_facts import descriptor_facts
from codegen.model.identifiers import c_identifier
from codegen.model.kernel import (
    NO_VARIANT,
    Axis,
    Column,
    Configuration,
    Constexpr,
    Kernel,
    Reads,
)
from codegen.model.plan import Needs, Plan
from codegen.render.c_arguments import CArgument, int_literal
from codegen.render.c_steps import CHeuristic, CStep, CTable, Decisions
from codegen.render.hash_tables import FEW
from codegen.variants.combinations import best_case, decisive_nones, hint_groups


def decide(
    plan: Plan,
    arguments: Sequence[CArgument],
    dtypes: Mapping[str, str],
    descriptors: Mapping[str, str],
    names: set[str],
) -> Decisions:
    """The steps that end with the constant `variant`, and what they need."""
    by_name = {argument.name: argument for argument in arguments}
    made = Decisions(plan, by_name, dtypes, descriptors, names)
    axes = plan.kernel.specialisation.axes
    if any(axis.computed is not None and axis.computed.can_fail for axis in axes):
        made.steps.append(CStep("int failed", "0"))
    for axis in axes:
        if axis.kind == "dtype":
            _dtype(made, axis)
    _describe(made, arguments)
    for axis in axes:
        if axis.kind != "dtype":
            _AXES[axis.kind](made, axis)
    checks = " || ".join(_alignment_checks(made, arguments))
    if checks:
        made.steps.append(CStep("", "", checks))
    _variant(made)
    return made


def _dtype(made: Decisions, axis: Axis) -> None:
    argument = made.arguments[axis.parameters[0]]
    variable = made.dtypes[argument.name]
    failure = f"tb_fail_dtype(function, {argument.index}, {variable})"
    choice = _among(variable, argument.choices, failure)
    made.digit(axis, f"{argument.c_name}_choice", choice, " < 0")


def _none(made: Decisions, axis: Axis) -> None:
    first, *others = (made.arguments[name] for name in axis.parameters)
    made.digit(axis, f"no_{first.c_name}", f"{first.c_name} == NULL")
    digit = made.digit_of["none", first.name]
    for other in others:
        failure = f"({other.c_name} == NULL) != {digit}"
        sentence = f"tb_fail_together(function, {other.index}, {first.index}, {digit})"
        made.steps.append(CStep("", "", failure, sentence))


def _width(made: Decisions, axis: Axis) -> None:
    argument = made.arguments[axis.parameters[0]]
    name = argument.c_name
    is_small = f"{name} == NULL || tb_fits_int32(*{name})"
    test = is_small if argument.stored_type else f"tb_fits_int32({name})"
    made.digit(axis, f"{name}_width", f"{test} ? 0 : 1")


def _constexpr(made: Decisions, axis: Axis) -> None:
    argument = made.arguments[axis.parameters[0]]
    passed = f"(function, {argument.index}, {argument.c_name})"
    if argument.getter == "tb_get_string_choice":
        choice = f"tb_choose_string{passed}"
    elif len(argument.choices) > FEW:
        choice = f"tb_choose_int{passed}"
    else:
        choice = _among(argument.c_name, argument.choices, f"tb_fail_int{passed}")
    made.digit(axis, f"{argument.c_name}_choice", choice, " < 0")


def _among(variable: str, choices: Sequence[str], failure: str) -> str:
    """The place of a value among a few constants: code alone, for which no table is read."""
    tests = "".join(f"{variable} == {choice} ? {i} : " for i, choice in enumerate(choices))
    return f"{tests}{failure}"


def _configuration(made: Decisions, axis: Axis) -> None:
    if axis.parameters:
        _constexpr(made, axis)
    else:
        made.digit(axis, "configuration", _tuned(made, axis))
    chosen, count = made.digits.pop()
    if made.plan.needs is not None:
        usable = _usable(made, made.plan.needs, chosen, count)
        chosen = made.step("int32_t", "usable", usable, " < 0")
    made.digits.append((chosen, count))
    configurations = [value for value in axis.values if isinstance(value, Configuration)]
    for name in sorted(_read_names(made.kernel)):
        values = [value for one in configurations for value in one.known(name)]
        if values:
            table = made.table(
                f"{name}_values", "int64_t", [int_literal(value) for value in values]
            )
            made.sources[name] = made.step("int64_t", c_identifier(name), f"{table}[{chosen}]")


def _tuned(made: Decisions, axis: Axis) -> str:
    """The configuration that was found best for the call's key."""
    table = axis.tuned
    if table is None or not table.rows or not table.columns:
        return str(table.rows[0][1] if table is not None and table.rows else 0)
    keys = made.table("keys", "int64_t", [int_literal(n) for row, _ in table.rows for n in row])
    best = made.table("tuned", "uint16_t", [str(number) for _, number in table.rows])
    call = ", ".join(_key_entry(made, column) for column in table.columns)
    counts = f"{len(table.rows)}, {len(table.columns)}"
    places = made.slots("key_places", [row for row, _ in table.rows])
    return f"tb_find_tuned({keys}, {best}, {counts}, {places}, (const int64_t[]){{{call}}})"


def _key_entry(made: Decisions, column: Column) -> str:
    if column.kind != "value":
        return made.digit_of[column.kind, column.parameter]
    argument = made.arguments[column.parameter]
    name = argument.c_name
    return f"{name} == NULL ? 0 : (int64_t)*{name}" if argument.stored_type else f"(int64_t){name}"


def _usable(made: Decisions, needs: Needs, chosen: str, count: int) -> str:
    """The configuration to launch on the device instead of one that it has no room for."""
    symbol = made.kernel.symbol
    rows = [most for row in needs.rows.values() for own in row.values() for most in own]
    table = made.table("needs", "int32_t", ["-1" if n is None else str(n) for n in rows])
    targets = list(next(iter(needs.rows.values())))
    fields = [
        f"{{.capability = {target.capability}"
        + ", .is_ptx = true" * target.is_ptx
        + ", .is_exact = true" * target.is_exact
        + "}"
        for target in targets
    ]
    made.tables.append(CTable(f"static tb_image {symbol}_targets[]", tuple(fields)))
    choices = _number_of([made.digits[place] for place in needs.axes])
    size = len(targets) * count
    place = f"{table} + ({choices}) * {size}" if " " in choices else f"{table} + {choices} * {size}"
    return (
        f"tb_usable(function, {symbol}_targets, {len(targets)}, {place if choices else table}, "
        f"{count}, {chosen}, &target.device)"
    )


def _heuristic(made: Decisions, axis: Axis) -> None:
    computed = axis.computed
    assert computed is not None
    (name,) = axis.parameters
    symbol = f"{made.kernel.symbol}_compute_{name}"
    _read_sm_count(made, computed.reads)
    for derived, values in computed.derived:
        if derived not in made.sources:
            _derived(made, derived, values)
    parameters, passed = made.function_parameters(computed.reads)
    if computed.can_fail:
        parameters.append("int *tb_failure")
        passed.append("&failed")
    made.heuristics.append(
        CHeuristic(symbol, tuple(parameters) or ("void",), computed.text, computed.can_fail)
    )
    value = made.step("int64_t", c_identifier(name), f"{symbol}({', '.join(passed)})")
    made.sources[name] = value
    if computed.can_fail:
        sentence = f'tb_fail_computed(function, "{name}")'
        made.steps.append(CStep("", "", "failed", sentence))
    if set(axis.values) == {True, False} and all(isinstance(v, bool) for v in axis.values):
        made.digit(
            axis,
            f"{value}_choice",
            f"{value} ? {axis.values.index(True)} : " f"{axis.values.index(False)}",
        )
        return
    choices = made.table(f"{name}_choices", "int64_t", [int_literal(v) for v in axis.values])
    places = made.slots(f"{name}_slots", [(v,) for v in axis.values if isinstance(v, int)])
    count = len(axis.values)
    call = f'tb_choose_value(function, "{name}", {value}, {choices}, {count}, {places})'
    made.digit(axis, f"{value}_choice", call, " < 0")


def _derived(made: Decisions, name: str, values: Sequence[object]) -> None:
    """What the choices so far tell, by a table over them, for a heuristic that reads it."""
    table = made.table(f"{name}_values", "int64_t", [int_literal(value) for value in values])
    text = _number_of(made.digits) or "0"
    made.sources[name] = made.step("int64_t", c_identifier(name), f"{table}[{text}]")


def _hints(made: Decisions, axis: Axis) -> None:
    """The case that holds and assumes most, by a table over the facts that go together."""
    groups = hint_groups(axis.hints)
    conditions = [
        made.step("bool", name, " && ".join(_condition(made, fact) for fact in group))
        for name, group in zip(_group_names(len(groups)), groups.values(), strict=True)
    ]
    if len(conditions) == 1:
        made.digit(axis, "hints", f"{conditions[0]} ? 0 : 1")
        return
    nullable = {name for kind, name in made.digit_of if kind == "none"}
    nones = decisive_nones(axis.hints, nullable)
    numbers = []
    for mask in range(1 << (len(groups) + len(nones))):
        lacking = [cases for bit, cases in enumerate(groups) if not mask >> bit & 1]
        missing = {case for cases in lacking for case in cases}
        given = [case for case in range(len(axis.hints)) if case not in missing]
        without = [name for bit, name in enumerate(nones, len(groups)) if mask >> bit & 1]
        numbers.append(best_case(axis.hints, given, without))
    table = made.table("hints", "uint16_t", [str(number) for number in numbers])
    conditions += [made.digit_of["none", name] for name in nones]
    bits = [f"{name} << {bit}" if bit else name for bit, name in enumerate(conditions)]
    made.digit(axis, "hints", f"{table}[{' | '.join(bits)}]")


def _group_names(count: int) -> Iterator[str]:
    return iter(["aligned"]) if count == 1 else (f"aligned_{number}" for number in range(count))


def _condition(made: Decisions, fact: tuple[str, int]) -> str:
    name, hint = fact
    argument = made.arguments[name]
    if argument.element_sizes:
        return f"tb_divisible_by_16({argument.c_name})"
    read = f"*{argument.c_name}" if argument.stored_type else argument.c_name
    test = f"{read} == 1" if hint == 1 else f"{read} % 16 == 0"
    return f"({argument.c_name} == NULL || {test})" if argument.stored_type else test


def _alignment_checks(made: Decisions, arguments: Sequence[CArgument]) -> Iterator[str]:
    """Conditions of which each fails the call: pointers that are useless to their elements."""
    for argument in arguments:
        if not argument.rank and set(argument.element_sizes) not in (set(), {1}):
            size = _element_size(made, argument)
            yield f"tb_check_alignment(function, {argument.index}, {argument.c_name}, {size})"


def _element_size(made: Decisions, argument: CArgument) -> str:
    sizes = set(argument.element_sizes)
    if len(sizes) == 1:
        return str(sizes.pop())
    chosen = f"dtypes[{made.digit_of['dtype', argument.name]}]"
    return f"function->arguments[{argument.index}].{chosen}.bits / 8u"


def _describe(made: Decisions, arguments: Sequence[CArgument]) -> None:
    """Tensors that must be descriptors, and what is read of them."""
    checks = [
        f"tb_make_descriptor(function, {argument.index}, {argument.c_name}, "
        f"{_element_size(made, argument)}, &{made.descriptors[argument.name]})"
        for argument in arguments
        if argument.rank
    ]
    if checks:
        made.steps.append(CStep("", "", " || ".join(checks)))
    for fact, member in descriptor_facts(made.kernel).items():
        text = member if member.isdecimal() else f"{made.descriptors[fact.tensor]}.{member}"
        made.steps.append(CStep(f"const int64_t {fact.c_name}", text))


def _variant(made: Decisions) -> None:
    """The mixed-radix number of the digits, and the variant that it stands for."""
    text = _number_of(made.digits)
    cells = made.kernel.specialisation.cells
    if cells:
        table = made.table("cells", "int16_t", [str(number) for number in cells])
        text = f"{table}[{text or '0'}]"
    is_partial = NO_VARIANT in cells
    failure = ("variant < 0", "tb_fail_no_variant(function)") if is_partial else ()
    made.steps.append(CStep("const int32_t variant", text or "0", *failure))
    _read_sm_count(made, made.kernel.grid.reads)
    for parameter in made.kernel.parameters:
        name = parameter.name
        is_derived = isinstance(parameter, Constexpr) and parameter.is_computed
        if is_derived and name not in made.sources and name in made.kernel.grid.reads.names:
            values = [dict(v.constexprs)[name] for v in made.kernel.specialisation.variants]
            table = made.table(
                f"{name}_values", "int64_t", [int_literal(value) for value in values]
            )
            made.sources[name] = made.step("int64_t", c_identifier(name), f"{table}[variant]")


def _number_of(digits: Sequence[tuple[str, int]]) -> str:
    """The mixed-radix number of some digits in C; nothing where there are none."""
    text = ""
    for digit, radix in digits:
        text = (
            f"({text}) * {radix} + {digit}"
            if " " in text
            else text and f"{text} * {radix} + {digit}"
        )
        text = text or digit
    return text


def _read_names(kernel: Kernel) -> set[str]:
    """The parameters that the grid and the heuristics read."""
    computed = (axis.computed for axis in kernel.specialisation.axes)
    every = [kernel.grid.reads, *(each.reads for each in computed if each is not None)]
    return {name for reads in every for name in reads.names}


def _read_sm_count(made: Decisions, reads: Reads) -> None:
    if reads.sm_count and "sm_count" not in made.names:
        made.step("int64_t", "sm_count", "tb_sm_count(function, &target.device)", " < 0")


_AXES: Mapping[str, Callable[[Decisions, Axis], None]] = {
    "none": _none,
    "width": _width,
    "constexpr": _constexpr,
    "configuration": _configuration,
    "heuristic": _heuristic,
    "hints": _hints,
}
