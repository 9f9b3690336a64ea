"""The steps of C from arguments to a variant, while they are put together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from codegen.model.identifiers import c_identifier
from codegen.model.kernel import Axis, Kernel, Reads
from codegen.model.plan import Plan
from codegen.render.c_arguments import CArgument
from codegen.render.hash_tables import slots


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
    digit_of: dict[tuple[str, str], str] = field(default_factory=dict)
    """The variable of a choice, by the kind of its axis and the parameter."""
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
        self.digit_of.update({(axis.kind, parameter): name for parameter in axis.parameters})

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
        if argument is not None and argument.getter in ("tb_get_float", "tb_get_double"):
            return argument.declaration
        if argument is None or not (argument.stored_type or argument.element_sizes):
            return f"int64_t {c_identifier(name)}"
        const = "" if argument.declaration.startswith("const ") else "const "
        return f"{const}{argument.declaration}"
