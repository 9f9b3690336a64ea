"""Host time of calls that launch Triton kernels: `python -m benchmarks.served.host_times PACKAGE`.

The same calls, unchanged, launch by Triton's JIT, are served from the package, are recorded, and
launch nothing, in turns within one process. Prints a table in Markdown: medians of microseconds,
and medians of what was compared within each round, with the middle half of the rounds in brackets.
Without PACKAGE each call is made once, to be recorded. Needs a GPU, torch, Triton,
flash-linear-attention and Liger-Kernel.
"""

from __future__ import annotations

import gc
import json
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.command_line import parser_of
from benchmarks.served.host_calls import ELEMENTS, Call, functions, launches
from benchmarks.served.host_turns import (
    JIT,
    RECORDED,
    SERVED,
    WITHOUT,
    Spread,
    in_turns,
    launches_of,
    on_one_core,
    ways,
)


def main() -> int:
    parser = parser_of("served.host_times", __doc__)
    parser.add_argument("packages", nargs="*", metavar="PACKAGE", help="its name, or its folder")
    parser.add_argument("--rounds", type=int, default=100, help="turns of each way, default 100")
    parser.add_argument("--core", type=int, help="which core to stay on, default the last")
    parser.add_argument("--only", metavar="TEXT", help="the calls whose names have this text")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all samples there")
    options = parser.parse_args()

    import torch

    tensors = [torch.zeros(ELEMENTS, device="cuda") for _ in range(5)]
    calls = [*launches(tensors), *functions()]
    if options.only is not None:
        calls = [call for call in calls if options.only in call.name]
    with torch.no_grad():
        if not options.packages:
            for call in calls:
                call.run()
            return 0
        rows = measure(
            calls, options.packages, options.rounds, options.core, torch.cuda.synchronize
        )
    print(table(rows))
    if options.json:
        options.json.write_text(json.dumps([row.as_json() for row in rows], indent=1) + "\n")
    return 0


@dataclass(frozen=True)
class Row:
    """What was measured of one call."""

    name: str
    launches: int
    """That a call makes."""
    samples: Mapping[str, Sequence[float]]
    """Microseconds of a call by way, one for each round."""

    def median(self, way: str) -> float:
        return Spread.of(self.samples[way]).median

    @property
    def ratio(self) -> Spread:
        """Served over the JIT."""
        return Spread.of([served / jit for jit, served in self._pairs(JIT, SERVED)])

    @property
    def launches_alone(self) -> Spread:
        """The same, of what is left without the program's own time."""
        rounds = zip(*(self.samples[way] for way in (JIT, SERVED, WITHOUT)), strict=True)
        return Spread.of([(served - own) / (jit - own) for jit, served, own in rounds])

    @property
    def recorder(self) -> Spread:
        """Microseconds that recording adds to a launch."""
        pairs = self._pairs(JIT, RECORDED)
        return Spread.of([(recorded - jit) / self.launches for jit, recorded in pairs])

    def _pairs(self, first: str, second: str) -> Iterable[tuple[float, float]]:
        return zip(self.samples[first], self.samples[second], strict=True)

    def as_json(self) -> dict[str, Any]:
        return {
            "call": self.name,
            "launches": self.launches,
            "microseconds": {way: self.median(way) for way in self.samples},
            "served over the JIT": vars(self.ratio),
            "launches alone, served over the JIT": vars(self.launches_alone),
            "recorder, microseconds a launch": vars(self.recorder),
            "samples": {way: list(samples) for way, samples in self.samples.items()},
        }


def measure(
    calls: Iterable[Call], packages: Sequence[str], rounds: int, core: int | None, synchronise: Any
) -> list[Row]:
    """Time calls; `core` is the one to stay on, if any is asked for."""
    rows = []
    gc.freeze()  # what is there by now is not looked through between turns
    with tempfile.TemporaryDirectory() as folder, on_one_core(core):
        taken = ways(packages, Path(folder))
        for call in calls:
            count = launches_of(call.run)
            samples = in_turns(
                call.run, taken, calls=call.calls, rounds=rounds, synchronise=synchronise
            )
            rows.append(Row(call.name, count, samples))
            print(f"{call.name}: {_bracketed(rows[-1].ratio)}", file=sys.stderr, flush=True)
    gc.unfreeze()
    return rows


def table(rows: Iterable[Row]) -> str:
    """Markdown, a row for each call."""
    lines = []
    for row in rows:
        cells = [row.name, str(row.launches)]
        cells += [f"{row.median(way):.1f}" for way in (WITHOUT, JIT, SERVED)]
        cells += [_bracketed(row.ratio), _bracketed(row.launches_alone), _bracketed(row.recorder)]
        lines.append(f"| {' | '.join(cells)} |")
    head = (
        "| microseconds of the host | launches | without launches | Triton's JIT | served "
        "| served over the JIT | of the launches alone | recorder, a launch |"
    )
    return "\n".join([head, "|---" * 8 + "|", *lines])


def _bracketed(spread: Spread) -> str:
    return f"{spread.median:.2f} [{spread.low:.2f}, {spread.high:.2f}]"


if __name__ == "__main__":
    sys.exit(main())
