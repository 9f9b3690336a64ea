"""The launch layout: what cubins say of themselves, what we predict, and every disagreement."""

from __future__ import annotations

import importlib.metadata
import io
import struct
from dataclasses import replace
from typing import Any

import pytest
from elftools.elf.elffile import ELFFile
from hypothesis import given
from hypothesis import strategies as st

from codegen.compile.processes import compile_all
from codegen.model.descriptors import ParameterType
from codegen.model.dtypes import DTYPES, parse_type
from codegen.model.errors import CodegenError
from codegen.model.image import Compiled, Image
from codegen.model.kernel import CompiledIn, Variant
from codegen.model.options import Options
from codegen.model.pointer_uses import PointerUses
from codegen.model.request import CompileRequest
from codegen.model.targets import Target
from codegen.prove.cubin import CubinRecords, Slot, read_cubin
from codegen.prove.layout_proof import predicted_parameters, prove
from codegen.read.introspect import introspect
from tests.support.compile_requests import parameters
from tests.support.places import KERNELS

pytestmark = pytest.mark.triton

VERSION = importlib.metadata.version("triton")
TARGETS = (Target(80), Target(90), Target(100), Target(120), Target(80, is_ptx=True))

SCALARS = {
    "out": "*fp64",
    "flag": "u1",
    **{name: name for name in ("i8", "i16", "i32", "i64")},
    "other_flag": "u1",
    **{name: name for name in ("u8", "u16", "u32", "u64")},
    "third_flag": "u1",
    **{"half": "fp16", "brain": "bf16", "single": "fp32", "double": "fp64", "count": "i32"},
}
POINTERS = {
    "bools": "*i1",
    **{name: f"*{name}" for name in ("i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64")},
    **{"half": "*fp16", "brain": "*bf16", "single": "*fp32", "double": "*kfp64"},
    **{"e5m2": "*fp8e5", "e4b15": "*fp8e4b15", "out": "*i64"},
}
SLOTS = (
    *(Slot(0, 8), Slot(8, 1), Slot(9, 1), Slot(10, 2), Slot(12, 4), Slot(16, 8)),
    *(Slot(24, 1), Slot(25, 1), Slot(26, 2), Slot(28, 4), Slot(32, 8), Slot(40, 1)),
    *(Slot(42, 2), Slot(44, 2), Slot(48, 4), Slot(56, 8), Slot(64, 4), Slot(72, 8), Slot(80, 8)),
)
DEFAULTS = Options()
HINT = f"\n  hint: generated code would launch it wrongly: install triton=={VERSION} anew"


def make_request(
    kernel: str, signature: dict[str, str], target: Target, options: Options = DEFAULTS
) -> CompileRequest:
    variant = Variant("generic", (), parameters(signature), (), options)
    name = f"tests.all_types.{kernel}"
    return CompileRequest(str(KERNELS), "all_types.py", name, variant, target, "key")


def compiled(*requests: CompileRequest) -> list[Compiled]:
    results = compile_all(requests, 2)
    assert all(isinstance(result, Compiled) for result in results), results
    return [result for result in results if isinstance(result, Compiled)]


@pytest.fixture(scope="module")
def totals() -> dict[Target, tuple[CompileRequest, Compiled]]:
    requests = [make_request("total", SCALARS, target) for target in TARGETS]
    results = zip(requests, compiled(*requests), strict=True)
    return {request.target: (request, result) for request, result in results}


@pytest.fixture(scope="module")
def total(totals: dict[Target, tuple[CompileRequest, Compiled]]) -> tuple[CompileRequest, Compiled]:
    return totals[Target(90)]


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_every_scalar_type_is_proven(
    totals: dict[Target, tuple[CompileRequest, Compiled]], target: Target
) -> None:
    request, result = totals[target]
    image = prove(result, request)
    records = read_cubin(result.cubin)
    assert records == CubinRecords(
        capability=target.capability,
        symbol="total",
        parameters=SLOTS,
        base={80: 0x160, 90: 0x210, 100: 0x380, 120: 0x380}[target.capability],
        block=(128, 1, 1),
        cluster=None,
        registers=records.registers,
        stack=0,
    )
    assert 8 <= records.registers <= 64
    uses = PointerUses(writes=frozenset({"out"}))
    assert image == Image(
        *(target, result.data, "key", records.registers, 0),
        symbol="total",
        num_warps=4,
        shared=0,
        uses=uses,
    )
    assert (image.data == result.cubin) is not target.is_ptx


REPORTS = {  # kernel -> what the driver links to it
    "device_print": {"vprintf"},
    "python_print": {"vprintf"},
    "helper_prints": {"vprintf"},
    "barrier_and_assembly": set(),
    "positive": {"__assertfail"},
    "any_sign": set(),
    "checked_sum": {"__assertfail"},
    "wrapped_sum": set(),
}


