"""Recordings of one kernel, adopted in a project: its sources, and what came of it."""

from __future__ import annotations

import contextlib
import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

from codegen.read import needed_parts
from codegen.read.loading import within
from tests.support.project import PYPROJECT, Project, Result, new_project
from tests.support.recordings import kernel, recording
from tritonbind import recording_file
from tritonbind.kernel_identity import digest_of
from tritonbind.recording import Kernel, Recording

HEAD = "import triton\nimport triton.language as tl\n"
SCALE = """
@triton.jit
def scale(x, n, BLOCK: tl.constexpr):
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(x + at, tl.load(x + at, at < n) * 2, at < n)
"""
PACKAGE = (
    f"{HEAD}{SCALE}\n\ndef make():\n{SCALE.replace(chr(10), chr(10) + '    ')}\n    return scale\n"
)
PROGRAM = f"{HEAD}{SCALE}\nraise SystemExit('this program ran')\n"


def recorded(project: Project, name: str = "app:scale", **changes: object) -> Kernel:
    """A kernel as it was recorded of `app.py`, which holds the same source as `pack.ops`."""
    function, _ = within(needed_parts.kernel_of("app.py:scale", project.folder))
    return kernel(name, **{"digest": digest_of(function), "tuned": (), **changes})


def adopted(project: Project, *kernels: Kernel) -> Result:
    recording_file.write(Recording(recording().made_with, kernels), project.folder / "run.json")
    return project.run("adopt", "run.json")


def data(project: Project, name: str) -> Any:
    return json.loads((project.folder / "kernels/adopted" / name).read_text())


def head(module: str) -> str:
    return f'''\
"""Kernels of {module}, as a program launched them.

What was launched stands beside this file, in a .json file for each kernel: what is
listed there is built. All of it is yours to read, trim and change.
"""
'''


@contextlib.contextmanager
def adopting(folder: Path) -> Iterator[Project]:
    """A project with a script `app.py`, beside a package `pack` that can be imported."""
    made = new_project(
        folder, {"pyproject.toml": PYPROJECT, "kernels/README": "", "app.py": PROGRAM}
    )
    (folder / "site" / "pack").mkdir(parents=True)
    (folder / "site" / "pack" / "__init__.py").write_text("")
    (folder / "site" / "pack" / "ops.py").write_text(PACKAGE)
    with mock.patch.object(sys, "path", [str(folder / "site"), *sys.path]):
        importlib.invalidate_caches()
        yield made
    needed_parts._PARTS.clear()
    for name in [name for name in sys.modules if name.partition(".")[0] == "pack"]:
        del sys.modules[name]
