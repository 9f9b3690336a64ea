"""Where a call's combination stands among those that were built of a kernel's launches, in C."""

from __future__ import annotations

import math

from codegen.variants.axes.hints import HintsAxis
from codegen.variants.axes.kind import axes_of
from codegen.variants.c_literals import c_string, int_literal
from codegen.variants.c_steps import CTable, Decisions


def place_of(made: Decisions) -> str:
    """C for the place of the call's choices so far among those that some launch has, in order.

    The call fails where none has them.
    """
    count = len(made.digits)
    if not count:
        return "0"
    if count not in made.places:
        made.places[count] = _looked_up(made, count)
    return made.places[count]


def _looked_up(made: Decisions, count: int) -> str:
    """The step that looks the first so many choices up."""
    axes = axes_of(made.kernel)[:count]
    is_last = all(isinstance(axis, HintsAxis) for axis in axes_of(made.kernel)[count:])
    of = "" if is_last else f"_{count}"
    _name_texts(made, count)
    rows = [f"{{{name}, {len(axis.texts)}}}" for name, axis in zip(made.texts, axes, strict=False)]
    choices = f"{made.kernel.symbol}_choices{of}"
    made.tables.append(CTable(f"static const tb_choice {choices}[{count}]", tuple(rows)))
    radices = [len(axis.labels) for axis in axes]
    weights = [math.prod(radices[place + 1 :]) for place in range(count)]
    selections = sorted({one[:count] for one in made.kernel.specialisation.selections})
    numbers = [
        sum(weight * digit for weight, digit in zip(weights, selection, strict=True))
        for selection in selections
    ]
    built = made.table(f"built{of}", "int64_t", [int_literal(number) for number in numbers])
    slots = made.slots(f"built_places{of}", [(number,) for number in numbers])
    spelt = "INT64_C({})" if math.prod(radices) >= 1 << 31 else "{}"
    number = " + ".join(
        f"{spelt.format(weight)} * {digit}" if weight > 1 else digit
        for weight, (digit, _) in zip(weights, made.digits, strict=True)
    )
    call = (
        f"tb_find_combination(function, {choices}, {count}, {built}, {len(numbers)}, {slots}, "
        f"{number})"
    )
    return made.step("int32_t", f"combination{of}", call, " < 0")


def _name_texts(made: Decisions, count: int) -> None:
    """The tables of how messages say the choices of the first so many axes."""
    for number, axis in enumerate(axes_of(made.kernel)[:count]):
        if number == len(made.texts):
            texts = [*map(c_string, axis.texts)]
            made.texts.append(made.table(f"texts_{number}", "char *const", texts))
