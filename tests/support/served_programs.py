"""Programs that are served in processes of their own, where nothing can be compiled."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path

from . import jit_on_standin, standin
from .launches import Launch
from .places import REPOSITORY
from .served import Served, describe

PROGRAM = """\
from tests.kernels.served import add
from tests.support.jit_on_standin import on_device
from tests.support.library_tensor import current_streams

current_streams[0] = 0
x = on_device(1000)
add[lambda given: (given["n"] // given["BLOCK"],)](x, x, x, 640, BLOCK=64)
"""


@dataclass(frozen=True)
class Ended:
    """A program that has ended."""

    code: int
    out: str
    said: str
    launches: list[Launch]


def run(
    program: Served,
    folder: Path,
    source: str,
    *command: str,
    python: str | Path = sys.executable,
    variables: dict[str, str],
) -> Ended:
    """Run a program, for which neither Triton's driver nor a kernel can be compiled."""
    describe(program.package, {})
    (folder / "site").mkdir(exist_ok=True)
    line = (REPOSITORY / "tritonbind/tritonbind.pth").read_text()
    (folder / "site/sitecustomize.py").write_text(line)
    (folder / "app.py").write_text(textwrap.dedent(source))
    log = folder / "launches"
    environment = {
        **jit_on_standin.environment(folder / "empty", log=log),
        "PYTHONPATH": f"{folder / 'site'}:{REPOSITORY}",
        "CC": "/bin/false",
        "TRITON_PTXAS_PATH": "/bin/false",
        **variables,
    }
    ended = subprocess.run(
        [*command, str(python), str(folder / "app.py")],
        env=environment,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
    )
    launches = standin.read_log(log) if log.exists() else []
    return Ended(ended.returncode, ended.stdout, ended.stderr, launches)


def serve(
    program: Served,
    folder: Path,
    source: str,
    *options: str,
    python: str | Path = sys.executable,
    **variables: str,
) -> Ended:
    """Run it by the command."""
    package = ("-p", str(program.package))
    command = (sys.executable, "-m", "tritonbind", "serve", *package, *options, "--")
    return run(program, folder, source, *command, python=python, variables=variables)
