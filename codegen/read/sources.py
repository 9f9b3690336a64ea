"""Kernels from installed packages: which of their files a kernel is made of, and where they are."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

from codegen.model.generated_file import digest
from codegen.model.project_files import place_in


def package_sources(function: Any, root: Path) -> dict[str, str]:
    """sha256 of each file of a package that holds `function` or a function that it calls.

    `function` is a JITFunction, `root` the kernels folder; files of its project are no package's. A
    file is called by its package and its place in that, as in `liger_kernel:ops/rms_norm.py`, which
    means the same on every machine.
    """
    from codegen.read.callees import (
        reached,  # and Triton, which whoever asks for changes can do without
    )

    found: dict[str, str] = {}
    for callee in reached(function):
        called = callee.function.fn
        path = Path(called.__code__.co_filename)
        name = _name(called.__module__, path)
        if name and place_in(root.parent, str(path)) is None:
            found[name] = digest(path.read_bytes())
    return dict(sorted(found.items()))


def has_changed(name: str, recorded: str) -> bool:
    """Whether the file is another one now. Where the package is not there, nobody knows: False."""
    package, _, place = name.partition(":")
    specification = importlib.util.find_spec(package)
    folders = (specification.submodule_search_locations or ()) if specification else ()
    paths = [Path(folder, place) for folder in folders]
    if specification and specification.origin and not folders:
        paths = [Path(specification.origin)]
    contents = [path.read_bytes() for path in paths if path.is_file()]
    return bool(paths) and recorded not in map(digest, contents)


def _name(module: str, path: Path) -> str:
    package = sys.modules.get(module.partition(".")[0])
    for folder in getattr(package, "__path__", ()):
        if Path(folder) in path.parents:
            return f"{module.partition('.')[0]}:{path.relative_to(folder).as_posix()}"
    return f"{module}:{path.name}" if package is not None and "." not in module else ""
