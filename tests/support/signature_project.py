"""The wrappers of kernels with every shape of signature: generated once for all test processes."""

from __future__ import annotations

import importlib
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from .generated_once import generate_once
from .launches import Launch
from .places import KERNELS

PACKAGE = "signature_wrappers"
FILES = ("constants", "names", "tuples")
PYPROJECT = f"""\
[tool.codegen]
output = "{PACKAGE}"
targets = ["sm_80", "sm_90"]
"""


@dataclass(frozen=True)
class SignatureProject:
    """The generated package."""

    folder: Path

    @cached_property
    def functions(self) -> dict[str, Any]:
        """The manifest's entries."""
        document = json.loads((self.folder / "MANIFEST.json").read_bytes())
        functions: dict[str, Any] = document["functions"]
        return functions

    def wrapper(self, name: str) -> Callable[..., None]:
        """The generated function of `tuples.strided`."""
        module, _, function = name.partition(".")
        imported = importlib.import_module(f"{PACKAGE}.{module}")
        found: Callable[..., None] = getattr(imported, function)
        return found

    def launched(self, name: str, launch: Launch) -> tuple[str, str, dict[str, Any]]:
        """The variant that was launched, and its target, by the image; and what it was passed."""
        from . import interpreter  # needs the Triton that generates

        for label, variant in self.functions[f"tests.{name}"]["variants"].items():
            for target, image in variant["images"].items():
                if launch.image.matches((self.folder / image["file"]).read_bytes()):
                    names, types = zip(*variant["parameters"], strict=True)
                    values = launch.values(*types)
                    found = {
                        name: interpreter.Address(int(value), type_) if type_[0] == "*" else value
                        for name, type_, value in zip(names, types, values, strict=True)
                    }
                    return label, target, found
        raise AssertionError(f"no image of {name} was launched, but {launch.image}")


def generate(shared: Path) -> SignatureProject:
    """The package below `shared`, made by the first process that asks for it."""
    return SignatureProject(generate_once(shared, "signatures", PACKAGE, _write_project))


def _write_project(folder: Path) -> None:
    (folder / "kernels").mkdir(parents=True, exist_ok=True)
    (folder / "pyproject.toml").write_text(PYPROJECT)
    for file in FILES:
        shutil.copy(KERNELS / f"{file}.py", folder / "kernels")
