"""The proof of the launch layout: what we will pass is what the cubin itself says it takes."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from elftools.common.exceptions import ELFError
from elftools.elf.elffile import ELFFile

from codegen.model.descriptors import FP4_PADDED, MAP_TYPES
from codegen.model.errors import CodegenError, about
from codegen.model.kernel import Variant
from codegen.model.plan import Image
from codegen.model.request import Compiled, CompileRequest
from codegen.model.triton_version import current
from codegen.prove.launch_layout import descriptor_types, launched

_HINT = "generated code would launch it wrongly: install triton=={version} anew"

_PARAM_CBANK, _REQNTID, _MIN_STACK_SIZE = 0x0A, 0x10, 0x12
_KPARAM_INFO, _REGCOUNT, _CTA_PER_CLUSTER = 0x17, 0x2F, 0x3D
_SIZED = 4
"""The format of records that hold their value's size; others hold two bytes of value there."""

# ELF ABI version -> where e_flags hold the compute capability (8 since CUDA 13).
_CAPABILITY_SHIFTS = {7: 0, 8: 8}


@dataclass(frozen=True)
class Slot:
    """A kernel parameter's place in the parameter buffer."""

    offset: int
    size: int

    def __str__(self) -> str:
        return f"{self.size} bytes at offset {self.offset}"


@dataclass(frozen=True)
class CubinRecords:
    """What a cubin says of its kernel."""

    capability: int
    symbol: str
    parameters: tuple[Slot, ...]
    base: int
    """Where the parameters begin in constant memory; their alignment counts from there."""
    block: tuple[int, int, int] | None
    """The block that a launch must have, where the kernel requires one."""
    cluster: tuple[int, int, int] | None
    """The blocks of a cluster, where the kernel is compiled for clusters."""
    registers: int
    """Registers per thread."""
    stack: int
    """Bytes of stack per thread, with those of the functions it calls."""


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
        symbol=compiled.symbol,
        num_warps=compiled.num_warps,
        shared=compiled.shared,
        registers=records.registers,
        stack=records.stack,
        key=request.key,
        uses=compiled.uses,
        num_ctas=compiled.num_ctas,
        scratch=compiled.scratch,
        launch_pdl=compiled.launch_pdl,
        cooperative=request.variant.options.launch_cooperative_grid,
        maps=compiled.maps,
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


def read_cubin(data: bytes) -> CubinRecords:
    """Read a cubin with one kernel. Raises `CodegenError` for anything else."""
    try:
        return _read_elf(ELFFile(io.BytesIO(data)))
    except (ELFError, struct.error, UnicodeDecodeError) as error:
        raise CodegenError(f"the compiled image is no readable cubin: {error}") from error


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
    predicted = predicted_parameters(request.variant, bool(compiled.maps), records.base)
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
    """Tensor maps, of which Triton's account is all there is: they leave no trace in a cubin."""
    by_triton = "by Triton's account"
    types = descriptor_types(request.variant)
    expected = len(types) if request.target.capability >= 90 else 0
    yield "the number of tensor maps", expected, len(compiled.maps), by_triton
    for (name, type_), tensor_map in zip(types.items(), compiled.maps, strict=False):
        of = f"of the tensor map of `{name}`"
        element = FP4_PADDED if tensor_map.fp4_padded else MAP_TYPES[type_.dtype.name]
        yield f"the element type {of}", element, tensor_map.element_type, by_triton
        yield f"the element size {of}", type_.dtype.size, tensor_map.element_size, by_triton
        yield f"the dimensions {of}", type_.rank, len(tensor_map.box), by_triton


def _read_elf(elf: Any) -> CubinRecords:
    abi = elf["e_ident"]["EI_ABIVERSION"]
    if elf["e_machine"] != "EM_CUDA" or abi not in _CAPABILITY_SHIFTS:
        raise CodegenError("the compiled image is no cubin of ELF ABI 7 or 8")
    index, symbol = _kernel(elf)
    general = list(_records(elf, ".nv.info"))
    own = list(_records(elf, f".nv.info.{symbol}"))
    bases = [struct.unpack("<IHH", value)[1] for kind, value in own if kind == _PARAM_CBANK]
    return CubinRecords(
        capability=elf["e_flags"] >> _CAPABILITY_SHIFTS[abi] & 0xFF,
        symbol=symbol,
        parameters=_parameters(value for attribute, value in own if attribute == _KPARAM_INFO),
        base=bases[0] if bases else 0,
        block=_dimensions(own, _REQNTID),
        cluster=_dimensions(own, _CTA_PER_CLUSTER),
        registers=_of_function(general, _REGCOUNT, index),
        stack=_of_function(general, _MIN_STACK_SIZE, index),
    )


def _kernel(elf: Any) -> tuple[int, str]:
    """The symbol of the one kernel: its index and name.

    Functions of its own that it calls are local symbols, and those of the driver (`vprintf`,
    `__assertfail`, `malloc`) are defined nowhere in the cubin.
    """
    table = elf.get_section_by_name(".symtab")
    kernels = [
        (index, symbol.name)
        for index, symbol in enumerate(table.iter_symbols() if table else ())
        if (symbol["st_info"]["type"], symbol["st_info"]["bind"]) == ("STT_FUNC", "STB_GLOBAL")
        and symbol["st_shndx"] != "SHN_UNDEF"
    ]
    if len(kernels) != 1:
        names = ", ".join(f"`{name}`" for _, name in kernels) or "none"
        raise CodegenError(f"the cubin should hold one kernel, and holds {names}")
    return kernels[0]


def _records(elf: Any, section_name: str) -> Iterator[tuple[int, bytes]]:
    """The attributes of an info section: format, attribute, then a value or its size."""
    section = elf.get_section_by_name(section_name)
    data = section.data() if section else b""
    position = 0
    while position < len(data):
        kind, attribute, size = struct.unpack_from("<BBH", data, position)
        position += 4
        if kind == _SIZED:
            yield attribute, data[position : position + size]
            position += size


def _parameters(values: Iterable[bytes]) -> tuple[Slot, ...]:
    """Slots by ordinal. A record: index, ordinal, offset, and the size in the 14 high bits."""
    records = sorted(struct.unpack("<IHHI", value)[1:] for value in values)
    if [ordinal for ordinal, _, _ in records] != list(range(len(records))):
        raise CodegenError("the cubin does not describe each of its parameters once")
    return tuple(Slot(offset, packed >> 18) for _, offset, packed in records)


def _dimensions(records: list[tuple[int, bytes]], wanted: int) -> tuple[int, int, int] | None:
    return next((struct.unpack("<3I", value) for found, value in records if found == wanted), None)


def _of_function(records: list[tuple[int, bytes]], wanted: int, index: int) -> int:
    values = [struct.unpack("<II", value) for attribute, value in records if attribute == wanted]
    return next((number for function, number in values if function == index), 0)
