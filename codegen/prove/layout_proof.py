"""The proof of the launch layout: a launch passes what the cubin itself says that it takes."""

from __future__ import annotations

from collections.abc import Iterator

from codegen.model.descriptors import FP4_PADDED, MAP_TYPES
from codegen.model.errors import CodegenError, about
from codegen.model.image import Compiled, Image
from codegen.model.kernel import Variant
from codegen.model.request import CompileRequest
from codegen.model.triton_version import current
from codegen.prove.cubin import CubinRecords, Slot, read_cubin
from codegen.prove.launch_layout import descriptor_types, launched

_HINT = "generated code would launch it wrongly: install triton=={version} anew"


def prove(compiled: Compiled, request: CompileRequest) -> Image:
    """The image, if its cubin takes what the variant's signature makes us pass.

    Raises `CodegenError` with the first thing that differs.
    """
    with about(str(request), hint=_HINT.format(version=current().version)):
        records = read_cubin(compiled.cubin)
        _check(compiled, request, records)
    return Image(
        target=request.target,
        data=compiled.data,
        key=request.key,
        registers=records.registers,
        stack=records.stack,
        cooperative=request.variant.options.launch_cooperative_grid,
        **compiled.properties(),
    )


def predicted_parameters(
    variant: Variant, has_maps: bool = False, base: int = 0
) -> tuple[tuple[str, Slot], ...]:
    """What a launch of the variant passes: names, and slots at their natural alignment.

    `has_maps` says that the image takes tensor descriptors as maps, and not taken apart; `base` is
    where the slots begin in memory.
    """
    sizes = [
        (str(each), each.part.size, each.part.alignment) for each in launched(variant, has_maps)
    ]
    parameters, offset = [], 0
    hidden = ((name, size, size) for name, size in current().hidden_parameters)
    for name, size, alignment in (*sizes, *hidden):
        offset += -(base + offset) % alignment
        parameters.append((name, Slot(offset, size)))
        offset += size
    return tuple(parameters)


def _check(compiled: Compiled, request: CompileRequest, records: CubinRecords) -> None:
    for what, expected, found, account in _comparisons(compiled, request, records):
        if expected != found:
            raise CodegenError(f"{what} should be {expected}, and is {found} {account}")


def _comparisons(
    compiled: Compiled, request: CompileRequest, records: CubinRecords
) -> Iterator[tuple[str, object, object, str]]:
    """What is compared, what we expect, what there is, and who says so."""
    in_cubin, by_triton = "in the cubin", "by Triton's account"
    capability = request.target.capability
    yield "the architecture", f"sm_{capability}", f"sm_{records.capability}", in_cubin
    yield "the kernel", f"`{compiled.symbol}`", f"`{records.symbol}`", in_cubin
    yield "the block", (32 * compiled.num_warps, 1, 1), records.block, in_cubin
    num_ctas = request.variant.options.num_ctas
    yield "the number of blocks of a program", num_ctas, compiled.num_ctas, by_triton
    cluster = (num_ctas, 1, 1) if num_ctas > 1 else None
    yield "the cluster", cluster, records.cluster, in_cubin
    yield from _map_comparisons(compiled, request)
    predicted = predicted_parameters(request.variant, bool(compiled.tensor_maps), records.base)
    for account, count in (
        (by_triton, len(compiled.parameter_sizes)),
        (in_cubin, len(records.parameters)),
    ):
        yield "the number of parameters", len(predicted), count, account
    for (name, slot), size in zip(predicted, compiled.parameter_sizes, strict=True):
        yield f"the size of {name}", slot.size, size, by_triton
    for (name, slot), found in zip(predicted, records.parameters, strict=True):
        yield name, slot, found, in_cubin


def _map_comparisons(
    compiled: Compiled, request: CompileRequest
) -> Iterator[tuple[str, object, object, str]]:
    """Tensor maps, by Triton's account alone: they leave no trace in a cubin."""
    by_triton = "by Triton's account"
    types = descriptor_types(request.variant)
    expected = len(types) if request.target.capability >= 90 else 0
    yield "the number of tensor maps", expected, len(compiled.tensor_maps), by_triton
    for (name, type_), tensor_map in zip(types.items(), compiled.tensor_maps, strict=False):
        of = f"of the tensor map of `{name}`"
        element = FP4_PADDED if tensor_map.fp4_padded else MAP_TYPES[type_.dtype.name]
        yield f"the element type {of}", element, tensor_map.element_type, by_triton
        yield f"the element size {of}", type_.dtype.size, tensor_map.element_size, by_triton
        yield f"the dimensions {of}", type_.rank, len(tensor_map.box), by_triton
