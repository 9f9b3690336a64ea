"""Pointers that are declared const although the kernel writes through them."""

from __future__ import annotations

import linecache
from collections.abc import Callable
from pathlib import Path
from typing import Any

import triton
from triton.runtime.jit import JITFunction

from codegen.model.errors import CodegenError, SourceLocation
from codegen.model.kernel import Variant
from codegen.model.pointer_uses import PointerUses
from codegen.prove.memory_effects import writer
from codegen.prove.triton_ir import Module

_LONGEST_LINE = 80


def check_const_pointers(
    variant: Variant,
    function: JITFunction[Any],
    uses: PointerUses,
    with_lines: Callable[[], Module],
) -> None:
    """Raise `CodegenError` for the first such pointer.

    `with_lines` compiles once more, and gives the kernel's IR with the lines of its source.
    """
    for argument, (name, declared) in enumerate(variant.types.items()):
        if not declared.is_const or name not in uses.writes:
            continue
        if any(parameter.name == name and parameter.is_const for parameter in function.params):
            said = "which the kernel's signature annotates as const"
            hint = f"remove the annotation of `{name}`, or do not write through it"
        else:
            said = f"which is declared `{declared}`"
            hint = f'declare it as "*{declared.dtype.name}", or do not write through it'
        where = _place(with_lines(), argument)
        line = linecache.getline(where.path, where.line).strip() if where else ""
        line = line if len(line) <= _LONGEST_LINE else f"{line[:_LONGEST_LINE]} ..."
        excerpt = f", in `{line}`" if line else ""
        raise CodegenError(
            f"the kernel writes through `{name}`, {said}{excerpt}",
            where=where,
            hint=hint,
        )


def _place(module: Module, argument: int) -> SourceLocation | None:
    """Where its memory is written: the innermost place that is not in Triton itself."""
    operation = writer(module, argument)
    places = module.places(operation) if operation else ()
    tritons = Path(triton.__file__).parent
    return next((place for place in places if tritons not in Path(place.path).parents), None)
