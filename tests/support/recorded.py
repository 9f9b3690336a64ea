"""Programs that `tritonbind record` runs, with Triton's JIT behind the stand-in driver."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support import jit_on_standin
from tests.support.places import REPOSITORY
from tritonbind import recording_file
from tritonbind.recording import Kernel, Recording

HEADER = """\
import triton
import triton.language as tl


class Tensor:
    def __init__(self, *shape, dtype="torch.float32", address=4096):
        self.shape, self.dtype, self.address = shape, dtype, address

    def data_ptr(self):
        return self.address


@triton.jit
def scale(x, n, BLOCK: tl.constexpr):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(x + offsets, tl.load(x + offsets, mask=offsets < n) * 2, mask=offsets < n)


"""
"""What programs begin with: a kernel, and tensors for it."""


@dataclass(frozen=True)
class Ended:
    """A program that has ended."""

    code: int
    out: str
    said: list[str]
    """The lines on stderr."""
    file: Path

    @property
    def recording(self) -> Recording:
        return recording_file.read(self.file)

    @property
    def kernel(self) -> Kernel:
        """The only one."""
        (kernel,) = self.recording.kernels
        return kernel


def counts(recording: Recording) -> dict[str, int]:
    """How often each kernel was launched."""
    return {
        kernel.kernel: sum(launch.count for launch in kernel.launches)
        for kernel in recording.kernels
    }


def write_program(folder: Path, source: str, header: str = HEADER) -> Path:
    path = folder / "app.py"
    path.write_text(header + textwrap.dedent(source))
    return path


def environment(folder: Path, cache: Path, **configuration: Any) -> dict[str, str]:
    """Of processes that are recorded where a variable asks for it, as an installation has it."""
    (folder / "site").mkdir(exist_ok=True)
    line = (REPOSITORY / "tritonbind/tritonbind.pth").read_text()
    (folder / "site/sitecustomize.py").write_text(line)
    variables = jit_on_standin.environment(cache, **configuration)
    return {**variables, "PYTHONPATH": f"{folder / 'site'}:{REPOSITORY}"}


def record(folder: Path, cache: Path, source: str, *arguments: str, **variables: str) -> Ended:
    """Run a program of `HEADER` and this source, recorded into a file of the folder."""
    program = write_program(folder, source)
    return record_command([sys.executable, str(program), *arguments], folder, cache, **variables)


def record_command(command: list[str], folder: Path, cache: Path, **variables: str) -> Ended:
    file = folder / "recording.json"
    done = subprocess.run(
        [sys.executable, "-m", "tritonbind", "record", "-o", str(file), "--", *command],
        env={**environment(folder, cache), **variables},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
    )
    return Ended(done.returncode, done.stdout, done.stderr.splitlines(), file)