def test_functions_of_the_driver_are_no_kernels() -> None:
    requests = [
        CompileRequest(str(KERNELS), "reports.py", kernel.name, variant, target, "key")
        for kernel in introspect(KERNELS, "reports.py")
        for variant in kernel.specialisation.variants
        for target in (Target(80), Target(90), Target(80, is_ptx=True))
    ]
    assert {request.kernel.rpartition(".")[2] for request in requests} == set(REPORTS)
    for request, result in zip(requests, compiled(*requests), strict=True):
        name = request.kernel.rpartition(".")[2]
        assert prove(result, request).symbol == name
        assert undefined(result.cubin) == REPORTS[name]


def undefined(cubin: bytes) -> set[str]:
    """The functions that a cubin leaves for the driver to link."""
    table: Any = ELFFile(io.BytesIO(cubin)).get_section_by_name(".symtab")
    functions = (
        symbol for symbol in table.iter_symbols() if symbol["st_info"]["type"] == "STT_FUNC"
    )
    return {symbol.name for symbol in functions if symbol["st_shndx"] == "SHN_UNDEF"}


def test_every_pointer_type_is_proven() -> None:
    newer = {**POINTERS, "e4b15": "*fp8e4nv"}
    requests = [
        make_request("addresses", POINTERS, Target(80)),
        make_request("addresses", newer, Target(89)),
        make_request("addresses", newer, Target(120)),
    ]
    for request, result in zip(requests, compiled(*requests), strict=True):
        prove(result, request)
        slots = read_cubin(result.cubin).parameters
        assert slots == tuple(Slot(8 * index, 8) for index in range(len(POINTERS) + 2))


def test_the_types_above_are_all_there_are() -> None:
    scalars = {parse_type(type_).dtype.name for type_ in SCALARS.values() if type_[0] != "*"}
    assert scalars == {name for name, row in DTYPES.items() if row.c_type is not None}


def test_stack_and_functions_that_are_not_inlined() -> None:
    requests = [
        make_request("calling", {"out": "*fp32", "n": "i32"}, target)
        for target in (Target(80), Target(90))
    ]
    for request, result in zip(requests, compiled(*requests), strict=True):
        image = prove(result, request)
        assert image.symbol == "calling"
        assert image.stack == 32


@given(st.lists(st.sampled_from([*SCALARS.values(), *POINTERS.values()])))
def test_predicted_slots_are_aligned_and_packed(types: list[str]) -> None:
    signature = parameters({f"p{index}": type_ for index, type_ in enumerate(types)}, {"C": 1})
    predicted = predicted_parameters(Variant("", (), signature))
    names = [f"parameter `p{index}`" for index in range(len(types))]
    assert [name for name, _ in predicted][: len(names)] == names
    assert [slot.size for _, slot in predicted[-2:]] == [8, 8]
    end = 0
    for _, slot in predicted:
        assert slot.offset % slot.size == 0
        assert end <= slot.offset < end + slot.size
        end = slot.offset + slot.size


def failure(compiled: Compiled, request: CompileRequest) -> str:
    with pytest.raises(CodegenError) as caught:
        prove(compiled, request)
    prefix = f"`tests.all_types.total` variant `generic` for {request.target.name}: "
    text = str(caught.value).removeprefix(prefix).removesuffix(HINT)
    assert str(caught.value) == prefix + text + HINT
    return text


def with_count(request: CompileRequest, given: ParameterType | CompiledIn) -> CompileRequest:
    changed = {**dict(request.variant.parameters), "count": given}
    return replace(request, variant=replace(request.variant, parameters=tuple(changed.items())))


def patched(compiled: Compiled, old: bytes, new: bytes) -> Compiled:
    assert old in compiled.cubin
    assert len(old) == len(new)
    return replace(compiled, cubin=compiled.cubin.replace(old, new))


def slot_record(ordinal: int, offset: int, size: int) -> bytes:
    return struct.pack("<IHHI", 0, ordinal, offset, size << 18 | 0x1F << 12)


def test_a_plan_of_other_types_contradicts_triton(total: tuple[CompileRequest, Compiled]) -> None:
    request, result = total
    text = failure(result, with_count(request, parse_type("i64")))
    assert text == "the size of parameter `count` should be 8, and is 4 by Triton's account"


