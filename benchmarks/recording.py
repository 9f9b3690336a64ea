"""What recording costs a launch: `python -m benchmarks.recording`.

Launches by Triton's JIT are timed without a recorder and with one, in turns: launches that were
seen before, and launches of which each has another int. The time is that of the calling thread, the
best of many rounds. Needs Triton; on a machine without a GPU, launches go to the stand-in driver of
the tests. Prints a table in Markdown.
"""

from __future__ import annotations

import contextlib
import importlib.util
import itertools
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benchmarks.command_line import parser_of
from tritonbind.session import recording

CALLS, ROUNDS = 200, 50
Launch = Callable[[], object]


class Tensor:
    """An address, which is all that a launch needs of a tensor."""

    dtype = "fp32"
    shape = (4096,)

    def data_ptr(self) -> int:
        return 4096


def main() -> int:
    parser_of("recording", __doc__).parse_args()
    print("| launch | without, us | recorded, us | more, us | ratio |\n|---|---|---|---|---|")
    with _driver():
        for title, launch in launches().items():
            without, with_it = times(launch)
            print(
                f"| {title} | {without:.2f} | {with_it:.2f} | {with_it - without:.2f} "
                f"| {with_it / without:.2f} |"
            )
    return 0


def launches() -> dict[str, Launch]:
    from benchmarks.kernels.recorded import five, nineteen, tuned

    x = _tensor()
    numbers = dict(zip("abcdefhij", range(64, 73), strict=True))
    others = dict.fromkeys("qkvg", x) | {"out": x} | {f"C{i}": i for i in range(5)}
    tuned.cache[64, str(x.dtype)] = tuned.configs[0]
    ints = itertools.count(16, 16)
    return {
        "3 tensors, 2 ints": lambda: five[(1,)](x, x, x, 64, 7),
        "19 arguments by name, a callable grid": lambda: nineteen[lambda meta: (1,)](
            **numbers, **others
        ),
        "the same, with an int not seen before": lambda: nineteen[lambda meta: (1,)](
            **numbers | {"a": next(ints)}, **others
        ),
        "autotuned": lambda: tuned[(1,)](x, 64),
    }


def _tensor() -> Any:
    """Torch's where there is a GPU."""
    if importlib.util.find_spec("torch") is not None:
        import torch

        if torch.cuda.is_available():
            return torch.zeros(4096, device="cuda")
    return Tensor()


def times(launch: Launch) -> tuple[float, float]:
    """Microseconds without a recorder and with one."""
    launch()
    best = [float("inf"), float("inf")]
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(ROUNDS):
            best[0] = min(best[0], _time(launch))
            with recording(Path(folder, "recording.json")):
                launch()
                best[1] = min(best[1], _time(launch))
    return best[0], best[1]


def _time(launch: Launch) -> float:
    started = time.thread_time()
    for _ in range(CALLS):
        launch()
    return (time.thread_time() - started) / CALLS * 1e6


@contextlib.contextmanager
def _driver() -> Iterator[Any]:
    """Triton's own where there is a GPU, else one that launches through the stand-in."""
    from triton.backends.nvidia.driver import CudaDriver

    if CudaDriver.is_active():
        yield
        return
    from tests.support import jit_on_standin

    with tempfile.TemporaryDirectory() as cache, jit_on_standin.installed(Path(cache)):
        yield


if __name__ == "__main__":
    raise SystemExit(main())
