"""Kernels, with what a call decides and the variants that it leads to."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any, ClassVar

from codegen.model.computed import Grid, Reads, TensorFact, united
from codegen.model.descriptors import ParameterType
from codegen.model.errors import SourceLocation
from codegen.model.options import DEFAULTS, Options
from codegen.model.parameters import Constexpr, Parameter
from codegen.model.targets import Target
from codegen.model.tuple_shapes import TupleShape
from tritonbind.kernel_identity import KernelIdentity

Hints = tuple[tuple[str, int], ...]
"""What a hinted variant assumes: parameters, each with 16 or 1 as in `Parameter.hint`."""
HINTED, GENERIC = "aligned", "generic"
"""What the label of a variant ends in, where one of two is hinted."""


@dataclass(frozen=True)
class Configuration:
    """What an autotuner may choose: values of constexprs, and options."""

    constexprs: tuple[tuple[str, object], ...]
    options: Options
    given: tuple[str, ...] = ()
    """The options that it gives; the others are those of the call."""

    def __str__(self) -> str:
        values = {**dict(self.constexprs), **dict(self._changed)}
        return ", ".join(f"{name}={value!r}" for name, value in values.items())

    def known(self, name: str) -> tuple[object, ...]:
        """The value of a constexpr or an option, if the configuration gives one."""
        constexprs = dict(self.constexprs)
        if name in constexprs:
            return (constexprs[name],)
        return (getattr(self.options, name),) if name in self.given else ()

    @property
    def _changed(self) -> Iterator[tuple[str, object]]:
        for entry in fields(self.options):
            value = getattr(self.options, entry.name)
            is_changed = entry.name in self.given and value != entry.default
            if is_changed or entry.name in _ALWAYS_SHOWN:
                yield entry.name, value


_ALWAYS_SHOWN = ("num_warps", "num_stages")


@dataclass(frozen=True)
class Axis:
    """One thing a call decides when it picks a variant. `codegen.variants.axes` has the kinds."""

    kind: ClassVar[str]
    """What the manifest calls this kind."""
    parameters: tuple[str, ...]
    labels: tuple[str, ...]
    """How each choice is called in variant names."""
    values: tuple[object, ...]
    """What each choice is of a call, as the manifest says it."""

    @property
    def reads(self) -> Reads:
        """What C computes the choice from, where that is an expression."""
        return Reads()

    @property
    def argument(self) -> Constexpr | None:
        """What a call passes besides the kernel's own parameters, to make the choice."""
        return None


@dataclass(frozen=True)
class CompiledIn:
    """A parameter whose value the compiler is given, so that no launch passes it."""

    value: object


@dataclass(frozen=True)
class Variant:
    """One specialisation of a kernel: what the compiler gets, and which calls may use it."""

    label: str
    selection: tuple[int, ...]
    """The choice on each axis of the kernel, as an index; the first where several mean it."""
    parameters: tuple[tuple[str, ParameterType | CompiledIn], ...]
    """Each by its name, in the kernel's order; the blocks of descriptors are numbers."""
    divisible: tuple[str, ...] = ()
    """Parameters assumed divisible by 16."""
    options: Options = DEFAULTS
    tuples: tuple[tuple[str, TupleShape], ...] = ()
    """The kernel's parameters that are tuples, whose entries `parameters` has by their names."""

    @property
    def types(self) -> dict[str, ParameterType]:
        """What a launch passes, in order, before Triton's two scratch pointers."""
        return {n: given for n, given in self.parameters if not isinstance(given, CompiledIn)}

    @property
    def constexprs(self) -> dict[str, object]:
        return {n: given.value for n, given in self.parameters if isinstance(given, CompiledIn)}

    @property
    def signature(self) -> tuple[tuple[str, str], ...]:
        """As the compiler is given it: types as Triton spells them, and `constexpr`."""
        types = {name: type_.triton for name, type_ in self.types.items()}
        return tuple((name, types.get(name, "constexpr")) for name, _ in self.parameters)