def test_a_plan_of_other_types_contradicts_the_cubin(
    total: tuple[CompileRequest, Compiled],
) -> None:
    request, result = total
    sizes = list(result.parameter_sizes)
    sizes[list(SCALARS).index("count")] = 8
    result = replace(result, parameter_sizes=tuple(sizes))
    text = failure(result, with_count(request, parse_type("i64")))
    assert text == (
        "parameter `count` should be 8 bytes at offset 64, and is 4 bytes at offset 64 in the cubin"
    )


def test_a_plan_without_a_parameter(total: tuple[CompileRequest, Compiled]) -> None:
    request, result = total
    text = failure(result, with_count(request, CompiledIn(1)))
    assert text == "the number of parameters should be 18, and is 19 by Triton's account"
    fewer = replace(result, parameter_sizes=result.parameter_sizes[1:])
    text = failure(fewer, with_count(request, CompiledIn(1)))
    assert text == "the number of parameters should be 18, and is 19 in the cubin"


@pytest.mark.parametrize("target", TARGETS[:4], ids=lambda target: target.name)
def test_a_cubin_that_takes_other_slots(
    totals: dict[Target, tuple[CompileRequest, Compiled]], target: Target
) -> None:
    request, result = totals[target]
    wider = patched(result, slot_record(14, 48, 4), slot_record(14, 48, 8))
    text = failure(wider, request)
    assert text == (
        "parameter `single` should be 4 bytes at offset 48, "
        "and is 8 bytes at offset 48 in the cubin"
    )
    moved = patched(result, slot_record(18, 80, 8)[:8], slot_record(18, 88, 8)[:8])
    text = failure(moved, request)
    assert text == (
        "the profile scratch pointer should be 8 bytes at offset 80, "
        "and is 8 bytes at offset 88 in the cubin"
    )
    doubled = patched(result, slot_record(18, 80, 8)[:8], slot_record(17, 80, 8)[:8])
    text = failure(doubled, request)
    assert text == "the cubin does not describe each of its parameters once"


def test_another_block(total: tuple[CompileRequest, Compiled]) -> None:
    request, result = total
    text = failure(replace(result, num_warps=8), request)
    assert text == "the block should be (256, 1, 1), and is (128, 1, 1) in the cubin"
    unbound = patched(result, b"\x04\x10\x0c\x00", b"\x04\xff\x0c\x00")
    text = failure(unbound, request)
    assert text == "the block should be (128, 1, 1), and is None in the cubin"


def test_another_cluster(total: tuple[CompileRequest, Compiled]) -> None:
    _, one = total
    request = make_request("total", SCALARS, Target(90), Options(num_ctas=2))
    [two] = compiled(request)
    assert read_cubin(two.cubin).cluster == (2, 1, 1)
    assert prove(two, request).num_ctas == 2
    text = failure(one, request)
    assert text == "the number of blocks of a program should be 2, and is 1 by Triton's account"
    text = failure(replace(one, num_ctas=2), request)
    assert text == "the cluster should be (2, 1, 1), and is None in the cubin"
    record = b"\x04\x3d\x0c\x00"
    four = patched(two, record + struct.pack("<I", 2), record + struct.pack("<I", 4))
    text = failure(four, request)
    assert text == "the cluster should be (2, 1, 1), and is (4, 1, 1) in the cubin"
    text = failure(
        replace(two, num_ctas=1),
        replace(request, variant=replace(request.variant, options=Options())),
    )
    assert text == "the cluster should be None, and is (2, 1, 1) in the cubin"


def test_another_architecture(total: tuple[CompileRequest, Compiled]) -> None:
    request, result = total
    text = failure(result, replace(request, target=Target(100)))
    assert text == "the architecture should be sm_100, and is sm_90 in the cubin"


def test_another_kernel(total: tuple[CompileRequest, Compiled]) -> None:
    request, result = total
    text = failure(replace(result, symbol="totals"), request)
    assert text == "the kernel should be `totals`, and is `total` in the cubin"


def test_no_kernel(total: tuple[CompileRequest, Compiled]) -> None:
    request, result = total
    # A global function, made local in its symbol's binding.
    hidden = patched(result, b"\x12\x10", b"\x02\x10")
    assert failure(hidden, request) == "the cubin should hold one kernel, and holds none"


@pytest.mark.parametrize("cubin", [b"", b"// PTX"])
def test_no_cubin(total: tuple[CompileRequest, Compiled], cubin: bytes) -> None:
    request, result = total
    text = failure(replace(result, cubin=cubin), request)
    assert text == "the compiled image is no readable cubin: Magic number does not match"


def test_an_elf_that_is_no_cubin(total: tuple[CompileRequest, Compiled]) -> None:
    request, result = total
    elf = bytearray(result.cubin)
    elf[8] = 9
    text = failure(replace(result, cubin=bytes(elf)), request)
    assert text == "the compiled image is no cubin of ELF ABI 7 or 8"
