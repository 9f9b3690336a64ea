"""What a cubin says of its kernel, in the records by which the driver launches it."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from elftools.common.exceptions import ELFError
from elftools.elf.elffile import ELFFile

from codegen.model.errors import CodegenError

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


def read_cubin(data: bytes) -> CubinRecords:
    """Read a cubin with one kernel. Raises `CodegenError` for anything else."""
    try:
        return _read_elf(ELFFile(io.BytesIO(data)))
    except (ELFError, struct.error, UnicodeDecodeError) as error:
        raise CodegenError(f"the compiled image is no readable cubin: {error}") from error


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
