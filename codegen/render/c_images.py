"""What the C templates print of an image's launch: lists of parameters, and tensor maps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from codegen.model.descriptors import TF32
from codegen.model.image import Image
from codegen.model.kernel import Variant
from codegen.model.parameters import Parameter
from codegen.model.plan import Binary, Plan
from codegen.prove.launch_layout import descriptor_types, parameter_indices, value_indices

RowT = TypeVar("RowT")


@dataclass(frozen=True)
class CTables:
    """Tables that images share."""

    parameters: dict[tuple[int, ...], str]
    """The names of lists that say which of a launch's values an image takes, in order."""
    maps: dict[tuple[str, ...], str]
    """The names of lists of `tb_map`, by their initialisers."""


def c_tables(plan: Plan, binaries: Sequence[Binary]) -> CTables:
    """The different tables of a function's images in these, in the order of their first use."""
    runtime = _runtime(plan)
    pairs = [(binary.variant, image) for binary in binaries for image in binary.images]
    symbol = plan.kernel.symbol
    return CTables(
        _named(f"{symbol}_parameters", (_taken(runtime, *pair) or () for pair in pairs)),
        _named(f"{symbol}_maps", (_maps(runtime, *pair) for pair in pairs)),
    )


def launch_of(plan: Plan, variant: Variant, image: Image) -> object:
    """What `launch_fields` says, without the names that C has for it."""
    runtime = _runtime(plan)
    indices = parameter_indices(runtime, variant, image)
    return indices, _taken(runtime, variant, image) is None, _maps(runtime, variant, image)


def launch_fields(plan: Plan, variant: Variant, image: Image, tables: CTables) -> Iterator[str]:
    """The designated initialisers of a `tb_image` that say what it takes."""
    runtime = _runtime(plan)
    taken = _taken(runtime, variant, image)
    maps = _maps(runtime, variant, image)
    if taken is not None:
        yield f".parameters = {tables.parameters[taken] if taken else '(const uint8_t[]){0}'}"
    if count := len(parameter_indices(runtime, variant, image)):
        yield f".parameter_count = {count}"
    if maps:
        yield f".maps = {tables.maps[maps]}"
        yield f".map_count = {len(maps)}"


def _taken(
    runtime: tuple[Parameter, ...], variant: Variant, image: Image
) -> tuple[int, ...] | None:
    """Which of the values an image takes, in order; None where these are all, in their order."""
    indices = parameter_indices(runtime, variant, image)
    return None if indices == tuple(range(len(value_indices(runtime)))) else indices


def _named(name: str, given: Iterable[tuple[RowT, ...]]) -> dict[tuple[RowT, ...], str]:
    tables = [table for table in dict.fromkeys(given) if table]
    return {
        table: name if len(tables) == 1 else f"{name}_{number}"
        for number, table in enumerate(tables)
    }


def _maps(runtime: tuple[Parameter, ...], variant: Variant, image: Image) -> tuple[str, ...]:
    """What a launch encodes, in the order of the kernel's parameters."""
    if not image.tensor_maps:
        return ()
    return tuple(", ".join(row) for row in _map_rows(runtime, variant, image))


def _map_rows(
    runtime: tuple[Parameter, ...], variant: Variant, image: Image
) -> Iterator[tuple[str, ...]]:
    indices = value_indices(runtime)
    rounded = {p.name for p in runtime if p.descriptor is not None and p.descriptor.tf32}
    for name, tensor_map in zip(descriptor_types(variant), image.tensor_maps, strict=True):
        box = ", ".join(map(str, tensor_map.box))
        yield (
            f".value = {indices[name, 'map']}",
            f".type = {TF32 if name in rounded else tensor_map.element_type}",
            f".element_size = {tensor_map.element_size}",
            f".swizzle = {tensor_map.swizzle}",
            *[".fp4_padded = true"] * tensor_map.fp4_padded,
            *[".is_written = true"] * (name in image.uses.writes),
            f".box = {{{box}}}",
        )


def _runtime(plan: Plan) -> tuple[Parameter, ...]:
    return tuple(p for p in plan.kernel.parameters if isinstance(p, Parameter))
