"""A throw-away project with two cheap kernels, and the command run in it: here or in a child."""

from __future__ import annotations

import contextlib
import fcntl
import importlib
import io
import linecache
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import pytest

from codegen import cli
from codegen.model.declaration import DECLARATIONS
from tests.support.places import REPOSITORY

PYPROJECT = """\
[tool.codegen]
targets = ["sm_80"]
"""
HEADER = """\
import triton
import triton.language as tl
from triton import cdiv

from codegen.export import export

"""
ADD = f'''"""Sums."""

{HEADER}
@export("demo.add", types={{"out": "*i32", "n": "i32"}}, grid=lambda n: (cdiv(n, 4),))
@triton.jit
def add(
    out,  # where n goes
    n,
):
    """Add n to the first element."""
    tl.store(out, tl.load(out) + n)
'''
TWICE = f'''"""Doubles."""

{HEADER}
@export("demo.twice", types={{"out": "*fp32"}}, grid=lambda: (1,))
@triton.jit
def twice(out):
    tl.store(out, 2 * tl.load(out))
'''
FILES = {"pyproject.toml": PYPROJECT, "kernels/add.py": ADD, "kernels/deep/twice.py": TWICE}
IMAGES = 4
"""Two functions, aligned and generic, for one target."""

# Stands in for the C compiler where the library is not the point.
COMPILER = """\
#!/bin/sh
while [ "$1" != -o ]; do shift; done
echo library > "$2"
"""


@dataclass(frozen=True)
class Result:
    """What a run of the command did."""

    code: int
    out: str
    err: str

    @property
    def errors(self) -> list[str]:
        """The lines on stderr."""
        return self.err.splitlines()


@dataclass(frozen=True)
class Project:
    """A project's folder."""

    folder: Path

    @property
    def output(self) -> Path:
        return self.folder / "generated"

    def write(self, path: str, text: str) -> Path:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    def edit(self, path: str, old: str, new: str) -> None:
        text = (self.folder / path).read_text(encoding="utf-8")
        assert old in text
        self.write(path, text.replace(old, new))

    def tree(self) -> dict[str, bytes]:
        """Every file of the output folder that a run writes."""
        files = (path for path in self.output.rglob("*") if path.is_file())
        return {
            path.relative_to(self.output).as_posix(): path.read_bytes()
            for path in files
            if not {"_lib", "__pycache__"} & set(path.parts)
        }

    def run(self, *arguments: str) -> Result:
        """The command in this process, with nothing left of earlier runs in it."""
        out, err = io.StringIO(), io.StringIO()
        with self.inside(), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                code = cli.main(arguments)
            except SystemExit as usage:
                code = int(usage.code or 0)
        return Result(code, out.getvalue(), err.getvalue())

    @contextlib.contextmanager
    def inside(self) -> Iterator[None]:
        """What a process of its own would have: its folder, its modules, its environment."""
        before, path = Path.cwd(), list(sys.path)
        no_bytecode = sys.dont_write_bytecode
        sys.dont_write_bytecode = True
        _forget_kernels()
        os.chdir(self.folder)
        try:
            # One compiler at a time: another takes longer to start than these kernels take.
            with (
                mock.patch.dict(os.environ, CC=self.compiler()),
                mock.patch("os.cpu_count", return_value=1),
            ):
                yield
        finally:
            os.chdir(before)
            sys.path[:] = path
            sys.dont_write_bytecode = no_bytecode
            _forget_kernels()

    def command(self, *arguments: str, python: tuple[str, ...] = ()) -> list[str]:
        return [sys.executable, *python, "-m", "codegen", *arguments]

    def environment(self, **changes: str) -> dict[str, str]:
        own = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
        return {
            **own,
            "PYTHONPATH": str(REPOSITORY),
            "PYTHONDONTWRITEBYTECODE": "1",
            "CC": self.compiler(),
            **changes,
        }

    def child(self, *arguments: str, python: tuple[str, ...] = (), **environment: str) -> Result:
        """The command in a process of its own; `python` goes to the interpreter."""
        done = subprocess.run(
            self.command(*arguments, python=python),
            cwd=self.folder,
            env=self.environment(**environment),
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        return Result(done.returncode, done.stdout, done.stderr)

    def compiler(self) -> str:
        """A command for the environment's CC."""
        path = self.folder.parent / "cc"
        if not path.exists():
            path.write_text(COMPILER)
            path.chmod(0o755)
        return shlex.quote(str(path))


def new_project(folder: Path, files: dict[str, str] | None = None) -> Project:
    """A project that has generated nothing yet."""
    project = Project(folder / "project")
    for path, text in (FILES if files is None else files).items():
        project.write(path, text)
    return project


def fresh_project(folder: Path, shared: pytest.TempPathFactory) -> Project:
    """A project whose output is fresh, copied from one that is generated once."""
    root = shared.getbasetemp()
    root = root.parent if "PYTEST_XDIST_WORKER" in os.environ else root
    with (root / "fresh.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        model = Project(root / "fresh" / "project")
        if not model.output.exists():
            new_project(root / "fresh")
            result = model.run("regenerate")
            assert result.code == 0, result.err
    copy = Project(folder / "project")
    shutil.copytree(model.folder, copy.folder)
    return copy


def _forget_kernels() -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "kernels"]:
        del sys.modules[name]
    DECLARATIONS.clear()
    linecache.clearcache()
    importlib.invalidate_caches()
