"""Generated packages: where they are, and how their modules are imported."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.machinery import PathFinder
from pathlib import Path
from types import ModuleType

from tritonbind.errors import TritonbindError


@dataclass(frozen=True)
class Package:
    """A generated package."""

    name: str
    """By which it is imported."""
    folder: Path
    is_importable: bool
    """Whether `import` finds it; else it is loaded from its folder."""

    @property
    def manifest(self) -> Path:
        return self.folder / "MANIFEST.json"

    def module(self, name: str = "") -> ModuleType:
        """A module of it, by its name within the package; the package itself without one.

        Raises what importing it raises: ImportError where the library cannot be loaded.
        """
        if not self.is_importable:
            self._load()
        return importlib.import_module(f"{self.name}.{name}" if name else self.name)

    def _load(self) -> None:
        loaded = sys.modules.get(self.name)
        if loaded is not None:
            if Path(next(iter(loaded.__path__), "")) == self.folder:
                return
            raise ImportError(f"another package {self.name} than that in {self.folder} is imported")
        spec = importlib.util.spec_from_file_location(
            self.name, self.folder / "__init__.py", submodule_search_locations=[str(self.folder)]
        )
        if spec is None or spec.loader is None:
            raise ImportError(f"{self.folder} is no package")
        module = sys.modules[self.name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)


def find(text: str) -> Package:
    """The package of this name, or in this folder if the text is a path. Imports nothing.

    Raises:
        TritonbindError: there is none.
    """
    if os.sep in text:
        folder = Path(text).resolve()
        package = Package(folder.name, folder, is_importable=False)
    else:
        package = Package(text, _folder_of(text), is_importable=True)
    if not package.manifest.is_file():
        raise TritonbindError(
            f"{package.folder} is no generated package: it has no MANIFEST.json",
            "name the package that `python -m codegen regenerate` writes",
        )
    return package


def _folder_of(name: str) -> Path:
    """Where a package is. Those that it lies in are not imported, as `find_spec` would do."""
    first, *inner = name.split(".")
    try:
        spec = PathFinder.find_spec(first)
    except ImportError:
        spec = None
    places: Iterable[str] = (spec.submodule_search_locations or ()) if spec is not None else ()
    folders = (Path(place, *inner) for place in places)
    found = next((folder for folder in folders if folder.is_dir()), None)
    if found is None:
        raise TritonbindError(
            f"there is no package {name!r}",
            "name a generated package that `import` finds, or its folder, as in ./generated",
        )
    return found
