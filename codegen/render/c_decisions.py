"""How C comes from a call's arguments to a variant: a step for each thing that is decided."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from codegen.model.descriptor_facts import descriptor_facts
from codegen.model.kernel import NO_VARIANT
from codegen.model.parameters import Constexpr
from codegen.model.plan import Plan
from codegen.render.c_launches import variant_of_launches
from codegen.render.c_rows import Rows
from codegen.variants.axes.dtype import DtypeAxis
from codegen.variants.axes.hints import HintsAxis
from codegen.variants.axes.kind import axes_of
from codegen.variants.c_steps import CArgument, CStep, Decisions


def decide(
    plan: Plan,
    arguments: Sequence[CArgument],
    dtypes: Mapping[str, str],
    descriptors: Mapping[str, str],
    names: set[str],
    rows: Rows,
) -> Decisions:
    """The steps that lead to the variant, and what they need."""
    by_name = {argument.name: argument for argument in arguments}
    made = Decisions(plan, by_name, dtypes, descriptors, names)
    axes = axes_of(plan.kernel)
    first = sum(isinstance(axis, DtypeAxis) for axis in axes)
    for axis in axes[:first]:
        axis.decide(made)
    _describe(made, arguments)
    for axis in axes[first:]:
        is_decided = rows.hints_decide and not rows.combinations
        if is_decided or not isinstance(axis, HintsAxis):
            axis.decide(made)
    checks = " || ".join(_alignment_checks(made, arguments))
    if checks:
        made.steps.append(CStep("", "", checks))
    _variant(made, rows)
    return made


def _alignment_checks(made: Decisions, arguments: Sequence[CArgument]) -> Iterator[str]:
    """Conditions that fail the call, each alone: a pointer that is not aligned to its elements."""
    for argument in arguments:
        if not argument.rank and set(argument.element_sizes) not in (set(), {1}):
            size = _element_size(made, argument)
            yield f"tb_check_alignment(function, {argument.index}, {argument.place}, {size})"


def _element_size(made: Decisions, argument: CArgument) -> str:
    sizes = set(argument.element_sizes)
    if len(sizes) == 1:
        return str(sizes.pop())
    return f"tb_dtypes[{made.dtypes[argument.name]}].bits / 8u"


def _describe(made: Decisions, arguments: Sequence[CArgument]) -> None:
    """Tensors that must be descriptors, and what is read of them."""
    checks = [
        f"tb_make_descriptor(function, {argument.index}, {argument.place}, "
        f"{_element_size(made, argument)}, &{made.descriptors[argument.name]})"
        for argument in arguments
        if argument.rank
    ]
    if checks:
        made.steps.append(CStep("", "", " || ".join(checks)))
    for fact, member in descriptor_facts(made.kernel).items():
        text = member if member.isdecimal() else f"{made.descriptors[fact.tensor]}.{member}"
        made.steps.append(CStep(f"const int64_t {fact.c_name}", text))


def _variant(made: Decisions, rows: Rows) -> None:
    """The variant that the number of the combination stands for."""
    kernel = made.kernel
    text = made.number or "0"
    numbers = rows.numbers
    if rows.combinations:
        text = variant_of_launches(made, rows.combinations)
    elif numbers:
        text = (
            f"{made.table('combinations', 'int16_t', [str(number) for number in numbers])}[{text}]"
        )
    is_partial = NO_VARIANT in numbers
    failure = ("variant < 0", "tb_fail_no_variant(function)") if is_partial else ()
    if text.isidentifier() or text == "0":
        made.variant = text
    else:
        made.steps.append(CStep("const int32_t variant", text, *failure))
    made.read_sm_count(kernel.grid.reads)
    for parameter in kernel.parameters:
        name = parameter.name
        is_derived = isinstance(parameter, Constexpr) and parameter.is_computed
        if is_derived and name not in made.sources and name in kernel.grid.reads.names:
            variants = [kernel.specialisation.variants[number] for number in rows.variants]
            made.source(name, [v.constexprs[name] for v in variants], made.variant)
