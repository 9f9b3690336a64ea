"""The variants of the combinations that calls make: those of one meaning are one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from codegen.model.constexpr_values import identity
from codegen.model.descriptors import DescriptorType, ParameterType
from codegen.model.errors import about
from codegen.model.identifiers import room_for_label
from codegen.model.kernel import GENERIC, NO_VARIANT, CompiledIn, KernelSource, Variant
from codegen.variants.combinations import Combination


def numbered(
    kernel: KernelSource, combinations: Sequence[Combination]
) -> tuple[tuple[Variant, ...], tuple[int, ...]]:
    """The variants, each once, and the number of each combination's; NO_VARIANT where no call
    leads."""
    variants: list[Variant] = []
    numbers: dict[object, int] = {}
    indices = []
    for one in combinations:
        if not one.reachable:
            indices.append(NO_VARIANT)
            continue
        variant = _variant(kernel, one)
        number = numbers.setdefault(_identity(variant), len(variants))
        if number == len(variants):
            variants.append(variant)
        indices.append(number)
    room = room_for_label(kernel.symbol)
    if any(len(variant.label.encode()) > room for variant in variants):
        variants = [replace(v, label=f"variant_{n}") for n, v in enumerate(variants, 1)]
    return tuple(variants), tuple(indices)


def _variant(kernel: KernelSource, one: Combination) -> Variant:
    ones = {name for name, number in one.hints if number == 1 and name in one.types}
    parameters: list[tuple[str, ParameterType | CompiledIn]] = []
    for name in (parameter.name for parameter in kernel.parameters):
        if name in one.types and name not in ones:
            parameters.append((name, _bound(name, one)))
        else:
            parameters.append((name, CompiledIn(1 if name in ones else one.values[name])))
    divisible = tuple(name for name, number in one.hints if number == 16 and name in one.types)
    return Variant(
        "-".join(one.labels) or GENERIC,
        one.selection,
        tuple(parameters),
        divisible,
        one.options,
        kernel.tuples,
    )


def _bound(name: str, one: Combination) -> ParameterType:
    """The type as the compiler is given it: of a descriptor, with its block in numbers."""
    type_ = one.types[name]
    if not isinstance(type_, DescriptorType):
        return type_
    with about(f"parameter `{name}`"):
        return type_.bound(one.values)


def _identity(variant: Variant) -> object:
    """What the compiler gets."""
    constexprs = tuple((name, identity(value)) for name, value in variant.constexprs.items())
    return variant.signature, constexprs, variant.divisible, variant.options
