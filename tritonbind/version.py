"""The version of tritonbind that is installed."""

from __future__ import annotations

import functools
from importlib import metadata


@functools.cache
def version() -> str:
    try:
        return metadata.version("tritonbind")
    except metadata.PackageNotFoundError:  # a folder on the path
        return "unknown"
