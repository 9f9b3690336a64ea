"""The wrappers of tests/kernels/tuples.py: generated once for all test processes."""

from __future__ import annotations

import fcntl
import importlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from . import interpreter
from .launches import Launch
from .sample import REPOSITORY
from .tuple_cases import Fixed

KERNELS = REPOSITORY / "tests" / "kernels"
PACKAGE = "tuple_wrappers"
PYPROJECT = f"""\
[tool.codegen]
output = "{PACKAGE}"
targets = ["sm_80", "sm_90"]
"""


@dataclass(frozen=True)
class TupleProject:
    """The generated package."""

    folder: Path

    @cached_property
    def functions(self) -> dict[str, Any]:
        """The manifest's entries."""
        document = json.loads((self.folder / "MANIFEST.json").read_bytes())
        functions: dict[str, Any] = document["functions"]
        return functions

    def wrapper(self, function: str) -> Callable[..., None]:
        found: Callable[..., None] = getattr(importlib.import_module(f"{PACKAGE}.tuples"), function)
        return found

    def launched(self, function: str, launch: Launch) -> tuple[str, str, dict[str, Any]]:
        """The variant that was launched, and its target, by the image; and what it was passed."""
        for label, variant in self.functions[f"tests.tuples.{function}"]["variants"].items():
            for target, image in variant["images"].items():
                if launch.image.matches((self.folder / image["file"]).read_bytes()):
                    names, types = zip(*variant["parameters"], strict=True)
                    values = launch.values(*types)
                    found = {
                        name: interpreter.Address(int(value), type_) if type_[0] == "*" else value
                        for name, type_, value in zip(names, types, values, strict=True)
                    }
                    return label, target, found
        raise AssertionError(f"no image of {function} was launched, but {launch.image}")


def generate(shared: Path) -> TupleProject:
    """The package below `shared`, made by the first process that asks for it."""
    project = shared / "tuples"
    project.mkdir(exist_ok=True)
    with (shared / "tuples.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not any(project.glob(f"{PACKAGE}/_lib/*.so")):
            (project / "kernels").mkdir(exist_ok=True)
            (project / "pyproject.toml").write_text(PYPROJECT)
            (project / "kernels/tuples.py").write_text((KERNELS / "tuples.py").read_text())
            command = [sys.executable, "-m", "codegen", "--project", str(project), "regenerate"]
            done = subprocess.run(
                [*command, "--quiet"], cwd=REPOSITORY, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, done.stderr
    return TupleProject(project / PACKAGE)


def refilled(arguments: Mapping[str, Any], passed: Iterable[Any]) -> dict[str, Any]:
    """A case's arguments, with what a launch passed in the places that are not compiled in."""
    values = iter(passed)
    return {name: _refilled(value, values) for name, value in arguments.items()}


def _refilled(value: Any, values: Iterator[Any]) -> Any:
    if isinstance(value, tuple):
        parts = [_refilled(part, values) for part in value]
        return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)
    return value.value if isinstance(value, Fixed) else next(values)
