"""A child process that reads kernel files as one SM sees them."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from codegen.aot import environment, excerpt, fate
from codegen.errors import CodegenError, CodegenErrors
from codegen.introspect import introspect, title_of
from codegen.model import Kernel
from codegen.offline_driver import offline

_BOOT = """\
import json, sys
sys.path[:] = json.loads(sys.argv[1])
from codegen.introspect_worker import main
main(*json.loads(sys.argv[2]))
"""


@dataclass(frozen=True)
class Reading:
    """What a kernel file says: kernels, or what is wrong with it."""

    file: str
    title: str = ""
    kernels: tuple[Kernel, ...] = ()
    errors: tuple[CodegenError, ...] = ()


def read(root: Path, file: str) -> Reading:
    """A kernel file, by this process."""
    try:
        kernels = introspect(root, file)
        return Reading(file, title_of(root, file), kernels)
    except CodegenErrors as several:
        return Reading(file, errors=several.errors)
    except CodegenError as error:
        return Reading(file, errors=(error,))


def read_in_child(root: Path, files: Sequence[str], capability: int) -> list[Reading]:
    """Kernel files as the SM of that capability sees them."""
    path = json.dumps([entry or os.getcwd() for entry in sys.path])
    with tempfile.TemporaryDirectory(prefix="codegen-") as directory:
        answer = Path(directory, "answer")
        request = json.dumps([str(root), list(files), capability, str(answer)])
        done = subprocess.run(
            [sys.executable, "-c", _BOOT, path, request],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env=environment(directory),
            check=False,
        )
        if done.returncode == 0:
            readings: list[Reading] = pickle.loads(answer.read_bytes())
            return readings
    message = f"reading kernels for sm_{capability} died with {fate(done.returncode)}"
    error = CodegenError(message + excerpt(done.stdout))
    return [Reading(file, errors=(error,)) for file in files]


def main(root: str, files: Sequence[str], capability: int, answer: str) -> None:
    """The child's side."""
    with offline(capability):
        readings = [read(Path(root), file) for file in files]
    Path(answer).write_bytes(pickle.dumps(readings))
