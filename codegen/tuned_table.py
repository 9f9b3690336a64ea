"""The table by which C finds the tuned configuration of a call: rows of integers, sorted."""

from __future__ import annotations

from dataclasses import dataclass

from codegen.descriptors import ParameterType
from codegen.errors import CodegenError
from codegen.model import Axis, Constexpr, Kernel, Parameter

NONE_KEY = -(1 << 63)
"""What stands for None in a key; no argument may have this value there."""


@dataclass(frozen=True)
class Column:
    """What a call's key has at one place."""

    parameter: str
    is_choice: bool
    """The index of the choice that the call makes for the parameter, not its value."""


@dataclass(frozen=True)
class TunedTable:
    """For each key, in order, the number of a configuration; other calls get the first."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[tuple[int, ...], int], ...]


def tuned_table(kernel: Kernel, axis: Axis) -> TunedTable:
    """The table of a configuration axis, without the keys that no call can have.

    Raises `CodegenError` for a key that does not fit the kernel.
    """
    parameters = {parameter.name: parameter for parameter in kernel.parameters}
    pointers = [p for p in kernel.parameters if isinstance(p, Parameter) and p.is_pointer]
    required = [pointer for pointer in pointers if not pointer.nullable]
    keyed = [parameters[name] for name in axis.key]
    typed: list[Parameter] = []
    for key, _ in axis.tuned:
        told = len(key) - len(keyed)
        found = {0: [], len(required): required, len(pointers): pointers}.get(told)
        if found is None or (typed and found is not typed and told):
            raise _error(kernel, key, f"has {len(key)} entries", _expected(axis, pointers))
        typed = found or typed
    entries = [*keyed, *typed]
    rows = {}
    for key, number in axis.tuned:
        padded = (*key, *[None] * (len(entries) - len(key)))
        numbers = [
            _number(kernel, key, entry, value, is_dtype=place >= len(keyed))
            for place, (entry, value) in enumerate(zip(entries, padded, strict=True))
        ]
        if None not in numbers:
            rows[tuple(n for n in numbers if n is not None)] = number
    columns = [
        Column(entry.name, is_choice=place >= len(keyed) or isinstance(entry, Constexpr))
        for place, entry in enumerate(entries)
    ]
    decisive = [place for place, entry in enumerate(entries) if _varies(entry)]
    return TunedTable(
        tuple(columns[place] for place in decisive),
        tuple(sorted((tuple(row[place] for place in decisive), n) for row, n in rows.items())),
    )


def _varies(entry: Parameter | Constexpr) -> bool:
    if isinstance(entry, Constexpr):
        return entry.is_argument
    return len(entry.types) > 1 or not entry.is_tensor


def _number(
    kernel: Kernel,
    key: tuple[object, ...],
    entry: Parameter | Constexpr,
    value: object,
    is_dtype: bool,
) -> int | None:
    """What the table has for an entry of a key; None when no call has that entry."""
    if is_dtype:
        assert isinstance(entry, Parameter)
        return _dtype_number(entry.types, value)
    if isinstance(entry, Constexpr):
        if entry.is_computed:
            raise _error(
                kernel, key, f"has `{entry.name}`, which the kernel computes", "leave it out"
            )
        choices = [(type(choice), choice) for choice in entry.choices]
        return choices.index((type(value), value)) if (type(value), value) in choices else None
    if value is None:
        return NONE_KEY if entry.nullable else None
    if entry.is_tensor or not isinstance(value, int):
        raise _error(
            kernel, key, f"has {value!r} for `{entry.name}`", "a key is made of ints and constexprs"
        )
    return int(value)


def _dtype_number(types: tuple[ParameterType, ...], value: object) -> int | None:
    """The index of `torch.float16` among a pointer's types; 0 where the key says nothing."""
    labels = [f"torch.{type_.dtype.label}" for type_ in types]
    if value is None:
        return 0
    return labels.index(str(value)) if str(value) in labels else None


def _expected(axis: Axis, pointers: list[Parameter]) -> str:
    names = ", ".join(pointer.name for pointer in pointers)
    return (
        f"a key has {', '.join(axis.key) or 'nothing'}, and then the dtypes of all tensors "
        f"({names}) or of none"
    )


def _error(kernel: Kernel, key: tuple[object, ...], what: str, hint: str) -> CodegenError:
    return CodegenError(
        f"`{kernel.name}`: the tuned key {list(key)!r} {what}", where=kernel.location, hint=hint
    )
