"""How C comes from a call's arguments to a variant: a step for each thing that is decided."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from codegen.c_arguments import CArgument, int_literal
from codegen.cells import hint_groups
from codegen.descriptor_facts import descriptor_facts
from codegen.identifiers import c_identifier
from codegen.model import NO_VARIANT, Axis, Configuration, Constexpr, Kernel, Plan, Reads
from codegen.tuned_table import NONE_KEY, Column, tuned_table


@dataclass(frozen=True)
class CStep:
    """A variable, and the condition under which the call fails then."""

    variable: str
    """Its declaration; nothing for a mere check."""
    expression: str
    failure: str = ""
    status: str = "tb_last_status()"
    """What the function returns on failure."""


@dataclass(frozen=True)
class CTable:
    """A static array."""

    declaration: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class CHeuristic:
    """A static function that computes a heuristic's value."""

    name: str
    parameters: tuple[str, ...]
    text: str
    can_fail: bool


@dataclass
class Decisions:
    """The way to a variant, put together axis by axis."""

    plan: Plan
    arguments: Mapping[str, CArgument]
    dtypes: Mapping[str, str]
    """The variable of the dtype that plain C passes, by the first pointer on its axis."""
    descriptors: Mapping[str, str]
    """The variable of each tensor's descriptor, by the argument."""
    names: set[str]
    """The identifiers that are taken in the function."""
    steps: list[CStep] = field(default_factory=list)
    tables: list[CTable] = field(default_factory=list)
    heuristics: list[CHeuristic] = field(default_factory=list)
    digits: list[tuple[str, int]] = field(default_factory=list)
    """The variable of each choice, and how many there are to choose from."""
    digit_of: dict[str, str] = field(default_factory=dict)
    """The variable of a parameter's choice."""
    sources: dict[str, str] = field(default_factory=dict)
    """The `int64_t` variable of each computed constexpr that something reads."""

    @property
    def kernel(self) -> Kernel:
        return self.plan.kernel

    def unused(self, name: str) -> str:
        """`name`, or one like it that is not yet taken; it is taken then."""
        while name in self.names:
            name += "_"
        self.names.add(name)
        return name

    def step(self, type_: str, name: str, expression: str, failure: str = "") -> str:
        """A constant; `failure` is a condition on it, such as ` < 0`. Gives its name."""
        name = self.unused(name)
        is_failed = f"{name}{failure}" if failure else ""
        self.steps.append(CStep(f"const {type_} {name}", expression, is_failed))
        return name

    def digit(self, axis: Axis, name: str, expression: str, failure: str = "") -> None:
        name = self.step("int32_t", name, expression, failure)
        self.digits.append((name, len(axis.labels)))
        self.digit_of.update(dict.fromkeys(axis.parameters, name))

    def table(self, name: str, type_: str, values: Sequence[str]) -> str:
        name = f"{self.kernel.symbol}_{name}"
        self.tables.append(CTable(f"static const {type_} {name}[{len(values)}]", tuple(values)))
        return name

    def function_parameters(self, reads: Reads) -> tuple[list[str], list[str]]:
        """What a static function declares that reads this, and what is passed to it."""
        declared, passed = [], []
        for name in reads.names:
            variable = self.sources.get(name) or self.arguments[name].c_name
            declared.append(self._declaration(name))
            passed.append(variable)
        extras = [fact.c_name for fact in reads.facts] + ["sm_count"] * reads.sm_count
        for extra in extras:
            declared.append(f"int64_t {extra}")
            passed.append(extra)
        return declared, passed

    def _declaration(self, name: str) -> str:
        """Pointers are compared with NULL, and scalars that may be None come by address."""
        argument = self.arguments.get(name)
        if argument is None or not (argument.stored_type or argument.element_sizes):
            return f"int64_t {c_identifier(name)}"
        const = "" if argument.declaration.startswith("const ") else "const "
        return f"{const}{argument.declaration}"


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
    call = f"tb_choose_dtype(function, {argument.index}, {made.dtypes[argument.name]})"
    made.digit(axis, f"{argument.c_name}_choice", call, " < 0")


def _none(made: Decisions, axis: Axis) -> None:
    name = made.arguments[axis.parameters[0]].c_name
    made.digit(axis, f"no_{name}", f"{name} == NULL")


def _width(made: Decisions, axis: Axis) -> None:
    argument = made.arguments[axis.parameters[0]]
    name = argument.c_name
    is_small = f"{name} == NULL || tb_fits_int32(*{name})"
    test = is_small if argument.stored_type else f"tb_fits_int32({name})"
    made.digit(axis, f"{name}_width", f"{test} ? 0 : 1")


def _constexpr(made: Decisions, axis: Axis) -> None:
    argument = made.arguments[axis.parameters[0]]
    is_string = argument.getter == "tb_get_string_choice"
    chooser = "tb_choose_string" if is_string else "tb_choose_int"
    call = f"{chooser}(function, {argument.index}, {argument.c_name})"
    made.digit(axis, f"{argument.c_name}_choice", call, " < 0")


