"""Puts the packages that the cases of tests/others_gpu import into a folder that can be carried.

A machine with a GPU may have no network: `python -m tests.kernels_of_others.carry` copies their
Python sources, without binaries, tests and what else is never imported, to `packages/` here, which
the tests add to the path where it exists. What they need has to be there: torch, Triton, numpy.
"""

from __future__ import annotations

import importlib.metadata
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.kernels_of_others.tutorials.kernels import source
from tests.others_gpu.running import PACKAGES
from tests.others_gpu.table import CASES

# The distributions that hold a package, where they are several: the first has all the kernels.
HOLDERS = {"fla": "fla-core"}
LEFT_OUT = {"benchmark", "benchmarks", "example", "examples", "test", "tests"}
LEFT_OUT |= {"megatron", "transformers"}


def packages() -> set[str]:
    """The importable names of the packages that hold kernels, and of what those need besides."""
    cases = [case for case in CASES.values() if case.project == "others"]
    return {case.kernel.partition(".")[0] for case in cases} | {"einops"}


def sources(package: str) -> Iterator[tuple[Path, str]]:
    """The Python files of a package: where each is, and its path below the package's parent."""
    holders = importlib.metadata.packages_distributions()
    distribution = HOLDERS.get(package) or holders[package][0]
    for file in importlib.metadata.files(distribution) or ():
        parts = file.parts
        wanted = parts[0] == package and file.suffix == ".py" and not LEFT_OUT & set(parts[:-1])
        if wanted and Path(str(file.locate())).is_file():
            yield Path(str(file.locate())), file.as_posix()


def main() -> int:
    """Write the folder anew; say how large it is."""
    if source.folder() == source.CARRIED.resolve():
        print(f"set {source.VARIABLE}: the tutorials that are here would be removed")
        return 2
    shutil.rmtree(PACKAGES, ignore_errors=True)
    for package in sorted(packages()):
        size = 0
        for path, name in sources(package):
            target = PACKAGES / name
            target.parent.mkdir(parents=True, exist_ok=True)
            size += target.write_bytes(path.read_bytes())
        print(f"{package:20} {size // 1024:6} KiB")
    tutorials = source.folder()
    if tutorials is None:
        print(f"without Triton's tutorials: {source.VARIABLE} does not say where they are")
    else:
        for path in tutorials.glob("0*.py"):
            target = source.CARRIED / path.name
            target.parent.mkdir(exist_ok=True)
            target.write_bytes(path.read_bytes())
    return 0


if __name__ == "__main__":
    sys.exit(main())
