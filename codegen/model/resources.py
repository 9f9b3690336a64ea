"""Where the generator's own files are."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).parent.parent
TEMPLATES = next(
    folder for folder in (PACKAGE / "templates", PACKAGE.parent / "templates") if folder.is_dir()
)
"""Beside the package in the repository, inside it when installed."""
