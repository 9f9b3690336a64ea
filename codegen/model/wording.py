"""How functions and their arguments are described: in messages, in C and in Python."""

from __future__ import annotations

import re

from codegen.model.descriptors import DescriptorType, ParameterType
from codegen.model.identifiers import GRID_NAMES, c_identifier
from codegen.model.kernel import Kernel
from codegen.model.parameters import Constexpr, Parameter
from codegen.model.pointer_uses import PointerUses


def signature_text(kernel: Kernel) -> str:
    """The function's signature as messages show it."""
    parts = []
    for parameter in kernel.arguments:
        if isinstance(parameter, Constexpr):
            choices = " | ".join(repr(choice) for choice in parameter.passed)
            parts.append(f"{parameter.name}: {choices}")
        else:
            absent = [f"None{_with(parameter)}"] * parameter.nullable
            types = [str(type_) for type_ in parameter.types] + absent
            parts.append(f"{parameter.name}: {' | '.join(types)}")
    if kernel.grid.axes is None:
        parts += [f"{name}: i32" for name in GRID_NAMES]
    return f"{kernel.name}({', '.join([*parts, 'stream=None'])})"


def parameter_doc(parameter: Parameter, uses: PointerUses, none: str, quote: str = "") -> str:
    """The type, what is done with the memory, the shape that is checked, and the comment."""
    absent = [f"{none}{_with(parameter, quote)}"] * parameter.nullable
    names = [_type_doc(type_, quote) for type_ in parameter.types] + absent
    shape = f", shape {parameter.shape.source}" if parameter.shape else ""
    comment = f": {parameter.comment}" if parameter.comment else ""
    use = f", {use_text(parameter, uses)}" if use_text(parameter, uses) else ""
    return f"{' or '.join(names)}{use}{shape}{comment}"


def _with(parameter: Parameter, quote: str = "") -> str:
    return f" with {quote}{parameter.partner}{quote}" if parameter.partner else ""


def use_text(parameter: Parameter, uses: PointerUses) -> str:
    """What the kernel does with the memory at a pointer; nothing for most scalars."""
    own = [_USES[uses.of(parameter.name)]] if parameter.is_tensor else []
    further = {True: "writes to the addresses in it", False: "an address that is written to"}
    return "; ".join(own + [further[parameter.is_tensor]] * (parameter.name in uses.writes_through))


_USES = {"in": "read", "out": "written", "inout": "read and written", "unused": "not used"}


def _type_doc(type_: ParameterType, quote: str) -> str:
    if not isinstance(type_, DescriptorType):
        return f"{quote}{type_}{quote}"
    options = ["padded with nan"] * (type_.padding == "nan") + ["rounded to tf32"] * type_.tf32
    return ", ".join([f"tensor of {type_.dtype.label}, blocks of {type_.block_text}", *options])


def constexpr_doc(constexpr: Constexpr) -> str:
    comment = f"{constexpr.comment}: " if constexpr.comment else ""
    return f"{comment}one of {choices_text(constexpr)}"


def grid_doc(name: str) -> str:
    return f"programs of the launch grid along {name[1]}"


def choices_text(constexpr: Constexpr) -> str:
    return ", ".join(repr(choice) for choice in constexpr.passed)


def axis_text(kernel: Kernel, axis: str) -> str:
    """An axis of the grid, a C expression, with the kernel's own names, for people."""
    names = {c_identifier(parameter.name): parameter.name for parameter in kernel.parameters}
    for fact in kernel.grid.reads.facts:
        place = f"[{fact.index}]" if fact.kind in ("shape", "stride") else ""
        names[fact.c_name] = f"{fact.tensor}.{fact.kind}{place}"
    plain = (
        re.sub(r"INT64_C\((\d+)\)", r"\1", axis).replace("(int64_t)", "").replace(", &failed)", ")")
    )
    return re.sub(
        r"[A-Za-z_]\w*",
        lambda word: names.get(word[0], re.sub("^tb_(checked_)?", "", word[0])),
        plain,
    )
