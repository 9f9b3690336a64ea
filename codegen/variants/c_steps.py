"""The steps of C from arguments to a variant, while they are put together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from codegen.model.computed import Reads
from codegen.model.descriptor_facts import passed_facts
from codegen.model.identifiers import c_identifier
from codegen.model.kernel import Axis, Kernel
from codegen.model.plan import Plan
from codegen.variants.c_literals import int_literal
from codegen.variants.hash_tables import slots


@dataclass(frozen=True)
class CArgument:
    """One argument of the generated function."""

    name: str
    c_name: str
    index: int
    declaration: str
    """`int32_t seq_len`, as a parameter or a local variable."""
    getter: str
    """The runtime function that coerces it."""
    fields: tuple[str, ...]
    """The designated initialisers of its `tb_argument`."""
    doc: str
    sizes: tuple[str, ...] = ()
    """The C expressions of its declared shape."""
    element_sizes: tuple[int, ...] = ()
    """Bytes of each type that a pointer may point to."""
    may_be_left_out: bool = False
    stored_type: str = ""
    """Of what is passed by address, a scalar that may be None or a tensor: its type."""
    rank: int = 0
    """Of a tensor that becomes a descriptor: its dimensions."""
    choices: tuple[str, ...] = ()
    """C constants: the values of a constexpr, but for strings, or the dtypes of a tensor."""

    @property
    def place(self) -> str:
        """Where a launch has it."""
        return f"passed->{self.c_name}"


@dataclass(frozen=True)
class CStep:
    """A variable, and the condition on it under which the call fails."""

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
    """The variable of the dtype that was chosen, by each pointer on its axis."""
    descriptors: Mapping[str, str]
    """The variable of each tensor's descriptor, by the argument."""
    names: set[str]
    """The identifiers that are taken in the function."""
    steps: list[CStep] = field(default_factory=list)
    tables: list[CTable] = field(default_factory=list)
    heuristics: list[CHeuristic] = field(default_factory=list)
    digits: list[tuple[str, int]] = field(default_factory=list)
    """The variable of each choice, and how many there are to choose from."""
    nones: dict[str, str] = field(default_factory=dict)
    """The variable that tells whether a parameter is None."""
    sources: dict[str, str] = field(default_factory=dict)
    """The `int64_t` variable of each computed constexpr that something reads."""
    texts: list[str] = field(default_factory=list)
    """The tables of how messages say the choices of the first axes, of a kernel's launches."""
    places: dict[int, str] = field(default_factory=dict)
    """The variable that says where the first so many choices are among those of launches."""
    variant: str = "variant"
    """The constant that is the number of the variant, in the end."""

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

    def digit(self, axis: Axis, name: str, expression: str, failure: str = "") -> str:
        """A step that makes the choice on an axis."""
        return self.choose(axis, self.step("int32_t", name, expression, failure))

    def choose(self, axis: Axis, variable: str) -> str:
        """Let a variable be the choice on an axis."""
        self.digits.append((variable, len(axis.labels)))
        return variable

    @property
    def number(self) -> str:
        """The number of the combination of all choices so far."""
        return mixed_radix(self.digits)

    def source(self, name: str, values: Sequence[object], place: str) -> None:
        """The variable of what follows from choices, by a table."""
        table = self.table(f"{name}_values", "int64_t", [int_literal(value) for value in values])
        self.sources[name] = self.step("int64_t", c_identifier(name), f"{table}[{place}]")

    def read_sm_count(self, reads: Reads) -> None:
        """The number of SMs, where that is read and not known yet."""
        if reads.sm_count and "sm_count" not in self.names:
            self.step(
                "int64_t", "sm_count", "tb_sm_count(function, &passed->destination.device)", " < 0"
            )

    def table(self, name: str, type_: str, values: Sequence[str]) -> str:
        name = f"{self.kernel.symbol}_{name}"
        self.tables.append(CTable(f"static const {type_} {name}[{len(values)}]", tuple(values)))
        return name

    def slots(self, name: str, keys: Sequence[Sequence[int]]) -> str:
        """The address of the `tb_slots` of some keys."""
        table = slots(keys)
        if not table:
            return "&(const tb_slots){NULL, 0}"
        places = self.table(name, "int32_t", [str(place) for place in table])
        return f"&(const tb_slots){{{places}, {len(table) - 1}}}"

    def function_parameters(self, reads: Reads) -> tuple[list[str], list[str]]:
        """What a static function declares that reads this, and what is passed to it."""
        declared, passed = [], []
        for name in reads.names:
            variable = self.sources.get(name) or self.arguments[name].place
            declared.append(self._declaration(name))
            passed.append(variable)
        by_call = {fact.c_name for fact in passed_facts(self.kernel)}
        for name in [fact.c_name for fact in reads.facts] + ["sm_count"] * reads.sm_count:
            declared.append(f"int64_t {name}")
            passed.append(f"passed->{name}" if name in by_call else name)
        return declared, passed

    def _declaration(self, name: str) -> str:
        """Pointers are compared with NULL, and scalars that may be None come by address."""
        argument = self.arguments.get(name)
        if argument is not None and argument.getter in ("tb_get_float", "tb_get_double"):
            return argument.declaration
        if argument is None or not (argument.stored_type or argument.element_sizes):
            return f"int64_t {c_identifier(name)}"
        const = "" if argument.declaration.startswith("const ") else "const "
        return f"{const}{argument.declaration}"


def mixed_radix(digits: Sequence[tuple[str, int]]) -> str:
    """The mixed-radix number of some digits in C; nothing where there are none."""
    text = ""
    for digit, radix in digits:
        number = f"({text})" if " " in text else text
        text = f"{number} * {radix} + {digit}" if text else digit
    return text


def among(variable: str, choices: Sequence[str], failure: str) -> str:
    """The place of a value among a few constants: code alone, for which no table is read."""
    tests = "".join(f"{variable} == {choice} ? {i} : " for i, choice in enumerate(choices))
    return f"{tests}{failure}"
