"""How C comes to a variant among the launches that a kernel was declared with."""

from __future__ import annotations

from collections.abc import Sequence

from codegen.model.kernel import Hints
from codegen.render.c_rows import Combination
from codegen.variants.axes.hints import HintsAxis, condition_of, group_names
from codegen.variants.built_places import place_of
from codegen.variants.c_steps import CStep, Decisions


def variant_of_launches(made: Decisions, combinations: Sequence[Combination]) -> str:
    """C for the number of the variant: the combination is looked up, then the first of its cases
    that holds is taken."""
    place = place_of(made)
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


def _case(case: Hints, row: int, facts: Sequence[Sequence[tuple[str, int]]]) -> str:
    """A `tb_case`. A group of facts that go together is in all of a case, or in none."""
    word = sum(1 << bit for bit, group in enumerate(facts) if group[0] in case)
    return f"{{UINT64_C({word}), {row}}}"
