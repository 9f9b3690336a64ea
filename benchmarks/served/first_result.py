"""From process start to the first result of a launch: `python -m benchmarks.served.first_result`.

By Triton's JIT with an empty cache, by the JIT with a cache that has the kernel, and served from a
package. Each in processes of its own, which take turns; prints a table of medians. Needs a GPU,
torch, Triton and a package that was generated of the launches of `benchmarks.served.host_times`.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from benchmarks.command_line import parser_of

ROOT = Path(__file__).resolve().parent.parent.parent
CHILD = ROOT / "benchmarks" / "served" / "first_child.py"
COLD, WARM, SERVED = "Triton's JIT, empty cache", "Triton's JIT, cached", "served"
STAGES = {
    "python": "Python",
    "torch": "torch, context, inputs",
    "serve": "serve()",
    "triton": "import triton, kernel",
    "call": "first call",
    "result": "until the result",
}
MADE = (".cubin", ".so")
"""What Triton's compiler, and the C compiler for Triton, leave in the cache."""
OURS = ("serve", "triton", "call", "result")
Times = Mapping[str, Mapping[str, float]]
"""Milliseconds by way and stage."""


def main() -> int:
    parser = parser_of("served.first_result", __doc__)
    parser.add_argument("package", help="the package, as `tritonbind.serve.serve` takes it")
    parser.add_argument("--rounds", type=int, default=5, help="processes of each way")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print(table(measure(options.package, options.rounds, Path(folder))))
    return 0


def measure(package: str, rounds: int, folder: Path) -> dict[str, dict[str, float]]:
    """The medians; one process of each comes before, so that the files are in the system's cache.

    Raises:
        RuntimeError: a process failed, or the served one compiled.
    """
    samples: dict[str, list[dict[str, float]]] = {COLD: [], WARM: [], SERVED: []}
    for round_ in range(-1, rounds):
        caches = {COLD: folder / f"cold{round_}", WARM: folder / "warm", SERVED: folder / "served"}
        for way, cache in caches.items():
            times = run(way, cache, [package] if way == SERVED else [])
            compiled = sorted(file.name for file in cache.rglob("*") if file.suffix in MADE)
            if bool(compiled) == (way == SERVED):
                raise RuntimeError(f"{way}: compiled {compiled}")
            if round_ >= 0:
                samples[way].append(times)
    return {
        way: {stage: statistics.median(row[stage] for row in rows) for stage in rows[0]}
        for way, rows in samples.items()
    }


def run(way: str, cache: Path, package: list[str]) -> dict[str, float]:
    """One process: the milliseconds of each stage."""
    inherited = os.environ.get("PYTHONPATH", "")
    paths = [inherited, str(ROOT)] if inherited else [str(ROOT)]  # packages of the user first
    environment = {**os.environ, "TRITON_CACHE_DIR": str(cache), "PYTHONPATH": ":".join(paths)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    start = time.monotonic_ns()
    command = [sys.executable, "-P", str(CHILD), str(start), *package]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{way} failed:\n{done.stderr}")
    return stages_of(done.stdout.splitlines()[-1])


def stages_of(line: str) -> dict[str, float]:
    """What the child prints, as the milliseconds of each stage."""
    times, before = {}, 0
    for stage, at in json.loads(line).items():
        times[stage], before = (at - before) / 1e6, at
    return times


def table(times: Times) -> str:
    """Markdown: milliseconds, and how served processes compare with each way of the JIT."""
    heads = ["milliseconds", *STAGES.values(), "after torch", "all", "served over it: after torch"]
    lines = [[*heads, "all"], ["---"] * (len(heads) + 1)]
    served = _sums(times[SERVED])
    for way, row in times.items():
        sums = _sums(row)
        cells = ["" if stage not in row else f"{row[stage]:.1f}" for stage in STAGES]
        ratios = [f"{ours / theirs:.2f}" for ours, theirs in zip(served, sums, strict=True)]
        lines.append([way, *cells, *(f"{one:.1f}" for one in sums), *ratios])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _sums(row: Mapping[str, float]) -> tuple[float, float]:
    """What the way of launching takes, and the whole process."""
    return sum(row.get(stage, 0.0) for stage in OURS), sum(row.values())


if __name__ == "__main__":
    sys.exit(main())
