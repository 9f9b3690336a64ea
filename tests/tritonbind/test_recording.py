"""Recordings are merged in any order, and nothing is lost."""

from __future__ import annotations

from collections.abc import Callable
from unittest import mock

from hypothesis import given
from hypothesis import strategies as st

from tests.support.recordings import RECORDINGS, example, kernel, launch, recording
from tritonbind.recording import (
    MOST_EXAMPLES,
    Grid,
    Launch,
    MadeWith,
    NotRecorded,
    Recording,
    Tuned,
    TunedRow,
    chosen_examples,
    merged,
)


@given(RECORDINGS, RECORDINGS, RECORDINGS)
def test_the_order_of_merging_does_not_matter(
    one: Recording, two: Recording, three: Recording
) -> None:
    assert one.merged(two) == two.merged(one)
    assert one.merged(two).merged(three) == one.merged(two.merged(three))


@given(st.lists(RECORDINGS, max_size=4))
def test_counts_add_up(recordings: list[Recording]) -> None:
    assert _counts(merged(recordings)) == sum(map(_counts, recordings))


def test_many_parts_are_merged_without_comparing_each_with_all() -> None:
    """Each launch is looked at once for each time that the number of parts is halved."""
    parts = [
        recording(kernel(launches=(launch(arguments={"n": {"constexpr": n}}),))) for n in range(256)
    ]
    looked_at = 0
    key_of: Callable[[Launch], str] = vars(Launch)["key"].fget

    def counted(one: Launch) -> str:
        nonlocal looked_at
        looked_at += 1
        return key_of(one)

    with mock.patch.object(Launch, "key", property(counted)):
        (whole,) = merged(parts).kernels
    assert len(whole.launches) == 256
    assert looked_at <= 256 * 8


def _counts(recording: Recording) -> int:
    kernels = recording.kernels
    launched = sum(launch.count for kernel in kernels for launch in kernel.launches)
    tuned = sum(row.count for k in kernels for tuned in k.tuned for row in tuned.rows)
    return launched + tuned + sum(row.count for row in recording.not_recorded)


def test_ranges_widen() -> None:
    other = launch(
        count=2, grid=((0, 2), (1, 8), (1, 1)), values={"n": (1, 100)}, shapes={"x": ((300, 300),)}
    )
    both = launch().merged(other)
    assert both.count == 5
    assert both.grid == ((0, 4), (1, 8), (1, 1))
    assert both.values == {"n": (1, 256)}
    assert both.shapes == {"x": ((64, 300),)}


def test_where_the_number_of_dimensions_varies_there_is_no_range() -> None:
    both = launch().merged(launch(shapes={"x": ((1, 1), (64, 64))}))
    assert both.shapes == {"x": None}
    assert both.merged(launch()).shapes == {"x": None}


def test_values_of_other_types_make_other_launches() -> None:
    """Though Python calls them equal."""
    launches = [launch(arguments={"n": {"constexpr": value}}) for value in (1, 1.0, True, "1")]
    whole = merged(recording(kernel(launches=(each,))) for each in launches)
    assert [each.count for each in whole.kernels[0].launches] == [3, 3, 3, 3]


def test_kernels_of_one_name_and_other_digests_are_two() -> None:
    other = kernel(digest="2" * 64)
    whole = recording().merged(recording(other))
    assert whole.kernels == (kernel(), other)


def test_of_what_stands_around_a_kernel_the_most_is_kept() -> None:
    whole = recording(kernel(wrappers=())).merged(recording())
    assert whole.kernels[0].wrappers == ("heuristics", "autotune")


def test_two_winners_of_one_key_are_two_rows() -> None:
    other = Tuned(("n",), (TunedRow((64, "torch.bfloat16"), {"BLOCK": 128}, 1),))
    (tuned,) = kernel().merged(kernel(tuned=(other,))).tuned
    assert [(row.config, row.count) for row in tuned.rows] == [
        ({"BLOCK": 128}, 1),
        ({"BLOCK": 64}, 3),
    ]


def test_what_a_grid_reads_widens() -> None:
    source = kernel().grids[0].source
    assert kernel().merged(kernel(grids=(Grid(source, {"n": (8, 8)}),))).grids == (
        Grid(source, {"n": (8, 256)}),
    )


def test_reasons_are_counted() -> None:
    whole = recording().merged(recording())
    assert whole.not_recorded == (
        NotRecorded("app:other", "it was launched past Triton's own launcher", 4),
    )


def test_versions_are_listed_once() -> None:
    other = Recording(MadeWith(triton=("3.4.0", "3.6.0")))
    assert recording().merged(other).made_with.triton == ("3.4.0", "3.6.0")


def test_some_examples_are_kept_with_the_smallest_and_the_largest() -> None:
    many = [example(64 * (1 + index)) for index in range(50)]
    kept = chosen_examples(many)
    assert len(kept) == MOST_EXAMPLES
    assert (kept[0], kept[-1]) == (many[0], many[-1])
    assert chosen_examples(reversed(many)) == kept
