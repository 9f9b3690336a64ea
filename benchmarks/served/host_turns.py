"""Ways to run the same call in one process, which take turns, and what they took.

What slows the host down for longer than a round slows all ways of that round down: so ways are
compared within rounds, and the median of the rounds' ratios or differences is taken.
"""

from __future__ import annotations

import contextlib
import gc
import itertools
import os
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

JIT, SERVED, RECORDED, WITHOUT = "jit", "served", "recorded", "without"
WARM_UP = 20
"""Calls before a turn's time is taken: Python and the caches know the way by then."""

Way = Callable[[], AbstractContextManager[object]]


@dataclass(frozen=True)
class Spread:
    """The median, with the lowest and the highest quarter left out."""

    low: float
    median: float
    high: float

    @classmethod
    def of(cls, samples: Sequence[float]) -> Spread:
        if len(samples) == 1:
            return cls(samples[0], samples[0], samples[0])
        return cls(*statistics.quantiles(samples, n=4, method="inclusive"))


@contextlib.contextmanager
def on_one_core(core: int | None) -> Iterator[int | None]:
    """Keep this thread on a core: the one asked for, or the last that it may have.

    Gives the core; None where the system has no such call.
    """
    if not hasattr(os, "sched_setaffinity"):
        yield None
        return
    before = os.sched_getaffinity(0)
    core = max(before) if core is None else core
    os.sched_setaffinity(0, {core})
    try:
        yield core
    finally:
        os.sched_setaffinity(0, before)


def ways(packages: Sequence[str], folder: Path) -> dict[str, Way]:
    """Each is a context in which the calls of this process take this way.

    Serving is first: it settles what autotuners choose, and the JIT then takes the same.

    Args:
        packages: what kernels are served from, as for `tritonbind.serve.serve`.
        folder: where recordings may be written, which nobody reads.
    """
    from tritonbind.session import recording

    return {
        SERVED: lambda: served(packages),
        JIT: contextlib.nullcontext,
        RECORDED: lambda: recording(folder / "recording.json"),
        WITHOUT: without_launches,
    }


@contextlib.contextmanager
def served(packages: Sequence[str]) -> Iterator[None]:
    """A launch that the packages do not have is an error."""
    from tritonbind.serve import serve, stop

    serve(*packages, strict=True)
    try:
        yield
    finally:
        stop()


@contextlib.contextmanager
def without_launches(count: Callable[[], object] | None = None) -> Iterator[None]:
    """`kernel[grid](...)` does nothing, whatever stands around the kernel, but for `count`."""
    from triton.runtime.jit import KernelInterface

    def nothing(*args: Any, **kwargs: Any) -> None:
        pass

    def getitem(kernel: object, grid: object) -> Callable[..., None]:
        if count is not None:
            count()
        return nothing

    with contextlib.ExitStack() as stack:
        for kind in _classes(KernelInterface):
            if "__getitem__" in vars(kind):
                stack.enter_context(mock.patch.object(kind, "__getitem__", getitem))
        yield


def _classes(root: type) -> list[type]:
    return [root, *(one for child in root.__subclasses__() for one in _classes(child))]


def launches_of(run: Callable[[], object]) -> int:
    """How many launches a call makes."""
    made: list[None] = []
    with without_launches(lambda: made.append(None)):
        run()
    return len(made)


def in_turns(
    run: Callable[[], object],
    taken: Mapping[str, Way],
    *,
    calls: int,
    rounds: int,
    synchronise: Callable[[], object],
) -> dict[str, list[float]]:
    """Microseconds of a call in each way: for each round, the median of the turn's calls.

    Each round has a turn of each way; the order turns around from round to round. The GPU has
    nothing to do when the time is taken.
    """
    samples: dict[str, list[float]] = {way: [] for way in taken}
    for round_ in range(-1, rounds):  # in the first, Triton compiles, and much is imported
        order = list(taken) if round_ % 2 else list(reversed(taken))
        for way in order:
            with taken[way]():
                found = _turn(run, calls, synchronise)
            if round_ >= 0:
                samples[way].append(found)
    return samples


def _turn(run: Callable[[], object], calls: int, synchronise: Callable[[], object]) -> float:
    clock = time.perf_counter_ns
    for _ in range(WARM_UP):
        run()
    synchronise()
    gc.collect()
    gc.disable()
    marks = [clock()]
    for _ in range(calls):
        run()
        marks.append(clock())
    gc.enable()
    synchronise()
    return statistics.median(b - a for a, b in itertools.pairwise(marks)) / 1e3
