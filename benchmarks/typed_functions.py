"""The generated C against the same functions in C++, as tvm-ffi's `TypedFunction`s: what compiling
takes, and the size of the library.

The C++ is that of `cubin_wrapper`: it reads its cubins from files, so that of our libraries the
bytes of images are taken off. Ours check each argument, choose among an aligned and a generic
variant, and are called from C, from Python and through TVM FFI; theirs have one variant.
"""

from __future__ import annotations

import importlib.util
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from benchmarks import cubin_wrapper
from benchmarks.cases import Case
from benchmarks.commands import run
from tests.support import made

COUNTS = (1, 4)


@dataclass(frozen=True)
class Compiled:
    """What so many functions take."""

    functions: int
    seconds: float
    """Of processors."""
    bytes: int
    """Of the stripped library, without images."""


@dataclass(frozen=True)
class _MadeUp(Case):
    @cached_property
    def image(self) -> dict[str, Any]:
        return {"file": f"{self.symbol}.cubin", "symbol": self.symbol, "num_warps": 4}


KINDS = {
    "3 tensors, 2 scalars": {"tensors": 3, "ints": 1, "floats": 1},
    "5 tensors, 9 ints": {"tensors": 5, "ints": 9},
    "10 tensors, 30 ints": {"tensors": 10, "ints": 30},
}


Found = dict[str, tuple[list[Compiled], list[Compiled]]]
"""Ours and theirs of each kind of function, by count."""


def measure() -> Found:
    """Compile all of them, one process at a time."""
    found = {}
    for title, parameters in KINDS.items():
        ours, theirs = [], []
        for count in COUNTS:
            cases = [_MadeUp(f"f{number}", **parameters) for number in range(count)]
            with tempfile.TemporaryDirectory(prefix="scale-") as folder:
                ours.append(_c(Path(folder), cases))
                theirs.append(_cpp(Path(folder), cases))
        found[title] = ours, theirs
    return found


def _c(folder: Path, cases: Sequence[Case]) -> Compiled:
    kernels = made.read(folder, "".join(map(_declaration, cases)))
    plans = [made.plan(kernel) for kernel in kernels]
    images = sum(
        len(image.data) for plan in plans for binary in plan.binaries for image in binary.images
    )
    library = made.build(folder / "made", plans)
    specification = importlib.util.spec_from_file_location("_l", library.folder / "_build.py")
    assert specification is not None and specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    target = folder / "ours.so"
    command = [*module.compiler(), *module.SOURCES, "-o", target, *module.LINK_FLAGS]
    return _compiled(command, library.folder, target, len(cases), images)


def _cpp(folder: Path, cases: Sequence[Case]) -> Compiled:
    source, target = folder / "theirs.cc", folder / "theirs.so"
    source.write_text(cubin_wrapper.HEAD + "".join(map(cubin_wrapper.source, cases)))
    return _compiled(cubin_wrapper.command(source, target), folder, target, len(cases), 0)


def _compiled(
    command: Sequence[str | Path], folder: Path, target: Path, count: int, images: int
) -> Compiled:
    seconds = run(command, folder).cpu
    run(["strip", target])
    return Compiled(count, seconds, target.stat().st_size - images)


def _declaration(case: Case) -> str:
    tensors = [f"t{i}" for i in range(case.tensors)]
    ints, floats = [f"n{i}" for i in range(case.ints)], [f"f{i}" for i in range(case.floats)]
    types: Mapping[str, str] = {
        **dict.fromkeys(tensors, "*fp32"),
        **dict.fromkeys(ints, "i32:16"),
        **dict.fromkeys(floats, "fp32"),
    }
    return (
        f"@export('bench.{case.symbol}', types={types}, grid=lambda: (4,))\n@triton.jit\n"
        f"def {case.symbol}({', '.join(types)}): pass\n\n"
    )
