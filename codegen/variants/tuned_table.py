"""The table by which C finds the tuned configuration of a call: rows of integers, sorted."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

from codegen.model.errors import CodegenError
from codegen.model.kernel import Axis, Constexpr, Kernel, Parameter
from codegen.variants.axes.configuration import Column, TunedTable
from codegen.variants.axes.constexpr import ConstexprAxis
from codegen.variants.axes.dtype import DtypeAxis
from codegen.variants.axes.none import NoneAxis
from codegen.variants.combinations import Combination
from codegen.variants.tuning import Key, Tuning

Entries = dict[Column, int]
Keyed = Sequence[Parameter | Constexpr]


def tuned_table(
    kernel: Kernel, axes: Sequence[Axis], combinations: Sequence[Combination], tuning: Tuning
) -> TunedTable:
    """The table of a tuning, without the keys that no call can have.

    A row that says nothing of a column stands for each of its choices. Raises `CodegenError` for a
    key that does not fit the kernel.
    """
    keyed = _keyed(kernel, combinations, tuning)
    found: list[tuple[Entries, int]] = []
    is_typed = len(tuning.tuned[0][0]) > len(keyed)
    for key, number in tuning.tuned:
        told = key[len(keyed) :]
        are_dtypes = all(str(dtype).startswith("torch.") for dtype in told)
        if len(key) < len(keyed) or is_typed != bool(told) or not are_dtypes:
            raise _wrong_length(kernel, keyed, key)
        ways: list[Entries] = [{}]
        for parameter, value in zip(keyed, key, strict=False):
            ways = _both(ways, _entries(kernel, axes, combinations, key, parameter, value))
        if told:
            ways = _both(ways, list(_typed(kernel, axes, keyed, key, told)))
        found += [(entries, number) for entries in ways]
    columns = tuple(dict.fromkeys(column for entries, _ in found for column in entries))
    rows: dict[tuple[int, ...], int] = {}
    for entries, number in found:
        choices = [_choices(axes, column, entries) for column in columns]
        rows.update(dict.fromkeys(itertools.product(*choices), number))
    return TunedTable(columns, tuple(sorted(rows.items())))


def _keyed(kernel: Kernel, combinations: Sequence[Combination], tuning: Tuning) -> Keyed:
    """The parameters of which Triton's keys have the values: those that reach the autotuner. What
    configurations give does not, nor what heuristics below it compute."""
    parameters = {parameter.name: parameter for parameter in kernel.parameters}
    known = combinations[0].values
    for name in tuning.key:
        if name in dict(kernel.tuples):
            raise CodegenError(
                f"`{kernel.name}`: its keys have `{name}`, which is a tuple",
                where=kernel.location,
                hint="leave out tuned, and name a configuration in each call",
            )
    return [
        parameters[name]
        for name in tuning.key
        if name in parameters and (name in known or not _is_computed(parameters[name]))
    ]


def _is_computed(parameter: Parameter | Constexpr) -> bool:
    return isinstance(parameter, Constexpr) and parameter.is_computed


def _both(some: Sequence[Entries], others: Sequence[Entries]) -> list[Entries]:
    """What agrees with one of either."""
    return [{**one, **other} for one in some for other in others if _agree(one, other)]


def _entries(
    kernel: Kernel,
    axes: Sequence[Axis],
    combinations: Sequence[Combination],
    key: Key,
    parameter: Parameter | Constexpr,
    value: object,
) -> list[Entries]:
    """The ways in which calls come to an entry of a key; none when no call has it."""
    if _is_computed(parameter):
        return _that_compute(axes, combinations, parameter.name, value)
    entries = _entry(kernel, axes, key, parameter, value)
    return [] if entries is None else [entries]


def _that_compute(
    axes: Sequence[Axis], combinations: Sequence[Combination], name: str, value: object
) -> list[Entries]:
    """The choices for which the kernel's heuristics compute this value."""
    values = {one.selection: one.values[name] for one in combinations if one.reachable}
    places = list(range(len(axes)))
    for place in range(len(axes)):
        fewer = [other for other in places if other != place]
        if len({(_at(fewer, one), repr(found)) for one, found in values.items()}) == len(
            {_at(fewer, one) for one in values}
        ):
            places = fewer
    choices = {_at(places, one): None for one, found in values.items() if found == value}
    return [dict(zip(places, one, strict=True)) for one in choices]


