"""Descriptors as they are declared: their types, blocks by variant, and launch layouts."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from triton.backends.driver import decompose_descriptor, expand_signature
from triton.tools.tensor_descriptor import TensorDescriptor

from codegen.compile.processes import compile_all
from codegen.model.blocks import BlockExpression
from codegen.model.descriptors import MAP_TYPES, DescriptorType, parse_parameter_type
from codegen.model.dtypes import DTYPES, parse_type
from codegen.model.errors import CodegenError, SourceLocation
from codegen.model.image import Compiled
from codegen.model.kernel import Variant
from codegen.model.request import CompileRequest
from codegen.model.targets import Target
from codegen.prove.launch_layout import parameter_indices, value_indices
from codegen.prove.layout_proof import predicted_parameters, prove
from tests.support.compile_requests import parameters
from tests.support.places import KERNELS
from tests.support.plans import choice, kernel, plan, value

pytestmark = pytest.mark.triton

HALF, SINGLE = DTYPES["fp16"], DTYPES["fp32"]

PARSED = {
    "tensordesc<fp16[128, 64]>": DescriptorType(HALF, (128, 64)),
    " tensordesc< fp16 [128,64] > ": DescriptorType(HALF, (128, 64)),
    "tensordesc<fp32[8], padding=nan>": DescriptorType(SINGLE, (8,), "nan"),
    "tensordesc<fp32[8], padding=zero, tf32>": DescriptorType(SINGLE, (8,), tf32=True),
    "tensordesc<fp32[8], tf32, padding = nan>": DescriptorType(SINGLE, (8,), "nan", True),
    "tensordesc<int[4]>": DescriptorType(DTYPES["i32"], (4,)),
    "tensordesc<fp16[BLOCK, 64]>": DescriptorType(HALF, (BlockExpression("BLOCK"), 64)),
    "tensordesc<fp16[min(A, B), A//2]>": DescriptorType(
        HALF, (BlockExpression("min(A, B)"), BlockExpression("A // 2"))
    ),
}


@pytest.mark.parametrize("text", PARSED)
def test_a_descriptor_is_read(text: str) -> None:
    type_ = parse_parameter_type(text)
    assert type_ == PARSED[text]
    assert parse_parameter_type(str(type_)) == type_


def test_other_types_are_read_as_ever() -> None:
    for text in ("*fp16", "i32", "const *fp32"):
        assert parse_parameter_type(text) == parse_type(text)


@pytest.mark.parametrize(
    ("expression", "constexprs", "size"),
    [
        ("B", {"B": 64}, 64),
        ("B // 2 + 32", {"B": 64}, 64),
        ("64 if MODE == 'wide' else 32", {"MODE": "wide"}, 64),
        ("max(min(B, 64), 32) if B > 2 and not C else 16", {"B": 8, "C": None}, 32),
        ("next_power_of_2(B) * cdiv(B, 64)", {"B": 65}, 256),
    ],
)
def test_an_expression_has_a_size(
    expression: str, constexprs: dict[str, object], size: int
) -> None:
    type_ = parse_parameter_type(f"tensordesc<u8[{expression}]>")
    assert isinstance(type_, DescriptorType)
    assert type_.bound(constexprs).block == (size,)


NAMED = "names no element type with a block"
EXAMPLE = 'write it as in "tensordesc<fp16[128, 64]>"'
ELEMENTS = (
    "write one of i8, i16, i32, i64, u8, u16, u32, u64, fp16, bf16, fp32, fp64, fp8e4nv, fp8e4b8, "
    "fp8e5, fp8e5b16"
)
OPTIONS = "the options are padding=zero, padding=nan and tf32"
LAYOUT = (
    "leave it out, for Gluon's default of the block, or write NVMMASharedLayout("
    "swizzle_byte_width=128, element_bitwidth=16, rank=2)"
)
EXPRESSIONS = (
    "use the kernel's constexprs, + - * // %, comparisons, `x if c else y`, min, max and cdiv"
)
REFUSED: list[tuple[str, str, str | None]] = [
    ("tensordesc", f"`tensordesc` {NAMED}", EXAMPLE),
    ("tensordesc<fp16[64", f"`tensordesc<fp16[64` {NAMED}", EXAMPLE),
    ("tensordesc<fp16>", f"`tensordesc<fp16>` {NAMED}", EXAMPLE),
    ("tensordesc<fp16[]>", f"`tensordesc<fp16[]>` {NAMED}", EXAMPLE),
    ("tensordesc<[64]>", f"`tensordesc<[64]>` {NAMED}", EXAMPLE),
    *(
        (
            f"tensordesc<{name}[64]>",
            f"`tensordesc<{name}[64]>`: a descriptor has no elements of " f"type `{name}`",
            ELEMENTS,
        )
        for name in ("float16", "i1", "fp8e4b15", "x")
    ),
    (
        "tensordesc<u8[1, 1, 1, 1, 1, 16]>",
        "`tensordesc<u8[1, 1, 1, 1, 1, 16]>`: a descriptor has 5 dimensions at most, got 6",
        None,
    ),
    (
        "tensordesc<fp16[64, 48]>",
        "a block of 64 x 48: each size must be a power of two",
        "choose others",
    ),
    ("tensordesc<fp16[0]>", "a block of 0: each size must be a power of two", "choose others"),
    (
        "tensordesc<fp16[64, 4]>",
        "a block of 64 x 4: its last dimension must have 16 bytes or more, got 8",
        "make it 8 or more",
    ),
    (
        "tensordesc<u8[1024, 2048]>",
        "a block of 1024 x 2048: it can have 1048576 elements, and has 2097152",
        "choose smaller sizes",
    ),
    ("tensordesc<u8[B.x]>", "the size `B.x` cannot be evaluated", EXPRESSIONS),
    ("tensordesc<u8[len(B)]>", "the size `len(B)` cannot be evaluated", EXPRESSIONS),
    ("tensordesc<u8[1:2]>", "the size `1:2` cannot be evaluated", EXPRESSIONS),
    (
        "tensordesc<fp16[64], nan>",
        "`tensordesc<fp16[64], nan>`: a descriptor has no option `nan`",
        OPTIONS,
    ),
    (
        "tensordesc<fp32[64], tf32, tf32>",
        "`tensordesc<fp32[64], tf32, tf32>`: the option `tf32` is given twice",
        OPTIONS,
    ),
    (
        "tensordesc<i32[64], padding=nan>",
        "`tensordesc<i32[64], padding=nan>`: only fp16, bf16, fp32, fp64 can be padded with nan",
        "leave padding out",
    ),
    (
        "tensordesc<fp16[64], tf32>",
        "`tensordesc<fp16[64], tf32>`: only fp32 is rounded to tf32",
        "leave tf32 out",
    ),
    (
        "tensordesc<fp16[64, 64], SwizzledSharedLayout(1, 1, 1, [1, 0])>",
        "`tensordesc<fp16[64, 64], SwizzledSharedLayout(1, 1, 1, [1, 0])>`: "
        "`SwizzledSharedLayout(1, 1, 1, [1, 0])` is no layout that a descriptor can have",
        LAYOUT,
    ),
    (
        "tensordesc<fp16[64], NVMMASharedLayout(WIDTH, 16, 1)>",
        "`tensordesc<fp16[64], NVMMASharedLayout(WIDTH, 16, 1)>`: "
        "`NVMMASharedLayout(WIDTH, 16, 1)` is no layout that a descriptor can have",
        LAYOUT,
    ),
    (
        "tensordesc_im2col<fp16[64, 64],input_rank=4>",
        "`tensordesc_im2col<fp16[64, 64],input_rank=4>`: im2col descriptors, as Gluon has "
        "them, are not supported",
        EXAMPLE,
    ),
]


def test_a_layout_of_gluon() -> None:
    written = "tensordesc<fp16[64, 32], NVMMASharedLayout(64,16,rank=2), padding=nan>"
    type_ = parse_parameter_type(written)
    assert isinstance(type_, DescriptorType)
    assert type_.triton == "tensordesc<fp16[64, 32],NVMMASharedLayout(64, 16, rank=2)>"
    assert parse_parameter_type(str(type_)) == type_
    default = parse_parameter_type("tensordesc<fp16[BLOCK, 32], layout>")
    assert isinstance(default, DescriptorType)
    assert str(default) == "tensordesc<fp16[BLOCK, 32]>"
    assert default.bound({"BLOCK": 64}).triton == (
        "tensordesc<fp16[64, 32],NVMMASharedLayout(swizzle_byte_width=64, element_bitwidth=16, "
        "rank=2, transposed=False, fp4_padded=False, cga_layout=[])>"
    )


@pytest.mark.parametrize(("text", "message", "hint"), REFUSED)
def test_what_is_no_descriptor(text: str, message: str, hint: str | None) -> None:
    with pytest.raises(CodegenError) as caught:
        parse_parameter_type(text)
    assert (caught.value.message, caught.value.hint) == (message, hint)


@pytest.mark.parametrize(
    ("expression", "constexprs", "message", "hint"),
    [
        (
            "BLOCK_X",
            {"BLOCK": 64},
            "the size `BLOCK_X` reads `BLOCK_X`, which is no constexpr of the kernel",
            "the constexprs are BLOCK",
        ),
        (
            "B",
            {},
            "the size `B` reads `B`, which is no constexpr of the kernel",
            "the constexprs are none",
        ),
        ("B", {"B": "64"}, "the size `B` must be an int, and is '64'", EXPRESSIONS),
        ("B", {"B": True}, "the size `B` must be an int, and is True", EXPRESSIONS),
        ("B > 2", {"B": 4}, "the size `B > 2` must be an int, and is True", EXPRESSIONS),
        (
            "64 // B",
            {"B": 0},
            "the size `64 // B` has no value: integer division or modulo by zero",
            None,
        ),
        (
            "B * 2 + 1",
            {"B": 64},
            "a block of 129: each size must be a power of two",
            "choose others",
        ),
        ("-B", {"B": 64}, "a block of -64: each size must be a power of two", "choose others"),
    ],
)
def test_a_block_that_a_variant_cannot_have(
    expression: str, constexprs: dict[str, object], message: str, hint: str | None
) -> None:
    type_ = parse_parameter_type(f"tensordesc<u8[{expression}]>")
    assert isinstance(type_, DescriptorType)
    with pytest.raises(CodegenError) as caught:
        type_.bound(constexprs)
    assert (caught.value.message, caught.value.hint) == (message, hint)


CHOICE = "tensordesc<fp16[ROWS, 64]> | tensordesc<fp32[ROWS, 64]>"


def test_constexprs_and_dtypes_pick_the_block() -> None:
    of = kernel(value("x", CHOICE), value("y", "*fp16 | *fp32"), choice("ROWS", 32, 64))
    found = [dict(variant.signature) for variant in of.specialisation.variants]
    assert [(each["x"], each["y"]) for each in found] == [
        (f"tensordesc<{dtype}[{rows}, 64]>", f"*{dtype}")
        for dtype in ("fp16", "fp32")
        for rows in (32, 64)
        for _ in range(2)
    ]


def test_an_error_names_the_kernel_and_the_parameter() -> None:
    with pytest.raises(CodegenError) as caught:
        kernel(value("x", CHOICE), choice("COLUMNS", 32))
    assert caught.value.message == (
        "`tests.kernel` parameter `x`: the size `ROWS` reads `ROWS`, which is no constexpr of the "
        "kernel"
    )
    assert caught.value.where == SourceLocation("/kernels/kernel.py", 1)


def test_a_descriptor_takes_the_room_of_its_parts() -> None:
    text = "tensordesc<u8[1, 1, 1, 1, 16]>"
    with pytest.raises(CodegenError, match="has 276 run-time parameters, and a generated function"):
        kernel(*(value(f"x{number}", text) for number in range(12)))


TYPES = st.one_of(
    st.sampled_from(["*fp16", "i32", "u8", "fp64", "u1"]),
    st.tuples(st.sampled_from(sorted(MAP_TYPES)), st.integers(1, 5)).map(
        lambda pair: f"tensordesc<{pair[0]}[{', '.join(['1'] * (pair[1] - 1) + ['16'])}]>"
    ),
)


@given(st.lists(TYPES, max_size=6), st.booleans())
def test_the_layout_is_as_tritons(types: list[str], has_maps: bool) -> None:
    signature = parameters({f"p{index}": type_ for index, type_ in enumerate(types)})
    predicted = predicted_parameters(Variant("", (), signature), has_maps)
    expanded = expand_signature(types, has_maps, "nvTmaDesc")
    sizes = [128 if kind == "nvTmaDesc" else parse_type(kind).size for kind in expanded]
    assert [slot.size for _, slot in predicted] == [*sizes, 8, 8]
    end = 0
    for _, slot in predicted:
        alignment = min(slot.size, 64)
        assert slot.offset % alignment == 0
        assert end <= slot.offset < end + alignment
        end = slot.offset + slot.size


class Base:
    """As much of a tensor as a TensorDescriptor looks at."""

    dtype = SimpleNamespace(itemsize=4)

    def data_ptr(self) -> int:
        return 4096


@pytest.mark.parametrize("rank", range(1, 6))
def test_a_descriptor_is_taken_apart_as_triton_does_it(rank: int) -> None:
    block = ", ".join(["1"] * (rank - 1) + ["16"])
    parameters = (value("n", "i32"), value("x", f"tensordesc<fp32[{block}]>"))
    shape, strides = list(range(10, 10 + rank)), [*range(400, 400 + 4 * (rank - 1), 4), 1]
    theirs = decompose_descriptor(TensorDescriptor(Base(), shape, strides, [1] * (rank - 1) + [16]))
    meaning = {
        ("n", ""): "n",
        ("x", "map"): "map",
        ("x", "data"): theirs[0],
        ("x", "padding_is_nan"): False,
        ("x", "round_to_tf32"): False,
        **{("x", f"{name}[{i}]"): shape[i] for name in ("shape", "shape32") for i in range(rank)},
        **{("x", f"strides[{i}]"): strides[i] for i in range(rank)},
    }
    names = {index: key for key, index in value_indices(parameters).items()}
    of = kernel(*parameters)
    (binary,) = plan(of).binaries
    for image in binary.images:
        indices = parameter_indices(parameters, binary.variant, image)
        expected = ["map", *shape, *strides] if image.tensor_maps else theirs
        assert [meaning[names[index]] for index in indices] == ["n", *expected]


def requests(dtype: str, block: str, target: Target) -> CompileRequest:
    types = parameters(dict.fromkeys(("source", "target"), f"tensordesc<{dtype}[{block}]>"))
    variant = Variant(f"{dtype}-{block.count(',') + 1}", (), types)
    name = f"tests.descriptor_ranks.copy{block.count(',') + 1}"
    file = "descriptor_ranks.py"
    return CompileRequest(str(KERNELS), file, name, variant, target, "key")


BLOCKS = ("512", "32, 32", "2, 16, 16", "1, 2, 16, 16", "1, 1, 2, 16, 16")


@pytest.fixture(scope="module")
def compiled() -> dict[str, tuple[CompileRequest, Compiled]]:
    """Copies of every element type and of every rank, in both layouts."""
    every = [requests(d, "32, 32", t) for d in ALL for t in (Target(89), Target(90))]
    every += [
        requests("bf16", block, target)
        for block in BLOCKS
        for target in (Target(80), Target(90), Target(100), Target(120), Target(80, is_ptx=True))
    ]
    results = compile_all(every, 2)
    assert all(isinstance(result, Compiled) for result in results), results
    pairs = zip(every, results, strict=True)
    return {str(r): (r, result) for r, result in pairs if isinstance(result, Compiled)}


# Triton has these for other makers' machines.
ALL = [name for name in MAP_TYPES if name not in ("fp8e4b8", "fp8e5b16")]


def test_every_type_and_rank_is_proven(
    compiled: dict[str, tuple[CompileRequest, Compiled]],
) -> None:
    assert len(compiled) == 2 * len(ALL) + 5 * len(BLOCKS) - 1  # one is both
    for request, result in compiled.values():
        image = prove(result, request)
        assert bool(image.tensor_maps) is (request.target.capability >= 90)


def test_what_a_map_says_is_compared(
    compiled: dict[str, tuple[CompileRequest, Compiled]],
) -> None:
    request, result = compiled[str(requests("fp16", "32, 32", Target(90)))]
    first, second = result.tensor_maps
    for maps, text in [
        ((), "the number of tensor maps should be 2, and is 0"),
        ((first,), "the number of tensor maps should be 2, and is 1"),
        (
            (first, replace(second, element_type=9)),
            "the element type of the tensor map of `target` should be 6, and is 9",
        ),
        (
            (replace(first, element_size=4), second),
            "the element size of the tensor map of `source` should be 2, and is 4",
        ),
        (
            (replace(first, box=(32,)), second),
            "the dimensions of the tensor map of `source` should be 2, and is 1",
        ),
    ]:
        with pytest.raises(CodegenError) as caught:
            prove(replace(result, tensor_maps=maps), request)
        assert caught.value.message == f"{request}: {text} by Triton's account"
