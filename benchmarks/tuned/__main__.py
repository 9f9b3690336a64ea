"""Tables of `tritonbind tune` against an exhaustive search: `python -m benchmarks.tuned FOLDER`.

At shapes that were not tuned, Triton's JIT measures all configurations of each kernel, by
`triton.testing.do_bench`; then the two fastest and the one that the table leads to take turns. The
library is measured with the table's, too, and its result compared with torch's. FOLDER is what
`tritonbind tune -o FOLDER` wrote. Needs a GPU, torch and Triton.

    python -m codegen --project benchmarks/tuned/project regenerate    # without a GPU; carry it
    tritonbind record -o recording.json -- python -m benchmarks.tuned.program
    tritonbind tune recording.json -p benchmarks/tuned/project/tuned_package -o tables
    python -m benchmarks.tuned tables
"""

from __future__ import annotations

import math
import statistics
import sys
from dataclasses import dataclass
from pathlib import Path

from benchmarks.command_line import parser_of

TURNS = 5


@dataclass(frozen=True)
class Compared:
    """Times at one shape, in microseconds."""

    kernel: str
    shape: str
    best: float
    """Of the fastest configuration, by the JIT."""
    chosen: float
    """Of the table's, by the JIT."""
    library: float
    """Of the table's, through the library."""
    default: float
    """Of the kernel's first, by the JIT."""

    @property
    def ratio(self) -> float:
        return self.chosen / self.best


def main() -> int:
    parser = parser_of("tuned", __doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("-p", "--package", default="./benchmarks/tuned/project/tuned_package")
    parser.add_argument("--out", type=Path, help="a folder for tuned.md")
    options = parser.parse_args()
    from benchmarks.tuned import calls, tables
    from tritonbind.serve.packages import find

    package = find(str(Path(options.package).resolve()) + "/")
    rows = []
    for call in calls.held_out():
        table = tables.read(options.folder / f"tuned.{call.name}.json")
        rows.append(compare(call, tables.chosen(table, call.key), package))
        print(f"{rows[-1].kernel} {rows[-1].shape}: {rows[-1].ratio:.3f}", flush=True)
    text = document(rows)
    print(f"\n{text}")
    if options.out is not None:
        (options.out / "tuned.md").write_text(text)
    return 0


def compare(call, values, package) -> Compared:
    """One call by the JIT with each configuration, and by the library with the table's."""
    import torch

    from benchmarks.tuned import kernels
    from benchmarks.tuned.program import grid_of

    tuner, grid = getattr(kernels, call.name), grid_of(call)

    def jit(config):
        return lambda: tuner.fn[grid](*call.arguments, **config.all_kwargs())

    times = {place: _time(jit(config)) for place, config in enumerate(tuner.configs)}
    ranked = sorted(times, key=times.__getitem__)
    place = next(place for place, one in enumerate(tuner.configs) if _is(one, values))
    function = getattr(package.module("programs"), call.name)
    library = lambda: function(*call.arguments, place)  # noqa: E731
    call.result.zero_()
    library()
    torch.testing.assert_close(call.result, call.expected(), rtol=2e-2, atol=5e-1)
    some = dict.fromkeys([*ranked[:2], place])
    turns = dict(zip(some, _in_turns([jit(tuner.configs[one]) for one in some]), strict=True))
    best = min(turns.values())
    return Compared(call.name, call.label, best, turns[place], _time(library), times[0])


def _is(config, values) -> bool:
    own = {"num_warps": 4, "num_stages": 3, "num_ctas": 1, **config.all_kwargs()}
    return all(own.get(name) == value for name, value in values.items() if value is not None)


def _in_turns(launches) -> list[float]:
    """The least of the medians of each: other work on the machine only adds."""
    rounds = [[_time(launch) for launch in launches] for _ in range(TURNS)]
    return [min(times) for times in zip(*rounds, strict=True)]


def _time(launch) -> float:
    """Microseconds; infinite where the GPU has no room for a configuration."""
    from triton.runtime.errors import OutOfResources
    from triton.testing import do_bench

    try:
        return 1000 * do_bench(launch, warmup=10, rep=40, return_mode="median")
    except OutOfResources:
        return math.inf


def document(rows: list[Compared]) -> str:
    """A table of all shapes, and for each kernel the mean and the worst."""
    lines = [
        "| kernel | shape | default | best of all | table's | ratio | library |",
        "|---|---|---|---|---|---|---|",
        *(
            f"| {row.kernel} | {row.shape} | {row.default:.1f} | {row.best:.1f} "
            f"| {row.chosen:.1f} | {row.ratio:.3f} | {row.library:.1f} |"
            for row in rows
        ),
        "",
    ]
    for kernel in dict.fromkeys(row.kernel for row in rows):
        own = [row for row in rows if row.kernel == kernel]
        ratios = [row.ratio for row in own]
        near = sum(ratio <= 1.03 for ratio in ratios)
        gain = statistics.geometric_mean(row.default / row.chosen for row in own)
        lines.append(
            f"{kernel}: geometric mean {statistics.geometric_mean(ratios):.3f}, worst "
            f"{max(ratios):.3f}, within 3 % at {near} of {len(own)}; {gain:.2f} times as fast as "
            "the default.\n"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
