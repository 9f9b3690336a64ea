"""The table by which C finds the tuned configuration of a call: rows of integers, sorted."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from codegen.model.declaration import Key
from codegen.model.errors import CodegenError
from codegen.model.kernel import Axis, KernelSource
from codegen.model.parameters import Constexpr, Parameter
from codegen.variants.axes.configuration import Column, TunedTable
from codegen.variants.axes.constexpr import ConstexprAxis
from codegen.variants.axes.dtype import DtypeAxis
from codegen.variants.axes.none import NoneAxis
from codegen.variants.combinations import Combination
from codegen.variants.tuning import Tuning

Entries = dict[Column, int]


def tuned_table(
    kernel: KernelSource, axes: Sequence[Axis], combinations: Sequence[Combination], tuning: Tuning
) -> TunedTable:
    """The table of a tuning, without the keys that no call can have.

    A row that says nothing of a column stands for each of its choices. Raises `CodegenError` for a
    key that does not fit the kernel.
    """
    keyed = _keyed(kernel, combinations, tuning)
    for name in tuning.key:
        if name in dict(kernel.tuples):
            raise CodegenError(
                f"its keys have `{name}`, which is a tuple",
                hint="leave out tuned, and name a configuration in each call",
            )
    is_typed = len(tuning.tuned[0][0]) > len(keyed)
    found = [
        (entries, number)
        for key, number in tuning.tuned
        for entries in _Calls(kernel, axes, combinations, keyed, key).entries(is_typed)
    ]
    columns = tuple(dict.fromkeys(column for entries, _ in found for column in entries))
    rows: dict[tuple[int, ...], int] = {}
    for entries, number in found:
        choices = [_choices(axes, column, entries) for column in columns]
        rows.update(dict.fromkeys(itertools.product(*choices), number))
    return TunedTable(columns, tuple(sorted(rows.items())), tuning.takes_nearest)


def key_names(
    kernel: KernelSource, combinations: Sequence[Combination], tuning: Tuning
) -> tuple[str, ...]:
    """The parameters whose values are in Triton's keys, tuples among them, which no table has."""
    keyed = {one.name for one in _keyed(kernel, combinations, tuning)}
    return tuple(name for name in tuning.key if name in keyed or name in dict(kernel.tuples))


def _keyed(
    kernel: KernelSource, combinations: Sequence[Combination], tuning: Tuning
) -> list[Parameter | Constexpr]:
    """The parameters whose values are in Triton's keys: those that reach the autotuner. What
    configurations give does not reach it, nor what heuristics below it compute."""
    parameters = {parameter.name: parameter for parameter in kernel.parameters}
    known = combinations[0].values
    return [
        parameters[name]
        for name in tuning.key
        if name in parameters and (name in known or not _is_computed(parameters[name]))
    ]


def _is_computed(parameter: Parameter | Constexpr) -> bool:
    return isinstance(parameter, Constexpr) and parameter.is_computed


def _choices(axes: Sequence[Axis], column: Column, entries: Entries) -> Sequence[int]:
    if column in entries:
        return [entries[column]]
    return range(len(axes[column].labels)) if isinstance(column, int) else ()


