"""Kernel files read by a process that is there for one test."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from codegen.compile.processes import Compilers
from codegen.model.surroundings import Surroundings
from codegen.model.targets import Target
from codegen.read.kernel_files import read_kernels
from codegen.read.reading import Reading


def readings_of(
    root: Path,
    files: Sequence[str],
    targets: Sequence[Target],
    jobs: int = 1,
    say: Callable[[str], None] = lambda text: None,
) -> list[Reading]:
    """As `read_kernels`, in the folder of the kernels' project."""
    compilers = Compilers(Surroundings(str(root.resolve().parent)))
    try:
        return read_kernels(root, files, targets, jobs, compilers.borrowed, say)
    finally:
        compilers.stop()
