"""What is certainly slower is given up soon, and what is near the best never is."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tritonbind.tune.measuring import Time
from tritonbind.tune.search import ROUNDS, FailedError, Found, search

TIMES = st.lists(st.floats(1, 1000), min_size=1, max_size=20)


def searched(times: list[float], tolerance: float = 0.02) -> tuple[Found, list[tuple[int, float]]]:
    """What is found where each launch takes the same time, and what was measured."""
    asked: list[tuple[int, float]] = []

    def measure(number: int, milliseconds: float) -> Time:
        asked.append((number, milliseconds))
        return Time(times[number], times[number], 10)

    return search(range(len(times)), measure, tolerance), asked


def test_a_slow_one_is_measured_once_and_briefly() -> None:
    found, asked = searched([100.0, 101.0, 110.0, 200.0])
    assert found == Found({0: 100.0, 1: 101.0}, {2: 110.0, 3: 200.0}, {})
    budgets = [budget for budget, _ in ROUNDS]
    assert [budget for number, budget in asked if number == 3] == budgets[:1]
    assert [budget for number, budget in asked if number == 2] == budgets[:3]
    assert [budget for number, budget in asked if number == 0] == budgets


@given(TIMES, st.sampled_from([0.0, 0.02, 0.1, 0.8]))
def test_all_within_the_tolerance_are_found(times: list[float], tolerance: float) -> None:
    found, _ = searched(times, tolerance)
    near = {n: time for n, time in enumerate(times) if time <= min(times) * (1 + tolerance)}
    assert found.times == near
    assert found.slower.keys() == set(range(len(times))) - near.keys()


def test_noise_at_one_moment_gives_nothing_up() -> None:
    """A median may be high where other work came between; the low fifth is not."""
    noisy = iter([180.0])

    def measure(number: int, milliseconds: float) -> Time:
        if number == 1:
            return Time(next(noisy, 100.0), 100.0, 10)
        return Time(110.0, 110.0, 10)

    found = search(range(2), measure, 0.02)
    assert found == Found({1: 100.0}, {0: 110.0}, {})


def test_what_fails_is_kept_with_its_reason() -> None:
    def measure(number: int, milliseconds: float) -> Time:
        if number == 0 or (number == 1 and milliseconds > ROUNDS[0][0]):
            raise FailedError(f"{number} fails")
        return Time(5.0, 5.0, 10)

    assert search(range(3), measure, 0.02) == Found({2: 5.0}, {}, {0: "0 fails", 1: "1 fails"})


def test_all_may_fail() -> None:
    def measure(number: int, milliseconds: float) -> Time:
        raise FailedError("no")

    assert search([4], measure, 0.02) == Found({}, {}, {4: "no"})
