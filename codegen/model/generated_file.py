"""A file that is to be written, and the digest by which files are compared."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field


@dataclass(frozen=True)
class GeneratedFile:
    """A file that is to be written: its path in the output folder, with `/`, and its bytes."""

    path: str
    content: bytes = field(repr=False)


def digest(content: bytes) -> str:
    """sha256, as MANIFEST.json has it."""
    return hashlib.sha256(content).hexdigest()
