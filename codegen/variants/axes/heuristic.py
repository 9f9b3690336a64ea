"""The value of a heuristic that C computes from a call's arguments."""

from __future__ import annotations

from dataclasses import dataclass

from codegen.model.computed import Computed, Reads
from codegen.model.identifiers import c_identifier
from codegen.model.kernel import KernelSource
from codegen.variants.axes.kind import AxisKind, labels_of
from codegen.variants.built_places import place_of
from codegen.variants.c_literals import int_literal
from codegen.variants.c_steps import CHeuristic, CStep, Decisions
from codegen.variants.combinations import Combination

_NOT_FAILED = CStep("int failed", "0")


@dataclass(frozen=True)
class HeuristicAxis(AxisKind):
    kind = "heuristic"
    computed: Computed

    @classmethod
    def of(cls, name: str, values: tuple[object, ...], computed: Computed) -> HeuristicAxis:
        return cls((name,), labels_of(name, values), values, computed)

    @property
    def reads(self) -> Reads:
        return self.computed.reads

    @property
    def texts(self) -> tuple[str, ...]:
        return tuple(f"{text} (computed)" for text in super().texts)

    def chosen(self, kernel: KernelSource, combination: Combination, index: int) -> Combination:
        return combination.with_value(kernel, self.parameters[0], self.values[index])

    def decide(self, made: Decisions) -> None:
        (name,) = self.parameters
        value = self._computed(made)
        made.sources[name] = value
        if set(self.values) == {True, False} and all(isinstance(v, bool) for v in self.values):
            places = f"{self.values.index(True)} : {self.values.index(False)}"
            made.digit(self, f"{value}_choice", f"{value} ? {places}")
            return
        choices = made.table(f"{name}_choices", "int64_t", [int_literal(v) for v in self.values])
        places = made.slots(f"{name}_slots", [(v,) for v in self.values if isinstance(v, int)])
        count = len(self.values)
        call = f'tb_choose_value(function, "{name}", {value}, {choices}, {count}, {places})'
        made.digit(self, f"{value}_choice", call, " < 0")

    def _computed(self, made: Decisions) -> str:
        """The variable of the value."""
        computed = self.computed
        (name,) = self.parameters
        symbol = f"{made.kernel.symbol}_compute_{name}"
        made.read_sm_count(computed.reads)
        for derived, values in computed.derived:
            if derived not in made.sources:
                is_listed = bool(made.kernel.specialisation.selections)
                place = place_of(made) if is_listed else made.number or "0"
                made.source(derived, values, place)
        parameters, passed = made.function_parameters(computed.reads)
        if computed.can_fail:
            if _NOT_FAILED not in made.steps:
                made.steps.insert(0, _NOT_FAILED)
            parameters.append("int *tb_failure")
            passed.append("&failed")
        made.heuristics.append(
            CHeuristic(symbol, tuple(parameters) or ("void",), computed.text, computed.can_fail)
        )
        value = made.step("int64_t", c_identifier(name), f"{symbol}({', '.join(passed)})")
        if computed.can_fail:
            sentence = f'tb_fail_computed(function, "{name}")'
            made.steps.append(CStep("", "", "failed", sentence))
        return value
