"""Medians of `benchmarks.served.host_times`, side by side: `python -m benchmarks.served.table`."""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Mapping
from pathlib import Path

from benchmarks.command_line import parser_of


def main() -> int:
    parser = parser_of("served.table", __doc__)
    for way, title in WAYS.items():
        parser.add_argument(f"--{way}", type=Path, nargs="+", required=True, help=title)
    options = parser.parse_args()
    times = {}
    for way in WAYS:
        runs = [json.loads(file.read_text()) for file in getattr(options, way)]
        if any(run.keys() != runs[0].keys() for run in runs):
            parser.error(f"the files of --{way} measure different calls")
        times[way] = {name: statistics.median(run[name] for run in runs) for name in runs[0]}
    names = {way: set(found) for way, found in times.items()}
    if any(found != names["jit"] for found in names.values()):
        parser.error("the files measure different calls")
    print(table(times))
    return 0


WAYS = {
    "without": "runs that launch nothing",
    "jit": "runs of the JIT",
    "served": "runs under `tritonbind serve`",
}


def table(times: Mapping[str, Mapping[str, float]]) -> str:
    """Markdown, a row for each call, in microseconds; `times` by way, then by call."""
    rows = []
    for name, jit in times["jit"].items():
        without, served = times["without"][name], times["served"][name]
        launches = (served - without) / (jit - without)
        cells = [f"{number:.1f}" for number in (without, jit, served)]
        cells += [f"{served / jit:.2f}", f"{launches:.2f}"]
        rows.append(f"| {name} | {' | '.join(cells)} |")
    head = (
        "| microseconds of the host | without launches | Triton's JIT | served | served over the "
        "JIT | launches alone, over the JIT's |"
    )
    return "\n".join([head, "|---|---|---|---|---|---|", *rows])


if __name__ == "__main__":
    sys.exit(main())
