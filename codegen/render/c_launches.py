"""How C comes to a variant among the launches that a kernel was declared with."""

from __future__ import annotations

import math
from collections.abc import Sequence

from codegen.model.kernel import Hints
from codegen.render.c_arguments import c_string
from codegen.render.c_rows import Combination
from codegen.variants.axes.hints import HintsAxis, condition_of, group_names
from codegen.variants.axes.kind import CallAxis, axes_of
from codegen.variants.c_steps import CStep, CTable, Decisions, int_literal


def variant_of_launches(made: Decisions, combinations: Sequence[Combination]) -> str:
    """C for the number of the variant: the combination is looked up, then the first of its cases
    that holds is taken."""
    place = _place(made, combinations)
    cases = [case for one in combinations for case in one.cases]
    facts = HintsAxis.facts_together(list(dict.fromkeys(case for case, _ in cases)))
    if not facts:
        rows = [row for _, row in cases]
        if rows == list(range(len(rows))):
            return place
        return f"{made.table('combinations', 'int32_t', [str(row) for row in rows])}[{place}]"
    holding = [
        made.step("bool", name, " && ".join(condition_of(made, fact) for fact in group))
        for name, group in zip(group_names(len(facts)), facts, strict=True)
    ]
    bits = [f"(uint64_t){name} << {bit}" if bit else name for bit, name in enumerate(holding)]
    word = made.step("uint64_t", "facts", " | ".join(bits))
    table = made.table("cases", "tb_case", [_case(case, row, facts) for case, row in cases])
    if len(combinations) > 1:
        counts = [len(one.cases) for one in combinations]
        starts = [str(sum(counts[:number])) for number in range(len(counts))]
        places = made.table("case_places", "int32_t", starts)
        own = made.unused("cases")
        made.steps.append(CStep(f"const tb_case *{own}", f"{table} + {places}[{place}]"))
        table = own
    return f"tb_first_case({table}, {word})"


def _place(made: Decisions, combinations: Sequence[Combination]) -> str:
    """C for the place of the call's combination among those that were built."""
    if not made.digits:
        return "0"
    axes = [axis for axis in axes_of(made.kernel) if isinstance(axis, CallAxis)]
    symbol = made.kernel.symbol
    texts = [
        made.table(f"texts_{number}", "char *const", [*map(c_string, axis.texts)])
        for number, axis in enumerate(axes)
    ]
    rows = [f"{{{name}, {len(axis.texts)}}}" for name, axis in zip(texts, axes, strict=True)]
    choices = f"{symbol}_choices"
    made.tables.append(CTable(f"static const tb_choice {choices}[{len(axes)}]", tuple(rows)))
    radices = [len(axis.labels) for axis in axes]
    weights = [math.prod(radices[place + 1 :]) for place in range(len(radices))]
    numbers = [
        sum(weight * digit for weight, digit in zip(weights, one.selection, strict=True))
        for one in combinations
    ]
    built = made.table("built", "int64_t", [int_literal(number) for number in numbers])
    slots = made.slots("built_places", [(number,) for number in numbers])
    spelt = "INT64_C({})" if math.prod(radices) >= 1 << 31 else "{}"
    number = " + ".join(
        f"{spelt.format(weight)} * {digit}" if weight > 1 else digit
        for weight, (digit, _) in zip(weights, made.digits, strict=True)
    )
    call = (
        f"tb_find_combination(function, {choices}, {len(axes)}, {built}, {len(numbers)}, {slots}, "
        f"{number})"
    )
    return made.step("int32_t", "combination", call, " < 0")


def _case(case: Hints, row: int, facts: Sequence[Sequence[tuple[str, int]]]) -> str:
    """A `tb_case`. A group of facts that go together is in all of a case, or in none."""
    word = sum(1 << bit for bit, group in enumerate(facts) if group[0] in case)
    return f"{{UINT64_C({word}), {row}}}"
