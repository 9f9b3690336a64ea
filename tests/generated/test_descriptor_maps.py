"""Descriptors and their maps in C, against those that Triton's own launcher makes of tensors."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codegen.model.descriptors import FP4_PADDED, MAP_TYPES, TF32
from codegen.model.dtypes import DTYPES
from tests.support import standin
from tests.support.describe import Refused, Wanted, describe
from tests.support.tensor_maps import by_triton, decode

BASE = 0x7F0000000000
HALF = Wanted(type=6, element_size=2, swizzle=3, box=(64, 64))
# Triton's numbers in its metadata, where they are not the driver's.
TRITON_TYPES = {9: 10, 8: 9}


@pytest.fixture(autouse=True)
def driver() -> None:
    standin.install()
    standin.reset()


def metadata(wanted: Wanted) -> dict[str, Any]:
    """What Triton records of an image that wants this."""
    return {
        "swizzle": wanted.swizzle,
        "elem_size": wanted.element_size,
        "elem_type": TRITON_TYPES.get(wanted.type, wanted.type),
        "block_size": list(wanted.box),
        "fp4_padded": wanted.fp4_padded,
        "is_im2col": False,
    }


@st.composite
def tensors(draw: st.DrawFn) -> tuple[Wanted, int, tuple[int, ...], tuple[int, ...], bool]:
    """An image's wish, and a tensor that can be its descriptor."""
    name = draw(st.sampled_from(sorted(MAP_TYPES)))
    size, fp4 = DTYPES[name].size, name == "u8" and draw(st.booleans())
    rank = draw(st.integers(1, 5))
    unit = (32 if fp4 else 16) // size
    shape = [draw(st.integers(1, 300)) for _ in range(rank)]
    shape[-1] = 64 * draw(st.integers(1, 40)) if fp4 else draw(st.integers(1, 5000))
    strides = [1]
    for dimension in reversed(shape[1:]):
        least = -(-strides[0] * dimension // unit)
        strides.insert(0, unit * (least + draw(st.integers(0, 3))))
    is_float, is_single = name in ("fp16", "bf16", "fp32", "fp64"), name == "fp32"
    swizzle = 0 if fp4 else draw(st.integers(0, 3))
    row = 128 if fp4 else (16 << (swizzle or draw(st.integers(0, 3)))) // size
    wanted = Wanted(
        type=FP4_PADDED if fp4 else MAP_TYPES[name],
        element_size=size,
        swizzle=swizzle,
        box=(*(draw(st.integers(0, 8).map(lambda power: 1 << power)) for _ in shape[1:]), row),
        fp4_padded=fp4,
        nan=is_float and draw(st.booleans()),
        tf32=is_single and draw(st.booleans()),
    )
    has_strides = rank > 1 or draw(st.booleans())
    base = BASE + 32 * draw(st.integers(0, 1 << 30)) + (0 if fp4 else 16 * draw(st.integers(0, 1)))
    return wanted, base, tuple(shape), tuple(strides), has_strides


@settings(deadline=None)  # the first call builds Triton's code
@given(tensors())
def test_a_map_is_as_tritons(
    tensor: tuple[Wanted, int, tuple[int, ...], tuple[int, ...], bool],
) -> None:
    wanted, data, shape, strides, has_strides = tensor
    asked = wanted if not wanted.tf32 else replace(wanted, type=TF32)
    found = describe(asked, data, shape, strides if has_strides else None)
    expected, others = by_triton(
        metadata(wanted), data, shape, strides, nan=wanted.nan, tf32=wanted.tf32
    )
    theirs = decode(expected)
    last_byte = sum((n - 1) * s for n, s in zip(shape, strides, strict=True)) * wanted.element_size
    if last_byte >= 1 << 31:  # Triton counts in 32 bits, and may wrap around
        theirs = replace(theirs, is_mended=False)
    assert decode(found.map) == theirs
    assert (found.data, found.shape, found.shape32) == (data, shape, shape)
    assert [*found.shape32, *found.strides] == others
    assert (found.padding_is_nan, found.round_to_tf32) == (wanted.nan, wanted.tf32)


@given(st.lists(st.integers(1, 9), min_size=1, max_size=5))
def test_without_strides_a_tensor_is_row_major(shape: list[int]) -> None:
    shape = [*shape[:-1], 8 * shape[-1]]
    wanted = Wanted(type=6, element_size=2, swizzle=0, box=(1,) * (len(shape) - 1) + (8,))
    strides = tuple(math.prod(shape[axis + 1 :]) for axis in range(len(shape)))
    found = describe(wanted, BASE, shape)
    assert found.strides == strides
    assert found == describe(wanted, BASE, shape, strides)


@pytest.mark.parametrize(
    ("shape", "strides", "used"),
    [
        ((1, 64), (1, 1), (64, 1)),
        ((1, 64), (-7, 1), (64, 1)),
        ((1, 60), (60, 1), (64, 1)),
        ((1, 60), None, (64, 1)),
        ((1, 64), (128, 1), (128, 1)),
        ((1, 1), (1, 1), (8, 1)),
        ((5, 1), (8, 3), (8, 1)),
        ((1, 1 << 30), (1, 1), (1 << 30, 1)),
    ],
)
def test_a_dimension_of_one_element_may_have_any_stride(
    shape: tuple[int, ...], strides: tuple[int, ...] | None, used: tuple[int, ...]
) -> None:
    found = describe(HALF, BASE, shape, strides)
    assert found.strides == used
    assert decode(found.map).strides == (2 * used[0],)


def test_rows_may_overlap() -> None:
    found = describe(HALF, BASE, (100, 64), (8, 1))
    assert (found.strides, decode(found.map).strides) == ((8, 1), (16,))
    assert describe(HALF, BASE, (100, 64), (0, 1)).strides == (0, 1)


@pytest.mark.parametrize(("columns", "is_mended"), [((1 << 16) - 1, True), (1 << 16, False)])
def test_the_bit_that_drivers_set_wrongly(columns: int, is_mended: bool) -> None:
    wanted = Wanted(type=0, element_size=1, swizzle=0, box=(1, 64))
    found = describe(wanted, BASE, (2, columns), (1 << 16, 1))
    assert decode(found.map).is_mended is is_mended


def test_a_later_driver_sets_it_rightly() -> None:
    source = """
        from tests.support.describe import Wanted, describe
        from tests.support.tensor_maps import decode
        found = describe(Wanted(6, 2, 3, (64, 64)), 4096, (64, 64))
        print(decode(found.map).is_mended)
    """
    for version, text in ((13000, "True\n"), (13010, "True\n"), (13020, "False\n")):
        assert standin.run_child(source, driver=version) == text


STRIDES = "must have strides that are multiples of 16 bytes (8 elements), got strides"
LIMITS = "must have strides of 0 or more and less than 2^40 bytes, got strides"
SIZES = "must have sizes between 1 and 2147483647, got shape"
LAST = "must have the stride 1 in its last dimension, got strides"
DATA = "must have data aligned to 16 bytes, got the address"
REFUSED: list[tuple[int, Any, Any, str]] = [
    (BASE, (64,), None, "must have 2 dimensions, got 1"),
    (BASE, (2, 64, 64), None, "must have 2 dimensions, got 3"),
    (BASE, (), None, "must have 2 dimensions, got 0"),
    (BASE, None, None, "must be a tensor with a shape, got the shape NULL"),
    (BASE, (0, 64), None, f"{SIZES} (0, 64)"),
    (BASE, (64, -1), None, f"{SIZES} (64, -1)"),
    (BASE, (1 << 31, 64), None, f"{SIZES} (2147483648, 64)"),
    (BASE, (64, 63), None, f"{STRIDES} (63, 1)"),
    (BASE, (64, 64), (68, 1), f"{STRIDES} (68, 1)"),
    (BASE, (64, 64), (1, 64), f"{STRIDES} (1, 64)"),
    (BASE, (64, 64), (-64, 1), f"{LIMITS} (-64, 1)"),
    (BASE, (64, 64), (1 << 39, 1), f"{LIMITS} (549755813888, 1)"),
    (BASE, (64, 64), (1 << 62, 1), f"{LIMITS} (4611686018427387904, 1)"),
    (BASE, (64, 64), (64, 2), f"{LAST} (64, 2)"),
    (BASE, (64, 64), (64, 0), f"{LAST} (64, 0)"),
    (BASE + 8, (64, 64), None, f"{DATA} 0x7f0000000008"),
    (0, (64, 64), None, "must be a tensor with memory, got the data NULL"),
]


@pytest.mark.parametrize(("data", "shape", "strides", "text"), REFUSED)
@pytest.mark.parametrize("encode", [True, False])
def test_what_is_no_descriptor(
    data: int, shape: Any, strides: Any, text: str, encode: bool
) -> None:
    with pytest.raises(Refused) as caught:
        describe(HALF, data, shape, strides, ndim=2 if shape is None else None, encode=encode)
    assert (caught.value.status, str(caught.value)) == (2, f"f argument #0 `x` {text}")
    assert standin.calls("cuTensorMapEncodeTiled") == 0


def test_one_dimension_is_called_one() -> None:
    with pytest.raises(Refused, match=r"must have 1 dimension, got 2$"):
        describe(Wanted(6, 2, 0, (64,)), BASE, (64, 64))


def test_strides_that_overflow() -> None:
    large = (1 << 30,) * 5
    with pytest.raises(Refused, match="less than 2\\^40 bytes, got strides"):
        describe(Wanted(0, 1, 0, (1,) * 5), BASE, large)
    with pytest.raises(Refused, match="less than 2\\^40 bytes, got strides"):
        describe(Wanted(0, 1, 0, (1,) * 5), BASE, (1, *large[1:]))


FP4 = Wanted(type=FP4_PADDED, element_size=1, swizzle=3, box=(128, 128), fp4_padded=True)


def test_pairs_of_fp4_are_two_elements() -> None:
    map_ = decode(describe(FP4, BASE, (128, 192), (256, 1)).map)
    assert (map_.type, map_.shape, map_.strides) == (14, (384, 128), (256,))


@pytest.mark.parametrize(
    ("data", "shape", "strides", "text"),
    [
        (BASE + 16, (2, 64), (64, 1), "data aligned to 32 bytes for fp4, got the address 0x7f00"),
        (
            BASE,
            (2, 64),
            (80, 1),
            r"strides that are multiples of 32 bytes for fp4, got strides \(80",
        ),
        (
            BASE,
            (2, 32),
            (64, 1),
            r"a last dimension that is a multiple of 64 bytes for fp4, got shap",
        ),
    ],
)
def test_fp4_asks_for_more(data: int, shape: Any, strides: Any, text: str) -> None:
    describe(FP4, data, shape, strides, encode=False)
    with pytest.raises(Refused, match=f"^f argument #0 `x` must have {text}") as caught:
        describe(FP4, data, shape, strides)
    assert caught.value.status == 2
    assert standin.calls("cuTensorMapEncodeTiled") == 0


def test_the_driver_may_refuse() -> None:
    standin.fail("cuTensorMapEncodeTiled", 1)
    with pytest.raises(Refused) as caught:
        describe(HALF, BASE, (64, 64))
    assert (caught.value.status, str(caught.value)) == (
        3,
        "f: cuTensorMapEncodeTiled of `x` failed on cuda:0: "
        "CUDA_ERROR_INVALID_VALUE (1): invalid argument",
    )
    describe(HALF, BASE, (64, 64))


def test_the_driver_may_not_say_its_version() -> None:
    source = """
        from tests.support.describe import Refused, Wanted, describe
        standin.fail("cuDriverGetVersion", 999)
        for _ in range(2):
            try:
                describe(Wanted(6, 2, 3, (64, 64)), 4096, (64, 64))
            except Refused as refused:
                print(refused.status, refused)
            else:
                print("good")
    """
    assert standin.run_child(source) == (
        "3 f: cuDriverGetVersion failed on cuda:0: CUDA_ERROR_UNKNOWN (999): unknown error\ngood\n"
    )


def test_an_old_driver_has_no_tensor_maps(monkeypatch: pytest.MonkeyPatch) -> None:
    old = standin.build(flags=f"{standin.FLAGS} -DWITHOUT_TENSOR_MAPS")
    monkeypatch.setenv("LD_PRELOAD", str(old))
    source = """
        from tests.support.describe import Refused, Wanted, describe
        describe(Wanted(6, 2, 3, (64, 64)), 4096, (64, 64), encode=False)
        try:
            describe(Wanted(6, 2, 3, (64, 64)), 4096, (64, 64))
        except Refused as refused:
            print(refused.status, refused)
    """
    assert standin.run_child(source) == (
        "3 f: cannot launch: libcuda.so.1 has no cuTensorMapEncodeTiled; "
        "it needs a driver for CUDA 12.1 or later\n"
    )
