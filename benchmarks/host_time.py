"""Host time per launch of kernels with 0, 5, 19 and 40 arguments, from C and Python, and of peers.

Every contender launches the same cubin, but the JIT, which compiles the same kernel. Bursts are
short enough not to fill the queue of launches, and take turns; the figure is the median. Before, a
burst of each is captured: the driver must have been given its launches.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from benchmarks import from_python, peers
from benchmarks.capture import captured_kernels
from benchmarks.cases import CASES, ELEMENTS, Burst
from benchmarks.from_c import FLOOR, Loops

BURST, ROUNDS, WARM_UP = 100, 150, 5
JIT = peers.JIT


@dataclass
class Times:
    """Microseconds per launch, by contender and number of arguments."""

    medians: dict[str, dict[int, float]] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    """Contenders that could not run, and why."""

    def add(self, count: int, found: Mapping[str, float]) -> None:
        for name, value in found.items():
            self.medians.setdefault(name, {})[count] = value

    @property
    def counts(self) -> list[int]:
        return sorted({count for row in self.medians.values() for count in row})


def host_times() -> Times:
    """On torch's device, on a stream that can be captured."""
    import torch

    times, loops, stream = Times(), Loops(), torch.cuda.Stream()
    with torch.cuda.stream(stream):
        for case in CASES:
            tensors = [torch.zeros(ELEMENTS, device="cuda") for _ in range(case.tensors)]
            addresses = [tensor.data_ptr() for tensor in tensors]
            handle = stream.cuda_stream
            contenders = loops.bursts(case, addresses, handle)
            contenders |= from_python.bursts(case, tensors, addresses, handle)
            others, missing = peers.bursts(case, tensors, handle)
            contenders |= others
            times.missing += missing
            torch.cuda.synchronize()
            _verify(contenders, lambda run, handle=handle: captured_kernels(handle, run), times)
            times.add(case.count, medians(contenders, torch.cuda.synchronize))
    return times


def medians(contenders: Mapping[str, Burst], synchronise: Callable[[], object]) -> dict[str, float]:
    """Microseconds per launch of each; all take turns, and nothing is in the queue at a start."""
    samples: dict[str, list[float]] = {name: [] for name in contenders}
    for round_ in range(WARM_UP + ROUNDS):
        for name, burst in contenders.items():
            synchronise()
            seconds = burst(BURST)
            if round_ >= WARM_UP:
                samples[name].append(1e6 * seconds)
    synchronise()
    return {name: statistics.median(values) for name, values in samples.items()}


def _verify(
    contenders: dict[str, Burst], launched: Callable[[Callable[[], object]], int], times: Times
) -> None:
    """Leave out who does not put its launches on the stream."""
    for name, burst in list(contenders.items()):
        try:
            count = launched(lambda burst=burst: burst(7))
        except Exception as error:
            count, reason = -1, f"{type(error).__name__}: {error}"
        else:
            reason = f"{count} launches instead of 7"
        if count != 7:
            del contenders[name]
            times.missing.append(f"{name}: {reason}")


__all__ = ["FLOOR", "JIT", "Times", "host_times", "medians"]
