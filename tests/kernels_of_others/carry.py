"""Packs what tests/gpu/test_others.py needs on a machine with a GPU that has no network.

`python -m tests.kernels_of_others.carry` writes one archive here: the wrappers without their built
libraries, the Python sources of the packages that the cases import (no binaries, no tests), and
Triton's tutorials where they are known. Unpacked in the root of a checkout, all is found there.
What the packages need themselves has to be there: torch, Triton, numpy.
"""

from __future__ import annotations

import importlib.metadata
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

from tests.kernels_of_others.tutorials.kernels import source
from tests.others_gpu.running import FOLDER, PACKAGES, PROJECTS
from tests.others_gpu.table import CASES

ROOT = FOLDER.parent.parent
ARCHIVE = FOLDER / "carried.tar.xz"
# The distributions that hold a package, where they are several: the first has all the kernels.
HOLDERS = {"fla": "fla-core"}
LEFT_OUT = {"benchmark", "benchmarks", "example", "examples", "test", "tests"}
LEFT_OUT |= {"megatron", "transformers", "__pycache__"}


def packages() -> Iterator[tuple[Path, Path]]:
    """The Python files of the packages: where each is, and where it shall be."""
    cases = [case for case in CASES.values() if case.project == "others"]
    for package in sorted({case.kernel.partition(".")[0] for case in cases} | {"einops"}):
        holders = importlib.metadata.packages_distributions()
        distribution = HOLDERS.get(package) or holders[package][0]
        for file in importlib.metadata.files(distribution) or ():
            path = Path(str(file.locate()))
            is_code = file.parts[0] == package and file.suffix == ".py"
            is_kept = is_code and not LEFT_OUT & set(file.parts[:-1])
            # Other packages ask for the versions of these.
            if (is_kept or file.name == "METADATA") and path.is_file():
                yield path, PACKAGES / file


def wrappers() -> Iterator[tuple[Path, Path]]:
    """What was generated, without the libraries, which are built where they are needed."""
    for folder, package in PROJECTS.values():
        for path in (folder / package).rglob("*"):
            if path.is_file() and not {"_lib", "__pycache__"} & set(path.parts):
                yield path, path


def tutorials() -> Iterator[tuple[Path, Path]]:
    place = source.folder()
    for path in place.glob("0*.py") if place else ():
        yield path, source.CARRIED / path.name


def main() -> int:
    """Write the archive; say what is in it and what to do with it."""
    with tarfile.open(ARCHIVE, "w:xz") as archive:
        for what, files in (
            ("wrappers", wrappers()),
            ("packages", packages()),
            ("Triton's tutorials", tutorials()),
        ):
            found = dict(sorted(files))
            for path, place in found.items():
                archive.add(path, place.relative_to(ROOT))
            size = sum(path.stat().st_size for path in found)
            print(f"{what}: {len(found)} files, {size / 2**20:.1f} MiB")
    print(f"{ARCHIVE.relative_to(ROOT)}: {ARCHIVE.stat().st_size / 2**20:.1f} MiB")
    print(f"there, in the root: python3 -m tarfile -e {ARCHIVE.relative_to(ROOT)} .")
    return 0


if __name__ == "__main__":
    sys.exit(main())
