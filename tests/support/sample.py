"""The sample project: generated once for all test processes, then imported, called and looked at.

`tests/sample` is copied, so that nothing is written into the repository.
"""

from __future__ import annotations

import importlib
import itertools
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from . import launches
from .generated_once import generate_once
from .places import TESTS

PACKAGE = "sample_wrappers"
MODULES = {
    "explicit": "choices",
    "floats": "scalars",
    "gather": "corners",
    "heuristic": "tuned",
    "integers": "scalars",
    "lambda": "corners",
    "named": "tuned",
    "optional": "choices",
    "product": "corners",
    "reduce": "choices",
    "scale": "choices",
    "tuned": "tuned",
}
"""The generated module of each function."""

_copies = itertools.count()


@dataclass(frozen=True)
class Sample:
    """The generated package, and the ways to call it."""

    folder: Path

    @cached_property
    def manifest(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads((self.folder / "MANIFEST.json").read_bytes())
        return document

    @cached_property
    def library(self) -> Path:
        """The shared library that was built."""
        (found,) = (self.folder / "_lib").glob("*.so")
        return found

    @cached_property
    def _images(self) -> dict[tuple[int, int], set[tuple[str, str, str]]]:
        """(function, variant, target) of each image, by the size and hash of its bytes."""
        found: dict[tuple[int, int], set[tuple[str, str, str]]] = {}
        for name, function in self.manifest["functions"].items():
            for label, variant in function["variants"].items():
                for target, image in variant["images"].items():
                    data = (self.folder / image["file"]).read_bytes()
                    key = len(data), launches.image_hash(data)
                    found.setdefault(key, set()).add((name, label, target))
        return found

    def wrapper(self, name: str) -> Callable[..., None]:
        """The generated Python function."""
        module = importlib.import_module(f"{PACKAGE}.{MODULES[name]}")
        found: Callable[..., None] = getattr(module, "lambda_" if name == "lambda" else name)
        return found

    def prepare(
        self, wrapper: Callable[..., None], *arguments: Any, **named: Any
    ) -> Callable[..., None]:
        """A launch, prepared by the package."""
        found: Callable[..., None] = importlib.import_module(PACKAGE).prepare(
            wrapper, *arguments, **named
        )
        return found

    def function(self, name: str) -> Callable[..., None]:
        """The TVM FFI global that loading the library has registered."""
        import tvm_ffi

        self.wrapper(name)
        found: Callable[..., None] = tvm_ffi.get_global_func(f"sample.{name}")
        return found

    def fresh(self, folder: Path) -> Any:
        """A copy of the library, loaded as a module that has opened no driver and no image."""
        import tvm_ffi

        self.wrapper("scale")  # its globals come first
        copy = folder / f"fresh-{next(_copies)}.so"
        shutil.copy(self.library, copy)
        return tvm_ffi.load_module(str(copy))

    def signature(self, name: str) -> str:
        """What stands below each message of the function."""
        text: str = self.manifest["functions"][f"sample.{name}"]["signature"]
        return text

    def labels(self, launch: launches.Launch) -> set[str]:
        """The variants whose image was launched: more than one where their images are equal."""
        return {label for _, label, _ in self._images[launch.image.size, launch.image.hash]}

    def targets(self, launch: launches.Launch) -> set[str]:
        """The targets whose image was launched."""
        return {target for _, _, target in self._images[launch.image.size, launch.image.hash]}


def generate(shared: Path) -> Sample:
    """The sample's package below `shared`, made by the first process that asks for it."""
    return Sample(generate_once(shared, "sample", PACKAGE, _copy_sources))


def _copy_sources(project: Path) -> None:
    shutil.copytree(TESTS / "sample", project, dirs_exist_ok=True)