@dataclass(frozen=True)
class _Calls:
    """The calls that have a key."""

    kernel: KernelSource
    axes: Sequence[Axis]
    combinations: Sequence[Combination]
    keyed: Sequence[Parameter | Constexpr]
    key: Key

    def entries(self, is_typed: bool) -> list[Entries]:
        """The ways in which calls come to the key; none when no call has it."""
        told = self.key[len(self.keyed) :]
        are_dtypes = all(str(dtype).startswith("torch.") for dtype in told)
        if len(self.key) < len(self.keyed) or is_typed != bool(told) or not are_dtypes:
            raise self._wrong_length()
        ways: list[Entries] = [{}]
        for parameter, value in zip(self.keyed, self.key, strict=False):
            is_computed = _is_computed(parameter)
            of = self._that_compute if is_computed else self._that_have
            ways = _both(ways, of(parameter, value))
        return _both(ways, list(self._typed(told))) if told else ways

    def _that_compute(self, parameter: Parameter | Constexpr, value: object) -> list[Entries]:
        """The choices for which the kernel's heuristics compute this value."""
        reachable = (one for one in self.combinations if one.reachable)
        values = {one.selection: one.values[parameter.name] for one in reachable}
        places = list(range(len(self.axes)))
        for place in range(len(self.axes)):
            fewer = [other for other in places if other != place]
            if len({(_at(fewer, one), repr(found)) for one, found in values.items()}) == len(
                {_at(fewer, one) for one in values}
            ):
                places = fewer
        choices = {_at(places, one): None for one, found in values.items() if found == value}
        return [dict(zip(places, one, strict=True)) for one in choices]

    def _that_have(self, parameter: Parameter | Constexpr, value: object) -> list[Entries]:
        """The one way to pass a value, if there is one."""
        name = parameter.name
        if isinstance(parameter, Constexpr):
            choices = list(parameter.passed)
            if value not in choices or not parameter.is_argument:
                return [{}] if value in choices else []
            return [{self._place(ConstexprAxis, name): choices.index(value)}]
        none = {self._place(NoneAxis, name): int(value is None)} if parameter.nullable else {}
        if value is None:
            zero: Entries = {} if parameter.is_tensor else {name: 0}
            return [{**none, **zero}] if parameter.nullable else []
        dtype = parameter.storage.dtype
        is_number = isinstance(value, int) and (dtype.is_integer or dtype.name == "i1")
        if parameter.is_tensor or not is_number:
            raise self._error(f"has {value!r} for `{name}`", "a key is made of ints and constexprs")
        assert isinstance(value, int)
        if not dtype.low <= value <= dtype.high:
            return []
        wrapped = value - (1 << 64) if value >= 1 << 63 else int(value)
        return [{**none, name: wrapped}]

    def _typed(self, told: Key) -> Iterator[Entries]:
        """The ways in which calls come to these dtypes: Triton lists those of tensors that are
        given, and does not say which ones are None."""
        nullable = [pointer for pointer in self._pointers if pointer.nullable]
        missing = len(self._pointers) - len(told)
        if not 0 <= missing <= len(nullable):
            raise self._wrong_length()
        for absent in itertools.combinations(nullable, missing):
            given = [pointer for pointer in self._pointers if pointer not in absent]
            nones = [(self._place(NoneAxis, p.name), int(p in absent)) for p in nullable]
            entries: Entries = dict(nones)
            is_possible = all(entries[place] == is_none for place, is_none in nones)
            tensors = zip(given, told, strict=True)
            if is_possible and all(self._tell(entries, *pair) for pair in tensors):
                yield entries

    def _tell(self, entries: Entries, pointer: Parameter, dtype: object) -> bool:
        """Put what a dtype says among the entries; False when the pointer cannot have it."""
        labels = [f"torch.{type_.dtype.label}" for type_ in pointer.types]
        if str(dtype) not in labels or len(labels) == 1:
            return str(dtype) in labels
        index = labels.index(str(dtype))
        return entries.setdefault(self._place(DtypeAxis, pointer.name), index) == index

    def _place(self, kind: type[Axis], name: str) -> Column:
        """Of the axis of this kind on which the parameter is."""
        axes = enumerate(self.axes)
        return next(n for n, a in axes if isinstance(a, kind) and name in a.parameters)

    @property
    def _pointers(self) -> list[Parameter]:
        return [p for p in self.kernel.parameters if isinstance(p, Parameter) and p.is_pointer]

    def _wrong_length(self) -> CodegenError:
        own = ", ".join(parameter.name for parameter in self.keyed)
        names = ", ".join(pointer.name for pointer in self._pointers)
        return self._error(
            f"has {len(self.key)} entr{'y' if len(self.key) == 1 else 'ies'}",
            f"a key has {own or 'nothing'}, and then, in all keys or in none, the "
            f"dtypes of the tensors ({names}) that are not None",
        )

    def _error(self, what: str, hint: str) -> CodegenError:
        return CodegenError(f"the tuned key {list(self.key)!r} {what}", hint=hint)


def _both(some: Sequence[Entries], others: Sequence[Entries]) -> list[Entries]:
    """What agrees with one of either."""
    return [
        {**one, **other}
        for one in some
        for other in others
        if all(one[column] == other[column] for column in one.keys() & other.keys())
    ]


def _at(places: Sequence[int], selection: Sequence[int]) -> tuple[int, ...]:
    return tuple(selection[place] for place in places)
