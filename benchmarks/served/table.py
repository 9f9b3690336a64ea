"""Two runs of `benchmarks.served.host_times` side by side: `python -m benchmarks.served.table`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from benchmarks.command_line import parser_of


def main() -> int:
    parser = parser_of("served.table", __doc__)
    parser.add_argument("jit", type=Path, help="of the JIT")
    parser.add_argument("served", type=Path, help="under `tritonbind serve`")
    options = parser.parse_args()
    jit, served = (json.loads(file.read_text()) for file in (options.jit, options.served))
    if jit.keys() != served.keys():
        parser.error(f"the files measure different calls: {sorted(jit.keys() ^ served.keys())}")
    print(table(jit, served))
    return 0


def table(jit: dict[str, float], served: dict[str, float]) -> str:
    """Markdown, a row for each call, in microseconds."""
    rows = [
        f"| {name} | {jit[name]:.1f} | {served[name]:.1f} | {served[name] / jit[name]:.2f} |"
        for name in jit
    ]
    head = "| microseconds of the host | Triton's JIT | served | served over the JIT |"
    return "\n".join([head, "|---|---|---|---|", *rows])


if __name__ == "__main__":
    sys.exit(main())
