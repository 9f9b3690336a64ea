"""A child process that reads kernel files as one SM sees them."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

from codegen.children import environment, excerpt, fate
from codegen.errors import CodegenError, CodegenErrors
from codegen.introspect import Lists, configurations, introspect, title_of
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
    configurations: Lists = field(default_factory=dict)
    """What each autotuned kernel chooses among, in a child's answer."""


def read(root: Path, file: str, of_all: Lists = MappingProxyType({})) -> Reading:
    """A kernel file, by this process; `of_all` as in `introspect`."""
    try:
        kernels = introspect(root, file, of_all)
        return Reading(file, title_of(root, file), kernels)
    except CodegenErrors as several:
        return Reading(file, errors=several.errors)
    except CodegenError as error:
        return Reading(file, errors=(error,))


def read_in_child(
    root: Path, files: Sequence[str], capability: int, of_all: Mapping[str, Lists]
) -> list[Reading]:
    """Kernel files as the SM of that capability sees them; `of_all` by file, as in `introspect`."""
    path = json.dumps([entry or os.getcwd() for entry in sys.path])
    with tempfile.TemporaryDirectory(prefix="codegen-") as directory:
        answer, lists = Path(directory, "answer"), Path(directory, "lists")
        lists.write_bytes(pickle.dumps(dict(of_all)))
        request = json.dumps([str(root), list(files), capability, str(lists), str(answer)])
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


def main(root: str, files: Sequence[str], capability: int, lists: str, answer: str) -> None:
    """The child's side."""
    of_all: Mapping[str, Lists] = pickle.loads(Path(lists).read_bytes())
    with offline(capability):
        readings = [
            replace(
                read(Path(root), file, of_all.get(file, {})),
                configurations=configurations(Path(root), file),
            )
            for file in files
        ]
    Path(answer).write_bytes(pickle.dumps(readings))
