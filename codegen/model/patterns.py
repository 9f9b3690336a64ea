"""Entries of a declaration for several parameters at once: `"stride_*": "i32:16"`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from codegen.model.errors import CodegenError


def without_patterns(
    types: Mapping[str, Any], constexprs: Mapping[str, Any], params: Sequence[Any]
) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Both with an entry for each of Triton's `params` that one of their patterns fits.

    An entry of a parameter's own comes before patterns, and one of `constexprs` before those of
    `types`, which are for run-time parameters. Raises `CodegenError`.
    """
    undeclared = [raw.name for raw in params if raw.name not in types]
    constexprs = filled("constexprs", constexprs, undeclared)
    run_time = [raw.name for raw in params if not raw.is_constexpr and raw.name not in constexprs]
    return filled("types", types, run_time), constexprs


def filled(what: str, mapping: Mapping[str, Any], names: Iterable[str]) -> Mapping[str, Any]:
    """The mapping with an entry for each of `names` that a pattern in it fits."""
    names = list(names)
    patterns = [key for key in mapping if is_pattern(key)]
    if not patterns:
        return mapping
    free = [name for name in names if name not in mapping]
    by_name: dict[str, str] = {}
    for pattern in patterns:
        found = fitting(pattern, free)
        if not found:
            raise _fits_nothing(what, pattern, names, free)
        for name in found:
            first = by_name.setdefault(name, pattern)
            if first != pattern:
                raise CodegenError(
                    f"{what} has `{first}` and `{pattern}`, which both fit `{name}`",
                    hint=f'give it an entry of its own: {what}={{"{name}": ...}}',
                )
    exact = {key: value for key, value in mapping.items() if key not in patterns}
    return {**exact, **{name: mapping[pattern] for name, pattern in by_name.items()}}


def fitting(pattern: str, names: Iterable[str]) -> list[str]:
    """The names that a pattern fits, as names of files are fitted."""
    return [name for name in names if fnmatchcase(name, pattern)]


def is_pattern(key: object) -> bool:
    return isinstance(key, str) and any(mark in key for mark in "*?[")


def _fits_nothing(
    what: str, pattern: str, names: Sequence[str], free: Sequence[str]
) -> CodegenError:
    owned = fitting(pattern, names)
    kind = "parameter" if what == "constexprs" else "run-time parameter"
    but = f" but those with an entry of their own, {', '.join(owned)}" if owned else ""
    without = f"those without an entry are {', '.join(free)}"
    if not free:
        without = f"leave it out: no {kind} is without an entry of its own"
    return CodegenError(
        f"{what} has `{pattern}`, which fits no {kind}{but}",
        hint="leave it out" if owned else without,
    )
