"""Packages that tests generate: each once for all processes of a run, and kept for the next run.

What is kept of a project is taken again while all is the same that it was made of and with.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import importlib.metadata
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from .places import KERNELS, REPOSITORY

_KEPT = REPOSITORY / ".pytest_cache" / "generated"
_MAKERS = [REPOSITORY / "codegen", REPOSITORY / "templates", REPOSITORY / "tritonbind", KERNELS]
"""The generator, and kernels that projects import."""


def generate_once(shared: Path, name: str, package: str, fill: Callable[[Path], None]) -> Path:
    """The generated package of the project `shared / name`, which `fill` writes; made once."""
    project = shared / name
    with _locked(shared / f"{name}.lock"):
        if not any(project.glob(f"{package}/_lib/*.so")):
            fill(project)
            _generate(project, f"{name}-{importlib.metadata.version('triton')}")
    return project / package


def _generate(project: Path, name: str) -> None:
    """By the command; or what it gave before."""
    _KEPT.mkdir(parents=True, exist_ok=True)
    kept, digest = _KEPT / name, _digest(project)
    with _locked(_KEPT / f"{name}.lock"):
        if (kept / digest).is_dir():
            shutil.copytree(kept / digest, project, dirs_exist_ok=True)
            return
        command = [sys.executable, "-m", "codegen", "--project", str(project), "regenerate"]
        done = subprocess.run(
            [*command, "--quiet"], cwd=REPOSITORY, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        shutil.rmtree(kept, ignore_errors=True)
        shutil.copytree(project, kept / "unfinished")
        (kept / "unfinished").rename(kept / digest)


def _digest(project: Path) -> str:
    """Of all that the package is made of and with."""
    made_with = [sys.version, *(f"{one.name} {one.version}" for one in _distributions())]
    digest = hashlib.sha256("\0".join(made_with).encode())
    for root in (*_MAKERS, project):
        for path in sorted(root.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                digest.update(f"\0{path.relative_to(root)}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def _distributions() -> list[importlib.metadata.Distribution]:
    names = ("triton", "apache-tvm-ffi", "jinja2", "black", "libcst", "pyelftools")
    return [importlib.metadata.distribution(name) for name in names]


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
