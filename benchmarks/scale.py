"""How the generator scales: `python -m benchmarks.scale [--rounds N] [FOLDER]`, without a GPU.

In one run it measures what `regenerate` takes over `triton.compile` alone, what 1 to 1,000 variants
cost, what compressing images would bring, and the generated C against tvm-ffi's C++. It writes the
tables of scale.md and scale.svg into FOLDER (docs). It takes some ten minutes; on
a machine that is not quiet, more rounds help.
"""

from __future__ import annotations

import importlib.metadata
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks import growth, packed_images, regenerate, typed_functions
from benchmarks.command_line import parser_of, wrapped
from benchmarks.dispatch import processor
from benchmarks.scale_tables import picture, tables


@dataclass(frozen=True)
class Results:
    machine: str
    regenerated: regenerate.Regenerated
    points: list[growth.Point]
    packed: packed_images.Packed
    typed: typed_functions.Found


def measure(rounds: int) -> Results:
    return Results(
        machine(),
        regenerate.measure(rounds),
        growth.measure(),
        packed_images.measure(),
        typed_functions.measure(),
    )


def machine() -> str:
    """When, where and with what this runs, in one line."""
    compilers = [
        subprocess.run([name, "-dumpfullversion"], capture_output=True, text=True, check=True)
        for name in ("cc", "g++")
    ]
    python = sys.version.partition(" ")[0]
    versions = ", ".join(
        f"{name} {importlib.metadata.version(name)}" for name in ("triton", "apache-tvm-ffi")
    )
    c, cpp = (compiler.stdout.strip() for compiler in compilers)
    return (
        f"{time.strftime('%Y-%m-%d')}, {processor()}, {os.cpu_count()} cores, Python {python}, "
        f"{versions}, cc {c}, g++ {cpp}."
    )


def main() -> None:
    parser = parser_of("scale", __doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=Path("docs"), help="default: docs")
    parser.add_argument("--rounds", type=int, default=1, help="of what takes minutes")
    options = parser.parse_args()
    folder: Path = options.folder
    results = measure(options.rounds)
    text = wrapped(
        tables(results.machine, results.regenerated, results.points, results.packed, results.typed)
    )
    print(text)
    page = folder / "scale.md"
    head = page.read_text().partition("\n## Measured\n")[0] if page.exists() else ""
    page.write_text(f"{head}\n## Measured\n\n{text}")
    (folder / "scale.svg").write_text(picture(results.points))


if __name__ == "__main__":
    main()
