"""Kernels, with what a call decides and the variants that it leads to."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import ClassVar, Literal

from codegen.model.descriptors import DescriptorType, ParameterType
from codegen.model.errors import SourceLocation
from codegen.model.options import DEFAULTS, Options
from codegen.model.targets import Target
from codegen.model.tuple_shapes import Nest


@dataclass(frozen=True)
class Default:
    """A default value in the kernel's signature. It wraps the value, since that may be None."""

    value: object


@dataclass(frozen=True)
class Shape:
    """A declared tensor shape: row-major, of this many elements or more."""

    source: str
    """As the declaration says it: `(seq_len, num_value_heads, 64)`."""
    sizes: tuple[str, ...]
    """An `int64_t` C expression for each dimension."""


@dataclass(frozen=True)
class Origin:
    """The tensor's dimension that an int may be taken from; the tensor has `rank` of them."""

    tensor: str
    dimension: int
    rank: int


@dataclass(frozen=True)
class Parameter:
    """A run-time parameter of a kernel."""

    name: str
    types: tuple[ParameterType, ...]
    """The types a call may choose from; one unless the declaration gives a choice."""
    nullable: bool = False
    """None is accepted and compiled as a constexpr None, as the JIT does."""
    takes_null: bool = False
    """None is passed as a null pointer instead, as the JIT does where the kernel annotates it."""
    hint: int | None = None
    """What hinted variants assume: 16, that the value (or address) is divisible by it; 1, that it
    is 1, which they compile in."""
    shape: Shape | None = None
    """What the kernel assumes of the tensor's layout, checked when a tensor is passed."""
    default: Default | None = None
    comment: str = ""
    """The comment beside the parameter in the kernel's source."""
    origin: Origin | None = None
    """Of an int that callers with tensors may leave out."""
    partner: str = ""
    """Another parameter, which is None in the same calls."""

    @property
    def is_pointer(self) -> bool:
        return self.types[0].is_pointer

    @property
    def storage(self) -> ParameterType:
        """The type that holds every value: of an int of several widths, the last and widest."""
        return self.types[-1]

    @property
    def descriptor(self) -> DescriptorType | None:
        """The first type, of a parameter that gets a tensor descriptor."""
        first = self.types[0]
        return first if isinstance(first, DescriptorType) else None

    @property
    def is_tensor(self) -> bool:
        """A pointer, or a tensor that becomes a descriptor."""
        return self.is_pointer or self.descriptor is not None


@dataclass(frozen=True)
class Constexpr:
    """A compile-time parameter: one value, or several among which the call decides."""

    name: str
    choices: tuple[object, ...]
    default: Default | None = None
    comment: str = ""
    is_computed: bool = False
    """The kernel's own configurations or heuristics give the value; no call passes it."""
    dtypes: tuple[str, ...] = ()
    """The names of choices that are dtypes."""

    @property
    def passed(self) -> tuple[object, ...]:
        """What a call passes for each choice."""
        return self.dtypes or self.choices

    @property
    def is_argument(self) -> bool:
        return len(self.choices) > 1 and not self.is_computed


FactKind = Literal["shape", "stride", "numel", "ndim"]


@dataclass(frozen=True, order=True)
class TensorFact:
    """A number that a tensor carries."""

    tensor: str
    """The kernel's parameter."""
    kind: FactKind
    index: int = 0
    """The dimension of a shape or a stride; from -1 on counted from the last."""
    rank: int = 0
    """How many dimensions the tensor must have, where something unpacks them all; 0: any."""

    @property
    def c_name(self) -> str:
        """The `int64_t` variable, in the `tb_` names that no parameter can have."""
        if self.kind in ("numel", "ndim"):
            return f"tb_{self.tensor}_{self.kind}"
        place = f"{self.index}" if self.index >= 0 else f"last_{-self.index}"
        return f"tb_{self.tensor}_{self.kind}_{place}"


def united(facts: Iterable[TensorFact]) -> tuple[TensorFact, ...]:
    """Each number once, with the rank that some reader of it wants."""
    found: dict[str, TensorFact] = {}
    for fact in facts:
        known = found.setdefault(fact.c_name, fact)
        if known.rank < fact.rank:
            found[fact.c_name] = fact
    return tuple(found.values())


@dataclass(frozen=True)
class Reads:
    """What C expressions read of a call."""

    names: tuple[str, ...] = ()
    """Parameters, in the kernel's order."""
    facts: tuple[TensorFact, ...] = ()
    """Sizes and strides of tensors."""
    sm_count: bool = False
    """The number of SMs of the device."""


@dataclass(frozen=True)
class Grid:
    """The launch grid: three C expressions, or none of them when the call gives it."""

    axes: tuple[str, str, str] | None
    """C expressions over `int64_t` values; None: the call passes gx, gy and gz."""
    reads: Reads = Reads()
    can_fail: bool = False
    """Some axis divides or multiplies in a way that must be checked at run time."""


@dataclass(frozen=True)
class Computed:
    """A heuristic as a C expression."""

    text: str
    reads: Reads = Reads()
    can_fail: bool = False
    derived: tuple[tuple[str, tuple[object, ...]], ...] = ()
    """What it reads that was computed before, with its value for each combination of choices on the
    axes before its own."""


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
    tuples: tuple[tuple[str, Nest], ...] = ()
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

    def combinations(self) -> Iterator[tuple[tuple[int, ...], int]]:
        """Each combination of choices with the number of its variant."""
        choices = itertools.product(*(range(len(axis.labels)) for axis in self.axes))
        return zip(choices, self.numbers or range(len(self.variants)), strict=True)


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
    tuples: tuple[tuple[str, Nest], ...] = ()
    """The kernel's own parameters that are tuples; `parameters` has their entries one by one."""
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