def _configuration(made: Decisions, axis: Axis) -> None:
    if axis.parameters:
        _constexpr(made, axis)
    else:
        made.digit(axis, "configuration", _tuned(made, axis))
    chosen, count = made.digits.pop()
    if made.plan.usable:
        chosen = made.step("int32_t", "usable", _usable(made, chosen, count), " < 0")
    made.digits.append((chosen, count))
    configurations = [value for value in axis.values if isinstance(value, Configuration)]
    for name, _ in configurations[0].constexprs:
        values = [dict(one.constexprs).get(name) for one in configurations]
        if name in _read_names(made.kernel):
            table = made.table(name, "int64_t", [int_literal(value) for value in values])
            made.sources[name] = made.step("int64_t", c_identifier(name), f"{table}[{chosen}]")


def _tuned(made: Decisions, axis: Axis) -> str:
    """The configuration that was found best for the call's key."""
    table = tuned_table(made.kernel, axis)
    if not table.rows or not table.columns:
        return str(table.rows[0][1] if table.rows else 0)
    keys = made.table("keys", "int64_t", [int_literal(n) for row, _ in table.rows for n in row])
    best = made.table("tuned", "uint8_t", [str(number) for _, number in table.rows])
    call = ", ".join(_key_entry(made, column) for column in table.columns)
    counts = f"{len(table.rows)}, {len(table.columns)}"
    return f"tb_find_tuned({keys}, {best}, {counts}, (const int64_t[]){{{call}}})"


def _key_entry(made: Decisions, column: Column) -> str:
    if column.is_choice:
        return made.digit_of[column.parameter]
    argument = made.arguments[column.parameter]
    name = argument.c_name
    none = int_literal(NONE_KEY)
    return f"{name} == NULL ? {none} : *{name}" if argument.stored_type else name


def _usable(made: Decisions, chosen: str, count: int) -> str:
    """The configuration to launch on the device instead of one that it has no room for."""
    symbol = made.kernel.symbol
    targets = list(dict.fromkeys(i.target for b in made.plan.binaries for i in b.images))
    rows = [made.plan.usable.get(target, tuple(range(count))) for target in targets]
    table = made.table("usable", "uint8_t", [str(number) for row in rows for number in row])
    fields = [
        f"{{.capability = {target.capability}"
        + ", .is_ptx = true" * target.is_ptx
        + ", .is_exact = true" * target.is_exact
        + "}"
        for target in targets
    ]
    made.tables.append(CTable(f"static tb_image {symbol}_targets[]", tuple(fields)))
    return (
        f"tb_usable(function, {symbol}_targets, {len(targets)}, {table}, {count}, {chosen}, "
        "&device)"
    )


def _heuristic(made: Decisions, axis: Axis) -> None:
    computed = axis.computed
    assert computed is not None
    (name,) = axis.parameters
    symbol = f"{made.kernel.symbol}_{name}"
    _read_sm_count(made, computed.reads)
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
    choices = ", ".join(int_literal(choice) for choice in axis.values)
    call = (
        f'tb_choose_value(function, "{name}", {value}, (const int64_t[]){{{choices}}}, '
        f"{len(axis.values)})"
    )
    made.digit(axis, f"{value}_choice", call, " < 0")


def _hints(made: Decisions, axis: Axis) -> None:
    """The first case that holds, by a table over the groups of facts that go together."""
    groups = hint_groups(axis.hints)
    conditions = [
        made.step("bool", name, " && ".join(_condition(made, fact) for fact in group))
        for name, group in zip(_group_names(len(groups)), groups.values(), strict=True)
    ]
    if len(conditions) == 1:
        made.digit(axis, "hints", f"{conditions[0]} ? 0 : 1")
        return
    numbers = []
    for mask in range(1 << len(groups)):
        missing = {
            case for bit, cases in enumerate(groups) if not mask >> bit & 1 for case in cases
        }
        numbers.append(next(n for n in range(len(axis.hints)) if n not in missing))
    table = made.table("hints", "uint8_t", [str(number) for number in numbers])
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
    chosen = f"dtypes[{made.digit_of[argument.name]}]"
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
    text = ""
    for digit, radix in made.digits:
        text = (
            f"({text}) * {radix} + {digit}"
            if " " in text
            else text and f"{text} * {radix} + {digit}"
        )
        text = text or digit
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
            table = made.table(name, "int64_t", [int_literal(value) for value in values])
            made.sources[name] = made.step("int64_t", c_identifier(name), f"{table}[variant]")


def _read_names(kernel: Kernel) -> set[str]:
    """The parameters that the grid and the heuristics read."""
    computed = (axis.computed for axis in kernel.specialisation.axes)
    every = [kernel.grid.reads, *(each.reads for each in computed if each is not None)]
    return {name for reads in every for name in reads.names}


def _read_sm_count(made: Decisions, reads: Reads) -> None:
    if reads.sm_count and "sm_count" not in made.names:
        made.step("int64_t", "sm_count", "tb_sm_count(function, &device)", " < 0")


_AXES: Mapping[str, Callable[[Decisions, Axis], None]] = {
    "none": _none,
    "width": _width,
    "constexpr": _constexpr,
    "configuration": _configuration,
    "heuristic": _heuristic,
    "hints": _hints,
}
