"""Which environment variables kernel files ask for that the project does not list."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from codegen.model.project_files import place_in
from codegen.model.surroundings import is_seen

_READERS = ("os", "posixpath", "collections.abc", "_collections_abc", __name__)
"""The modules between `os.environ` and who reads it."""
_found: list[tuple[str, str]] = []
_roots: list[Path] = []


@contextlib.contextmanager
def environment_reads(root: Path) -> Iterator[list[tuple[str, str]]]:
    """Meanwhile, what files of the project ask for, whose kernels are in `root`: file and variable.

    What packages ask for is their own affair.
    """
    both: tuple[Any, ...] = (os.environ, os.environb)
    kind = type(os.environ)
    _roots.append(root)
    _found.clear()
    found: list[tuple[str, str]] = []
    for environment in both:
        environment.__class__ = _Watched
    try:
        yield found
    finally:
        for environment in both:
            environment.__class__ = kind
        found += dict.fromkeys(_found)
        _roots.pop()


class _Watched(type(os.environ)):  # type: ignore[misc]
    def __getitem__(self, key: Any) -> Any:
        name = os.fsdecode(key) if isinstance(key, (str, bytes)) else ""
        if name and not is_seen(name):
            _note(name, _roots[-1])
        return super().__getitem__(key)


def _note(name: str, root: Path) -> None:
    frame = sys._getframe(2)
    while frame.f_back is not None and frame.f_globals.get("__name__") in _READERS:
        frame = frame.f_back
    place = place_in(root.parent, frame.f_code.co_filename)
    if place is not None:
        _found.append((place, name))
