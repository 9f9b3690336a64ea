"""The hinted variants that a declaration lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from codegen.model.declaration import Declaration
from codegen.model.descriptors import DescriptorType, ParameterType
from codegen.model.errors import CodegenError, about, meant
from codegen.model.kernel import Hints, KernelSource
from codegen.model.parameters import Parameter
from codegen.model.patterns import filled


def cases_of(
    declaration: Declaration, kernel: KernelSource, raws: Sequence[Any]
) -> tuple[Hints, ...] | None:
    """What each listed case assumes, most first; None where nothing is listed.

    A case begins with what the types say (pointers are aligned, `i32:16`) and changes what it
    names, by their names or by patterns. Raises `CodegenError`.
    """
    if declaration.cases is None:
        return None
    parameters = {p.name: p for p in kernel.parameters if isinstance(p, Parameter)}
    by_name = {raw.name: raw for raw in raws}
    cases = []
    for given in declaration.cases:
        case = filled("cases", given, parameters)
        for name, hint in case.items():
            with about(f"case {dict(case)!r}"):
                _check(parameters, by_name, name, hint)
        hints = ((name, case.get(name, p.hint)) for name, p in parameters.items())
        cases.append(tuple((name, hint) for name, hint in hints if hint is not None))
    ordered = sorted(dict.fromkeys(case for case in cases if case), key=len, reverse=True)
    return tuple(ordered)


def check_hint(raw: Any, type_: ParameterType, hint: int) -> None:
    """Raise `CodegenError` where Triton's JIT would never assume this of the parameter."""
    if type_.is_pointer and hint == 1:
        raise CodegenError("only an int can be assumed to be 1", hint="use :16 for a pointer")
    is_descriptor = isinstance(type_, DescriptorType)
    if is_descriptor or not (type_.is_pointer or type_.dtype.is_integer):
        raise CodegenError(
            f"only ints and pointers can be divisible by 16, got `{type_}:{hint}`",
            hint=f'write it as "{type_}"',
        )
    if is_unspecialised(raw, hint):
        raise CodegenError(
            f"the kernel says not to specialise it, and it is declared as `{type_}:{hint}`",
            hint=f'write it as "{type_}"',
        )
    if hint == 1 and raw.annotation_type:
        raise CodegenError(
            "the kernel annotates it, and Triton assumes 1 of no annotated int",
            hint="leave out :1, or the annotation",
        )


def _check(
    parameters: Mapping[str, Parameter],
    raws: Mapping[str, Any],
    name: str,
    hint: int | None,
) -> None:
    if name not in parameters:
        raise CodegenError(
            f"`{name}` is no run-time parameter",
            hint=meant(name, parameters, f"those are {', '.join(parameters) or 'none'}"),
        )
    if hint not in (None, 1, 16) or isinstance(hint, bool):
        raise CodegenError(
            f"`{name}` must be 16, 1 or None, got {hint!r}",
            hint="16: divisible by it; 1: equal to it; None: nothing",
        )
    if hint is not None:
        check_hint(raws[name], parameters[name].types[0], hint)


def is_unspecialised(raw: Any, hint: int) -> bool:
    """Whether the kernel tells Triton not to specialise it so."""
    return raw.do_not_specialize or (hint == 16 and raw.do_not_specialize_on_alignment)