@dataclass(frozen=True)
class Specialisation:
    """What a call decides, and the variant that each decision leads to."""

    axes: tuple[Axis, ...] = ()
    variants: tuple[Variant, ...] = ()
    numbers: tuple[int, ...] = ()
    """The variant of each combination of choices, in mixed-radix order of the axes (the last varies
    fastest); NO_VARIANT where no call leads. Empty: each combination has its own."""
    selections: tuple[tuple[int, ...], ...] = ()
    """The combinations that `numbers` is of, where they are not all, but those of a kernel's
    launches; those of the same calls stand together, the hinted before the generic one."""

    def combinations(self) -> Iterator[tuple[tuple[int, ...], int]]:
        """Each combination of choices with the number of its variant."""
        every = itertools.product(*(range(len(axis.labels)) for axis in self.axes))
        numbers = self.numbers or range(len(self.variants))
        return zip(self.selections or every, numbers, strict=True)


NO_VARIANT = -1


@dataclass(frozen=True)
class MadeOf:
    """What a kernel is after one import of its file, to be compared with another import."""

    parts: tuple[tuple[str, str], ...] = ()
    """What the compiler is given, by what messages call it: values, sources, declarations."""
    key: str = ""
    """A digest of them all."""


@dataclass(frozen=True)
class KernelSource:
    """What the source of a Triton kernel and its declaration say."""

    name: str
    """The name of the TVM FFI global, dotted."""
    file: str
    """The kernel file, relative to the kernels folder, with `/`."""
    qualname: str
    """Where the kernel stands in that file."""
    location: SourceLocation
    doc: str
    parameters: tuple[Parameter | Constexpr, ...]
    options: Options
    source_key: str
    """Triton's own digest of the kernel's source, its callees and globals."""
    identity: KernelIdentity
    """What a program that launches the kernel knows it by."""
    tuples: tuple[tuple[str, TupleShape], ...] = ()
    """The kernel's own parameters that are tuples; `parameters` has their entries one by one."""
    tuned: tuple[Mapping[str, Any], ...] = ()
    """What a recorded program's autotuners around the kernel chose: tables of JSON."""
    targets: tuple[Target, ...] | None = None
    """The targets that the kernel is for; None: every one of the project's."""
    optional_targets: bool = False
    """What cannot be built for a target is left out there."""
    sources: Mapping[str, str] = field(default_factory=dict)
    """sha256 of each file of an installed package that the kernel is made of."""
    source_keys: Mapping[int, str] = field(default_factory=dict)
    """`source_key` by capability, where the source depends on the SM for which it is imported."""
    made_of: MadeOf = MadeOf()
    made_of_for: Mapping[int, MadeOf] = field(default_factory=dict)
    """`made_of` by capability, as `source_keys`."""
    apart: frozenset[str] = frozenset()
    """The options that are said apart from what a constexpr of their name has."""
    lacking: tuple[int, ...] = ()
    """The numbers of the configurations that the kernel has for other SMs than that for which it
    was imported."""
    lacking_for: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    """`lacking` by capability."""

    @property
    def symbol(self) -> str:
        """The function's name in C and Python: the last part of its global name."""
        return self.name.rpartition(".")[2]

    def source_key_for(self, target: Target) -> str:
        return self.source_keys.get(target.capability, self.source_key)

    def as_made_for(self, target: Target) -> MadeOf:
        return self.made_of_for.get(target.capability, self.made_of)


@dataclass(frozen=True)
class Kernel(KernelSource):
    """One exported function: what its source says, and what follows from that.

    The source leaves a computed constexpr open; here it has each value that some variant has.
    """

    grid: Grid = field(kw_only=True)
    specialisation: Specialisation = field(kw_only=True)

    @classmethod
    def of(
        cls,
        source: KernelSource,
        parameters: tuple[Parameter | Constexpr, ...],
        grid: Grid,
        specialisation: Specialisation,
    ) -> Kernel:
        said = {**vars(source), "parameters": parameters}
        return cls(**said, grid=grid, specialisation=specialisation)

    @cached_property
    def arguments(self) -> tuple[Parameter | Constexpr, ...]:
        """What a call passes, in order, without the grid and the stream."""
        own = (p for p in self.parameters if isinstance(p, Parameter) or p.is_argument)
        axes = self.specialisation.axes
        return (*own, *(axis.argument for axis in axes if axis.argument is not None))

    @property
    def reads(self) -> tuple[Reads, ...]:
        """What the grid and each of the heuristics read."""
        return (self.grid.reads, *(axis.reads for axis in self.specialisation.axes))

    @cached_property
    def facts(self) -> tuple[TensorFact, ...]:
        """Sizes and strides of tensors that the grid and the heuristics read."""
        return united(fact for reads in self.reads for fact in reads.facts)
