"""The table by which C finds the tuned configuration of a call: rows of integers, sorted."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

from codegen.errors import CodegenError
from codegen.model import Axis, Column, Constexpr, Kernel, Parameter, TunedTable
from codegen.tuning import Key, Tuning

Entries = dict[Column, int]


def tuned_table(kernel: Kernel, axes: Sequence[Axis], tuning: Tuning) -> TunedTable:
    """The table of a tuning, without the keys that no call can have.

    A row that says nothing of a column stands for each of its choices. Raises `CodegenError` for a
    key that does not fit the kernel.
    """
    parameters = {parameter.name: parameter for parameter in kernel.parameters}
    keyed = [parameters[name] for name in tuning.key]
    found: list[tuple[Entries, int]] = []
    is_typed = len(tuning.tuned[0][0]) > len(keyed)
    for key, number in tuning.tuned:
        told = key[len(keyed) :]
        if len(key) < len(keyed) or is_typed != bool(told):
            raise _wrong_length(kernel, tuning, key)
        own = [_entry(kernel, key, *pair) for pair in zip(keyed, key, strict=False)]
        if None in own:
            continue
        entries = {column: n for one in own if one for column, n in one.items()}
        ways = _typed(kernel, axes, tuning, key, told) if told else [{}]
        found += [({**entries, **way}, number) for way in ways if _agree(entries, way)]
    columns = tuple(dict.fromkeys(column for entries, _ in found for column in entries))
    rows: dict[tuple[int, ...], int] = {}
    for entries, number in found:
        choices = [_choices(axes, column, entries) for column in columns]
        rows.update(dict.fromkeys(itertools.product(*choices), number))
    return TunedTable(columns, tuple(sorted(rows.items())))


def _choices(axes: Sequence[Axis], column: Column, entries: Entries) -> Sequence[int]:
    if column in entries:
        return [entries[column]]
    return range(len(_axis(axes, column).labels))


def _axis(axes: Sequence[Axis], column: Column) -> Axis:
    return next(a for a in axes if a.kind == column.kind and column.parameter in a.parameters)


def _agree(one: Entries, other: Entries) -> bool:
    return all(one[column] == other[column] for column in one.keys() & other.keys())


def _entry(
    kernel: Kernel, key: Key, parameter: Parameter | Constexpr, value: object
) -> Entries | None:
    """What an entry of a key says; None when no call has that entry."""
    name = parameter.name
    if isinstance(parameter, Constexpr):
        if parameter.is_computed:
            raise _error(kernel, key, f"has `{name}`, which the kernel computes", "leave it out")
        choices = list(parameter.passed)
        if value not in choices:
            return None
        return {Column("constexpr", name): choices.index(value)} if parameter.is_argument else {}
    none = {Column("none", name): int(value is None)} if parameter.nullable else {}
    if value is None:
        zero = {} if parameter.is_tensor else {Column("value", name): 0}
        return {**none, **zero} if parameter.nullable else None
    dtype = parameter.storage.dtype
    is_number = isinstance(value, int) and (dtype.is_integer or dtype.name == "i1")
    if parameter.is_tensor or not is_number:
        hint = "a key is made of ints and constexprs"
        raise _error(kernel, key, f"has {value!r} for `{name}`", hint)
    assert isinstance(value, int)
    if not dtype.low <= value <= dtype.high:
        return None
    wrapped = value - (1 << 64) if value >= 1 << 63 else int(value)
    return {**none, Column("value", name): wrapped}


def _typed(
    kernel: Kernel, axes: Sequence[Axis], tuning: Tuning, key: Key, told: Key
) -> Iterator[Entries]:
    """The ways in which calls come to these dtypes: Triton lists those of tensors that are given,
    and does not say which ones are None."""
    pointers = _pointers(kernel)
    nullable = [pointer for pointer in pointers if pointer.nullable]
    missing = len(pointers) - len(told)
    if not 0 <= missing <= len(nullable):
        raise _wrong_length(kernel, tuning, key)
    for absent in itertools.combinations(nullable, missing):
        given = [pointer for pointer in pointers if pointer not in absent]
        entries: Entries = {Column("none", p.name): int(p in absent) for p in nullable}
        if all(_tell(axes, entries, *pair) for pair in zip(given, told, strict=True)):
            yield entries


def _tell(axes: Sequence[Axis], entries: Entries, pointer: Parameter, dtype: object) -> bool:
    """Put what a dtype says among the entries; False when the pointer cannot have it."""
    labels = [f"torch.{type_.dtype.label}" for type_ in pointer.types]
    if str(dtype) not in labels:
        return False
    index = labels.index(str(dtype))
    if len(labels) == 1:
        return True
    column = Column("dtype", _axis(axes, Column("dtype", pointer.name)).parameters[0])
    return entries.setdefault(column, index) == index


def _pointers(kernel: Kernel) -> list[Parameter]:
    return [p for p in kernel.parameters if isinstance(p, Parameter) and p.is_pointer]


def _wrong_length(kernel: Kernel, tuning: Tuning, key: Key) -> CodegenError:
    names = ", ".join(pointer.name for pointer in _pointers(kernel))
    return _error(
        kernel,
        key,
        f"has {len(key)} entr{'y' if len(key) == 1 else 'ies'}",
        f"a key has {', '.join(tuning.key) or 'nothing'}, and then, in all keys or in none, the "
        f"dtypes of the tensors ({names}) that are not None",
    )


def _error(kernel: Kernel, key: Key, what: str, hint: str) -> CodegenError:
    return CodegenError(
        f"`{kernel.name}`: the tuned key {list(key)!r} {what}", where=kernel.location, hint=hint
    )
