"""From the generated C sources to the shared library, by the output's own builder."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path

from codegen.errors import CodegenError, shown


@dataclass(frozen=True)
class Library:
    """The library that the output builds to."""

    path: Path
    was_built: bool
    """False: it was there already."""


def build_library(output: Path) -> Library:
    """Build the library of the output folder unless it is there, and drop those of older sources.

    Raises `CodegenError` when there is no C compiler or it fails.
    """
    specification = importlib.util.spec_from_file_location("_library", output / "_library.py")
    if specification is None or specification.loader is None:
        raise CodegenError(f"{shown(output)} holds no _library.py")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    path: Path = module.path()
    if path.exists():
        return Library(path, False)
    try:
        module.build()
    except ImportError as error:
        raise CodegenError(
            f"{output.name}/ is written, and its library is not: {error}",
            hint="mend that and run `python -m codegen build`",
        ) from error
    # The user's cache, where a library goes when the output cannot be written, is everybody's.
    for old in (output / "_lib").glob("libtritonbind-*.so"):
        if old != path:
            old.unlink(missing_ok=True)
    return Library(path, True)
