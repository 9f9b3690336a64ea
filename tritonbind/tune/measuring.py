"""How long a launch takes on the device, as `triton.testing.do_bench` measures it."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

from tritonbind.tune.cuda import Cuda, Event

_LEAST, _MOST = 3, 1000
"""Launches of one measurement."""
_WARM = 0.25
"""Launches to warm up with, as a part of those that are measured."""


_WARM_SECONDS = 0.05


@dataclass(frozen=True)
class Time:
    """Of one launch, in microseconds of the device."""

    median: float
    low: float
    """A fifth of the launches took no longer."""
    count: int


class Stopwatch:
    """Measures launches on the default stream."""

    def __init__(self, cuda: Cuda) -> None:
        self._cuda = cuda
        self._events: list[tuple[Event, Event]] = []

    def warm_up(self) -> None:
        """Keep the device busy until its clocks are up; else what comes first would seem slow."""
        until = time.monotonic() + _WARM_SECONDS
        while time.monotonic() < until:
            for _ in range(20):
                self._cuda.flush()
            self._cuda.synchronize()

    def time(self, launch: Callable[[], object], budget: float) -> Time:
        """The time of a launch, measured for about `budget` milliseconds.

        Before each launch the cache is flushed. Raises CudaError for a launch that fails on the
        device, and what the launch raises.
        """
        launch()
        self._cuda.synchronize()
        estimate = self._span(launch, 1)
        if 5 * estimate < budget * 1000:
            estimate = self._span(launch, 5)
        count = _MOST if estimate == 0 else int(1000 * budget / estimate)
        count = min(max(count, _LEAST), _MOST)
        for _ in range(max(1, int(_WARM * count))):
            launch()
        found = sorted(self._times(launch, count))
        return Time(statistics.median(found), found[len(found) // 5], count)

    def _span(self, launch: Callable[[], object], count: int) -> float:
        """The time of a launch with its flush."""
        start, end = self._pair(0)
        start.record()
        for _ in range(count):
            self._cuda.flush()
            launch()
        end.record()
        self._cuda.synchronize()
        return start.microseconds_to(end) / count

    def _times(self, launch: Callable[[], object], count: int) -> list[float]:
        pairs = [self._pair(number) for number in range(count)]
        for start, end in pairs:
            self._cuda.flush()
            start.record()
            launch()
            end.record()
        self._cuda.synchronize()
        return [start.microseconds_to(end) for start, end in pairs]

    def _pair(self, number: int) -> tuple[Event, Event]:
        while len(self._events) <= number:
            self._events.append((self._cuda.event(), self._cuda.event()))
        return self._events[number]