def _at(places: Sequence[int], selection: Sequence[int]) -> tuple[int, ...]:
    return tuple(selection[place] for place in places)


def _choices(axes: Sequence[Axis], column: Column, entries: Entries) -> Sequence[int]:
    if column in entries:
        return [entries[column]]
    return range(len(axes[column].labels)) if isinstance(column, int) else ()


def _place(axes: Sequence[Axis], kind: type[Axis], name: str) -> int:
    """Of the axis of this kind on which the parameter is."""
    found = (n for n, a in enumerate(axes) if isinstance(a, kind) and name in a.parameters)
    return next(found)


def _agree(one: Entries, other: Entries) -> bool:
    return all(one[column] == other[column] for column in one.keys() & other.keys())


def _entry(
    kernel: Kernel,
    axes: Sequence[Axis],
    key: Key,
    parameter: Parameter | Constexpr,
    value: object,
) -> Entries | None:
    """What an entry of a key says; None when no call has that entry."""
    name = parameter.name
    if isinstance(parameter, Constexpr):
        choices = list(parameter.passed)
        if value not in choices:
            return None
        if not parameter.is_argument:
            return {}
        return {_place(axes, ConstexprAxis, name): choices.index(value)}
    none: Entries = {}
    if parameter.nullable:
        none[_place(axes, NoneAxis, name)] = int(value is None)
    if value is None:
        if not parameter.is_tensor:
            none[name] = 0
        return none if parameter.nullable else None
    dtype = parameter.storage.dtype
    is_number = isinstance(value, int) and (dtype.is_integer or dtype.name == "i1")
    if parameter.is_tensor or not is_number:
        hint = "a key is made of ints and constexprs"
        raise _error(kernel, key, f"has {value!r} for `{name}`", hint)
    assert isinstance(value, int)
    if not dtype.low <= value <= dtype.high:
        return None
    wrapped = value - (1 << 64) if value >= 1 << 63 else int(value)
    return {**none, name: wrapped}


def _typed(
    kernel: Kernel, axes: Sequence[Axis], keyed: Keyed, key: Key, told: Key
) -> Iterator[Entries]:
    """The ways in which calls come to these dtypes: Triton lists those of tensors that are given,
    and does not say which ones are None."""
    pointers = _pointers(kernel)
    nullable = [pointer for pointer in pointers if pointer.nullable]
    missing = len(pointers) - len(told)
    if not 0 <= missing <= len(nullable):
        raise _wrong_length(kernel, keyed, key)
    for absent in itertools.combinations(nullable, missing):
        given = [pointer for pointer in pointers if pointer not in absent]
        nones = [(_place(axes, NoneAxis, p.name), int(p in absent)) for p in nullable]
        entries: Entries = dict(nones)
        if any(entries[place] != is_none for place, is_none in nones):
            continue
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
    return entries.setdefault(_place(axes, DtypeAxis, pointer.name), index) == index


def _pointers(kernel: Kernel) -> list[Parameter]:
    return [p for p in kernel.parameters if isinstance(p, Parameter) and p.is_pointer]


def _wrong_length(kernel: Kernel, keyed: Keyed, key: Key) -> CodegenError:
    own = ", ".join(parameter.name for parameter in keyed)
    names = ", ".join(pointer.name for pointer in _pointers(kernel))
    return _error(
        kernel,
        key,
        f"has {len(key)} entr{'y' if len(key) == 1 else 'ies'}",
        f"a key has {own or 'nothing'}, and then, in all keys or in none, the "
        f"dtypes of the tensors ({names}) that are not None",
    )


def _error(kernel: Kernel, key: Key, what: str, hint: str) -> CodegenError:
    return CodegenError(
        f"`{kernel.name}`: the tuned key {list(key)!r} {what}", where=kernel.location, hint=hint
    )
