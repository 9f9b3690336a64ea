"""What became of a recorded kernel, for whoever tells it."""

from __future__ import annotations

from dataclasses import dataclass

from codegen.model.errors import CodegenError


@dataclass(frozen=True)
class Adoption:
    """What became of a recorded kernel."""

    kernel: str
    """`module:qualified name`."""
    file: str
    """The kernel file that declares it, below the project; nothing where none does."""
    listed: int
    """The specialisations that its data has now."""
    new: int
    """Those of them that were not listed before."""
    grid: str = ""
    """Where its grid comes from; nothing of what was declared before."""
    problems: tuple[CodegenError, ...] = ()
    """Why it, or some of its launches, cannot be adopted."""
