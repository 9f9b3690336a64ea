"""Which files are a project's own: not those of an environment or of the generator."""

from __future__ import annotations

import os
import sys
from functools import cache
from pathlib import Path

from codegen.model.resources import PACKAGE, TEMPLATES

_ENVIRONMENTS = frozenset(("site-packages", "dist-packages", ".git"))
_MARKS = ("pyvenv.cfg", "conda-meta")


def place_in(project: Path, path: str) -> str | None:
    """A file's path below the folder of the project; None for what is not the project's own.

    Links among its folders are followed, and a link in place of the file is not.
    """
    folder, name = os.path.split(os.path.abspath(path))
    below = _below(str(project), folder)
    return None if below is None else os.path.join(below, name)


@cache
def _below(project: str, folder: str) -> str | None:
    top, place = Path(os.path.realpath(project)), Path(os.path.realpath(folder))
    if not place.is_relative_to(top):
        return None
    between = [above for above in (place, *place.parents) if above.is_relative_to(top)]
    prefixes = {Path(os.path.realpath(prefix)) for prefix in (sys.prefix, sys.base_prefix)}
    for one in between:
        if one in (PACKAGE, TEMPLATES):
            return None
        is_environment = one.name in _ENVIRONMENTS or one in prefixes
        if one != top and (is_environment or any((one / mark).exists() for mark in _MARKS)):
            return None
    return "" if place == top else place.relative_to(top).as_posix()
