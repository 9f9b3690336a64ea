"""Three times of a call on a GPU: the host's, the GPU's, and from call to result."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping

import torch

Run = Callable[[], object]


def host_time(run: Run, *, burst: int = 10, rounds: int = 30) -> float:
    """Microseconds until the call is back, with a queue that is never full: median of rounds."""
    return statistics.median(_bursts(run, burst, rounds))


def _bursts(run: Run, burst: int, rounds: int) -> list[float]:
    times = []
    for _ in range(rounds):
        torch.cuda.synchronize()
        start = time.perf_counter()
        for _ in range(burst):
            run()
        times.append(1e6 * (time.perf_counter() - start) / burst)
    torch.cuda.synchronize()
    return times


def wall_time(run: Run, *, rounds: int = 50) -> float:
    """Microseconds from the call until the GPU is done: median of rounds."""
    times = []
    for _ in range(rounds):
        torch.cuda.synchronize()
        start = time.perf_counter()
        run()
        torch.cuda.synchronize()
        times.append(1e6 * (time.perf_counter() - start))
    return statistics.median(times)


def gpu_time(run: Run, *, calls: int = 10, rounds: int = 20) -> float:
    """Microseconds of the GPU for each of `calls` calls in a captured graph: median of replays."""
    return gpu_times({"": run}, calls=calls, rounds=rounds)[""]


def gpu_times(runs: Mapping[str, Run], *, calls: int = 10, rounds: int = 20) -> dict[str, float]:
    """The same of several, whose replays take turns: a GPU that must save power has all wait."""
    graphs = {name: _captured(run, calls) for name, run in runs.items()}
    before, after = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    times: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, graph in graphs.items():
            graph.replay()  # so that the GPU is busy until all below is queued
            before.record()
            graph.replay()
            after.record()
            after.synchronize()
            times[name].append(1e3 * before.elapsed_time(after) / calls)
    return {name: statistics.median(found) for name, found in times.items()}


def _captured(run: Run, calls: int) -> torch.cuda.CUDAGraph:
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        for _ in range(calls):
            run()
    return graph
