"""Calls at sizes between those of a recording: which sizes, and what the calls are like there."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.support.tuned import Tuned, gather_launch, scale_launch
from tritonbind.recording import Launch
from tritonbind.tune.between import between, sizes_between
from tritonbind.tune.cases import Cases, cases_of

F32 = ("torch.float32", "torch.float32")
SIZES = st.integers(1, 1 << 14)


@pytest.mark.parametrize(
    ("low", "high", "sizes"),
    [
        (1, 16, [2, 4, 8]),
        (16, 128, [32, 48, 64, 96]),
        (256, 1024, [384, 512, 768]),
        (1024, 4096, [1536, 2048, 3072]),
        (6144, 28672, [8192, 12288, 16384, 24576]),
        (500, 1040, [768]),
        (440, 1200, [512, 768, 1024]),
        (448, 1024, [768]),
        (4096, 6144, []),
        (1023, 1025, []),
        (1, 2, []),
    ],
)
def test_sizes(low: int, high: int, sizes: list[int]) -> None:
    """Those that are 1/8 of them from a neighbour are left to it, as 512 to 448."""
    assert sizes_between(low, high) == sizes


@given(low=SIZES, high=SIZES, rows=st.sampled_from((1, 8, 64, 4096)), parts=st.sampled_from((1, 2)))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_a_call_is_what_a_recording_has_at_that_size(
    tuning: Tuned, low: int, high: int, rows: int, parts: int
) -> None:
    """Sizes, multiples of them, parts of them, and what does not depend on them."""
    assume(low < high)

    def launch(size: int) -> Launch:
        of_index = (size // 2,) if parts == 2 else (rows, 5)
        return gather_launch(rows, (100, size), size, index=of_index, out=(3 * size, rows))

    ends = [size - size % parts for size in (low, high)]
    assume(ends[0] > 0)
    found = made_between(tuning, "gather", *map(launch, ends))
    assert [key[0] for key in found.by_key] == sorted(
        sizes_between(*ends), key=lambda size: (size.bit_count(), size)
    )
    for key, cases in found.by_key.items():
        assert recorded(tuning, "gather", launch(key[0])).by_key == {key: cases}


def test_keys_that_differ_in_an_int_alone_have_sizes_between(tuning: Tuned) -> None:
    plain = scale_launch(16, 64, x="*fp32:16", bias=None, out="*fp32:16", n="i32:16")
    flipped = scale_launch(
        64, 200, 512, flip=True, x="*fp32:16", bias=None, out="*fp32:16", n="i32"
    )
    other = scale_launch(4096, x="*fp16:16", bias=None, out="*fp32:16", n="i32:16")
    found = made_between(tuning, "scale", plain, flipped, other)
    assert list(found.by_key) == [
        (32, False, *F32),
        (128, True, *F32),
        (256, True, *F32),
        (48, False, *F32),
        (96, True, *F32),
        (384, True, *F32),
    ]
    assert found.left_out == ()


def test_an_int_that_was_compiled_in_is_one_end(tuning: Tuned) -> None:
    tensors: dict[str, Any] = {"x": "*fp32:16", "bias": None, "out": "*fp32:16"}
    launches = [scale_launch(1, n="i32:1", **tensors), scale_launch(16, n="i32:16", **tensors)]
    assert [key[0] for key in made_between(tuning, "scale", *launches).by_key] == [2, 4, 8]


def test_nothing_is_between_no_size_and_one(tuning: Tuned) -> None:
    launch = scale_launch(0, 64, x="*fp32:16", bias=None, out="*fp32:16", n="i32:16")
    assert made_between(tuning, "scale", launch) == Cases({}, ())


def test_calls_that_differ_in_more_are_between_those_alike(tuning: Tuned) -> None:
    """1024 rows at the one and 4096 at the other are no sizes, where the same rows are at both."""
    launches = [
        gather_launch(rows, (rows, stride), stride)
        for rows in (1024, 4096)
        for stride in (1024, 4096)
    ]
    cases = made_between(tuning, "gather", *launches).by_key[
        2048, "torch.bfloat16", "torch.int64", "torch.bfloat16"
    ]
    assert [case.tensors["x"].shape for case in cases] == [(1024, 2048), (4096, 2048)]


def test_a_tensor_with_room_for_its_stride_has_that_of_the_larger(tuning: Tuned) -> None:
    launches = [gather_launch(8, (100, 60), 64), gather_launch(8, (100, 60), 256)]
    found = made_between(tuning, "gather", *launches)
    rooms = {key[0]: case.tensors["x"].elements for key, (case,) in found.by_key.items()}
    assert rooms == dict.fromkeys((96, 128, 192), 25600)


@pytest.mark.parametrize(
    ("low", "high", "reason"),
    [
        (
            gather_launch(8, (100, 128), 128),
            gather_launch(9, (100, 512), 512),
            "at 192, 256, 384 between 128 and 512 of `stride`: dimension 0 of `index` is 8 at the "
            "one and 9 at the other",
        ),
        (
            gather_launch(8, (100, 128), 128, index=(1,)),
            gather_launch(8, (100, 512), 512, index=(4,)),
            "at 192 between 128 and 512 of `stride`: dimension 0 of `index` is 1 at the one and "
            "4 at the other",
        ),
        (
            gather_launch(8, (128,), 128),
            gather_launch(8, (1, 512), 512),
            "at 192, 256, 384 between 128 and 512 of `stride`: the shape of `x` is (128,) at the "
            "one and (1, 512) at the other",
        ),
    ],
)
def test_what_cannot_be_told_is_said(tuning: Tuned, low: Launch, high: Launch, reason: str) -> None:
    assert made_between(tuning, "gather", low, high).left_out == (reason,)


def test_alignments_must_be_the_same(tuning: Tuned) -> None:
    launches = [
        scale_launch(size, x=x, bias=None, out="*fp32:16", n="i32")
        for size, x in ((16, "*fp32"), (64, "*fp32:16"))
    ]
    assert made_between(tuning, "scale", *launches) == Cases(
        {}, ("at 32, 48 between 16 and 64 of `n`: `x` is of another type or alignment",)
    )


def recorded(tuning: Tuned, name: str, *launches: Launch) -> Cases:
    return cases_of(tuning.functions[name], [tuning.kernel(name, *launches)])


def made_between(tuning: Tuned, name: str, *launches: Launch) -> Cases:
    return between(tuning.functions[name], recorded(tuning, name, *launches).by_key)
