"""C programs against the sample's headers and library: compile, run behind the stand-in driver."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from . import standin
from .places import C_PROGRAMS
from .sample import Sample

STRICT = ("-Wall", "-Wextra", "-Wpedantic", "-Werror")


def need(compiler: str) -> None:
    """Skip the test where the compiler is not installed."""
    if shutil.which(compiler) is None:
        pytest.skip(f"{compiler} is not installed")


def compile_c(*command: str | Path) -> None:
    """Run a compiler, which must have nothing to say."""
    need(str(command[0]))
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr[:4000]


def compile_program(
    sample: Sample, source: str, program: Path, command: Sequence[str], library: Path | None = None
) -> Path:
    """Compile `tests/c/<source>` with the headers alone, and link it to the library."""
    found = library or sample.library
    link = (f"-L{found.parent}", f"-l:{found.name}", f"-Wl,-rpath,{found.parent}", "-ldl")
    include = f"-I{sample.folder}"
    compile_c(*command, *STRICT, include, C_PROGRAMS / source, "-o", program, "-pthread", *link)
    return program


def run(program: Path, log: Path | None = None, **environment: str) -> str:
    """What the program prints, behind a stand-in driver with two devices sm_90."""
    done = subprocess.run(
        [program],
        env={**standin.environment([90, 90], log=log), **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout
