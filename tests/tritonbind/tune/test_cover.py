"""Few configurations, with which no key is far from its best."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tritonbind.tune.cover import Times, cover

ROWS = st.lists(
    st.dictionaries(st.integers(0, 5), st.integers(100, 130).map(float), min_size=1),
    min_size=1,
    max_size=6,
)


@pytest.mark.parametrize(
    ("rows", "tolerance", "expected"),
    [
        ([{0: 10.0, 1: 20.0}, {0: 20.0, 1: 10.0}], 0.02, [0, 1]),
        ([{0: 10.0, 1: 10.1}, {0: 20.0, 1: 10.0}], 0.02, [1, 1]),  # one image serves both
        ([{0: 10.0, 1: 10.1}, {0: 20.0, 1: 10.0}], 0.0, [0, 1]),
        ([{1: 10.0, 2: 10.0}], 0.02, [1]),
        # 2 covers most at first, and then 1 and 3 are needed all the same
        (
            [{1: 1.0}, {1: 1.0, 2: 1.0}, {2: 1.0, 3: 1.0}, {3: 1.0}],
            0.0,
            [1, 1, 3, 3],
        ),
    ],
)
def test_choices(rows: list[Times], tolerance: float, expected: list[int]) -> None:
    assert cover(rows, tolerance) == expected


@given(ROWS, st.sampled_from([0.0, 0.02, 0.1]))
def test_no_row_is_further_from_its_best_than_the_tolerance(
    rows: list[Times], tolerance: float
) -> None:
    for times, one in zip(rows, cover(rows, tolerance), strict=True):
        assert times[one] <= min(times.values()) * (1 + tolerance)


@given(ROWS, st.sampled_from([0.0, 0.02, 0.1]))
def test_none_of_what_is_chosen_could_be_left_out(rows: list[Times], tolerance: float) -> None:
    chosen = set(cover(rows, tolerance))
    for one in chosen:
        assert not fits(rows, tolerance, chosen - {one})


@given(ROWS)
def test_it_is_near_the_fewest_that_there_can_be(rows: list[Times]) -> None:
    """A greedy cover of at most six rows needs at most one more than the best one."""
    chosen = set(cover(rows, 0.1))
    fewest = next(
        size
        for size in range(1, 7)
        if any(fits(rows, 0.1, {*some}) for some in itertools.combinations(range(6), size))
    )
    assert fewest <= len(chosen) <= fewest + 1


def fits(rows: list[Times], tolerance: float, chosen: set[int]) -> bool:
    def has_one(times: Times) -> bool:
        bound = min(times.values()) * (1 + tolerance)
        return any(times[one] <= bound for one in chosen & times.keys())

    return all(map(has_one, rows))
