"""Which values a launch has, which of them an image takes, and in what order.

A tensor descriptor is one argument and several kernel parameters: from sm_90 on, where the machine
has a copy engine for tensors (TMA), a tensor map, the shape and the strides; below, what Triton's
own code for descriptors reads. The same table serves the proof of the layout and the C text.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from codegen.model.descriptors import DescriptorType
from codegen.model.image import Image
from codegen.model.kernel import Variant
from codegen.model.parameters import Parameter


@dataclass(frozen=True)
class Part:
    """A kernel parameter: one of a descriptor's, or what another argument is."""

    name: str
    """As members of the runtime's `tb_descriptor` are called: `shape[1]`; else nothing."""
    size: int
    alignment: int


@dataclass(frozen=True)
class Launched:
    """A kernel parameter, and the argument that it comes from."""

    argument: str
    part: Part

    def __str__(self) -> str:
        return f"parameter `{self.argument}{self.part.name and '.'}{self.part.name}`"


def launched(variant: Variant, has_maps: bool) -> Iterator[Launched]:
    """The kernel's parameters before Triton's two scratch pointers, in order."""
    for name, type_ in variant.types.items():
        if isinstance(type_, DescriptorType):
            parts = _mapped(type_.rank) if has_maps else _taken_apart(type_.rank)
            yield from (Launched(name, part) for part in parts)
        else:
            yield Launched(name, Part("", type_.size, type_.size))


def descriptor_types(variant: Variant) -> dict[str, DescriptorType]:
    """The tensor descriptors of a variant, with their blocks in numbers, in order."""
    types = variant.types.items()
    return {name: type_ for name, type_ in types if isinstance(type_, DescriptorType)}


def most_parts(parameter: Parameter) -> int:
    """How many kernel parameters an argument becomes at most."""
    return 1 if parameter.descriptor is None else len(_taken_apart(parameter.descriptor.rank))


def value_indices(parameters: Sequence[Parameter]) -> dict[tuple[str, str], int]:
    """The place of each argument, or part of one, among the values that a launch is given."""
    keys = [
        (parameter.name, part)
        for parameter in parameters
        for part in (_values(parameter.descriptor.rank) if parameter.descriptor else ("",))
    ]
    return {key: index for index, key in enumerate(keys)}


def parameter_indices(
    parameters: Sequence[Parameter], variant: Variant, image: Image
) -> tuple[int, ...]:
    """Which of the values an image takes, in the order of its parameters."""
    indices = value_indices(parameters)
    return tuple(
        indices[each.argument, each.part.name]
        for each in launched(variant, bool(image.tensor_maps))
    )


def _values(rank: int) -> tuple[str, ...]:
    """What the runtime's `TB_DESCRIPTOR_VALUES` lists of a descriptor."""
    return ("map", *(part.name for part in _taken_apart(rank)[:-rank]))


def value_sizes(parameters: Sequence[Parameter]) -> tuple[int, ...]:
    """The bytes of each of the values that a launch is given."""
    sizes: list[int] = []
    for parameter in parameters:
        type_ = parameter.storage
        if isinstance(type_, DescriptorType):
            parts = (*_mapped(type_.rank)[:1], *_taken_apart(type_.rank)[: -type_.rank])
            sizes += [part.size for part in parts]
        else:
            sizes.append(type_.size)
    return tuple(sizes)


def _mapped(rank: int) -> tuple[Part, ...]:
    return (Part("map", 128, 64), *_each("shape32", rank, 4), *_each("strides", rank, 8))


def _taken_apart(rank: int) -> tuple[Part, ...]:
    return (
        Part("data", 8, 8),
        *_each("shape", rank, 8),
        *_each("strides", rank, 8),
        Part("padding_is_nan", 1, 1),
        Part("round_to_tf32", 1, 1),
        *_each("shape32", rank, 4),
        *_each("strides", rank, 8),
    )


def _each(name: str, rank: int, size: int) -> tuple[Part, ...]:
    return tuple(Part(f"{name}[{dimension}]", size, size) for dimension in range(rank))
