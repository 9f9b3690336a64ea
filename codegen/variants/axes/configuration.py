"""The configuration of an autotuned kernel: a call names it, or the call's key decides."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from codegen.model.kernel import Configuration, Kernel, KernelSource
from codegen.model.options import with_given
from codegen.model.parameters import Constexpr, Default, Parameter
from codegen.model.plan import Plan, SharedMemory
from codegen.variants.axes.constexpr import place_among_choices
from codegen.variants.axes.kind import AxisKind, axes_of
from codegen.variants.built_places import place_of
from codegen.variants.c_literals import int_literal
from codegen.variants.c_steps import CTable, Decisions, mixed_radix
from codegen.variants.combinations import Combination

Column = int | str
"""What a call's key has at one place: the choice on the axis of this place among the axes, or the
value of the int of this name, 0 for None."""


@dataclass(frozen=True)
class TunedTable:
    """For each key, in order, the number of a configuration; other calls get the first, or that of
    the nearest key."""

    columns: tuple[Column, ...] = ()
    rows: tuple[tuple[tuple[int, ...], int], ...] = ()
    takes_nearest: bool = False


@dataclass(frozen=True)
class ConfigurationAxis(AxisKind):
    kind = "configuration"
    configurations: tuple[Configuration, ...]
    tuned: TunedTable
    """The one that was found best for each key."""
    key: tuple[str, ...]
    """The parameters whose values are in Triton's keys."""

    @classmethod
    def of(
        cls,
        configurations: tuple[Configuration, ...],
        argument: str | None,
        tuned: TunedTable,
        key: tuple[str, ...] = (),
    ) -> ConfigurationAxis:
        numbers = tuple(range(len(configurations)))
        labels = tuple(f"config_{number}" for number in numbers)
        names = () if argument is None else (argument,)
        return cls(names, labels, numbers, configurations, tuned, key)

    @property
    def argument(self) -> Constexpr | None:
        if not self.parameters:
            return None
        listed = "; ".join(f"{number}: {one}" for number, one in enumerate(self.configurations))
        choices = tuple(range(len(self.configurations)))
        return Constexpr(self.parameters[0], choices, Default(0), f"the configuration, {listed}")

    @property
    def texts(self) -> tuple[str, ...]:
        return tuple(f"configuration {number}" for number in self.values)

    def chosen(self, kernel: KernelSource, combination: Combination, index: int) -> Combination:
        one = self.configurations[index]
        values = {**combination.values, **dict(one.constexprs)}
        given = {name: getattr(one.options, name) for name in one.given}
        return replace(combination, values=values, options=with_given(combination.options, given))

    def decide(self, made: Decisions) -> None:
        if self.parameters:
            argument = made.arguments[self.parameters[0]]
            choice = place_among_choices(argument)
            chosen = made.step("int32_t", f"{argument.c_name}_choice", choice, " < 0")
        else:
            chosen = made.step("int32_t", "configuration", self._tuned(made))
        if made.plan.shared_memory is not None:
            usable = self._usable(made, made.plan.shared_memory, chosen)
            chosen = made.step("int32_t", "usable", usable, " < 0")
        made.choose(self, chosen)
        read = {name for reads in made.kernel.reads for name in reads.names}
        for name in sorted(read):
            values = [value for one in self.configurations for value in one.known(name)]
            if values:
                made.source(name, values, chosen)

    def _tuned(self, made: Decisions) -> str:
        """The configuration that was found best for the call's key."""
        columns, rows = self.tuned.columns, self.tuned.rows
        if not columns:
            return str(rows[0][1] if rows else 0)
        keys = made.table("keys", "int64_t", [int_literal(n) for row, _ in rows for n in row])
        best = made.table("tuned", "uint16_t", [str(number) for _, number in rows])
        call = ", ".join(_key_entry(made, column) for column in columns)
        places = made.slots("key_places", [row for row, _ in rows])
        counts = f"{len(rows)}, {len(columns)}"
        known = f"{keys}, {best}, {counts}, {places}, (const int64_t[]){{{call}}}"
        if not self.tuned.takes_nearest:
            return f"tb_find_tuned({known})"
        kinds = ["true" if isinstance(column, str) else "false" for column in columns]
        return f"tb_find_nearest({known}, (const bool[]){{{', '.join(kinds)}}})"

    def _usable(self, made: Decisions, shared_memory: SharedMemory, chosen: str) -> str:
        """The configuration to launch on the device instead of one that it has no room for."""
        symbol, count = made.kernel.symbol, len(self.labels)
        rows = [most for row in shared_memory.rows.values() for own in row.values() for most in own]
        table = made.table(
            "shared_memory", "int32_t", ["-1" if n is None else str(n) for n in rows]
        )
        targets = list(next(iter(shared_memory.rows.values())))
        fields = [
            f"{{.capability = {target.capability}"
            + ", .is_ptx = true" * target.is_ptx
            + ", .is_exact = true" * target.is_exact
            + "}"
            for target in targets
        ]
        made.tables.append(CTable(f"static tb_image {symbol}_targets[]", tuple(fields)))
        if made.kernel.specialisation.selections:
            choices = place_of(made) if shared_memory.axes else ""
        else:
            choices = mixed_radix([made.digits[place] for place in shared_memory.axes])
        size = len(targets) * count
        row = f"({choices})" if " " in choices else choices
        return (
            f"tb_usable(function, {symbol}_targets, {len(targets)}, "
            f"{f'{table} + {row} * {size}' if choices else table}, {count}, {chosen}, "
            "&passed->destination.device)"
        )

    def entry(self, plan: Plan) -> dict[str, Any]:
        """What the manifest says of the configurations: those by number, which keys lead to which,
        and what replaces them where."""
        return {
            "listed": [str(one) for one in self.configurations],
            "default": 0,
            "argument": self.parameters[0] if self.parameters else None,
            "tuned": list(self._keys(plan.kernel)),
            "shared": list(_shared(plan)),
        }

    def _keys(self, kernel: Kernel) -> Iterator[dict[str, Any]]:
        """The keys as conditions, each with the number of its configuration."""
        axes = axes_of(kernel)
        types = {p.name: p.storage.dtype for p in kernel.parameters if isinstance(p, Parameter)}
        for row, number in self.tuned.rows:
            conditions = []
            for column, entry in zip(self.tuned.columns, row, strict=True):
                if isinstance(column, int):
                    conditions.append(axes[column].condition((entry,)))
                else:
                    value = entry if entry >= types[column].low else entry + (1 << 64)
                    conditions.append({"kind": "value", "of": [column], "is": [value]})
            yield {"conditions": conditions, "configuration": number}


def _key_entry(made: Decisions, column: Column) -> str:
    if isinstance(column, int):
        return made.digits[column][0]
    argument = made.arguments[column]
    name = argument.place
    return f"{name} == NULL ? 0 : (int64_t)*{name}" if argument.stored_type else f"(int64_t){name}"


def _shared(plan: Plan) -> Iterator[dict[str, Any]]:
    """The bytes that each configuration needs on each target, by what it depends on."""
    if plan.shared_memory is None:
        return
    axes = axes_of(plan.kernel)
    for choices, row in plan.shared_memory.rows.items():
        places: Sequence[tuple[int, int]] = list(zip(plan.shared_memory.axes, choices, strict=True))
        yield {
            "conditions": [axes[place].condition((index,)) for place, index in places],
            "bytes": {target.name: list(each) for target, each in row.items()},
        }
