"""The parameters of a kernel: what a launch passes, and what is known when it is compiled."""

from __future__ import annotations

from dataclasses import dataclass

from codegen.model.descriptors import DescriptorType, ParameterType


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
    texts: tuple[str | None, ...] = ()
    """What a call passes for choices that it cannot pass by themselves, such as dtypes: see
    `constexpr_values.texts_of`."""

    @property
    def passed(self) -> tuple[object, ...]:
        """What a call passes for each choice."""
        return self.texts or self.choices

    @property
    def is_argument(self) -> bool:
        return len(self.choices) > 1 and not self.is_computed
