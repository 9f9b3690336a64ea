"""What an `@export(...)` says, as written."""

from __future__ import annotations

import numbers
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from codegen.model.errors import SourceLocation
from codegen.model.launch_rows import Launches
from codegen.model.targets import Target

GridFunction = Callable[..., object]
EXPLICIT = "explicit"


Key = tuple[object, ...]
Pattern = Mapping[str, object]
"""What is known of a configuration: some of its values."""


@dataclass(frozen=True)
class TunedRows:
    """The best configurations of an autotuned kernel."""

    rows: tuple[tuple[Key, Pattern], ...] = ()
    default: Pattern | None = None
    """Of calls that have no row; None for the kernel's first."""
    takes_nearest: bool = False
    """Whether a call whose key is not there gets the row of the nearest key."""

    @property
    def patterns(self) -> Iterator[Pattern]:
        yield from (pattern for _, pattern in self.rows)
        if self.default is not None:
            yield self.default


@dataclass(frozen=True)
class Declaration:
    """One `@export(...)`, as written, with the kernel it stands above."""

    name: str
    kernel: object
    types: Mapping[str, Any]
    constexprs: Mapping[str, object]
    shapes: Mapping[str, Sequence[int | str]]
    grid: GridFunction | str
    options: Mapping[str, object]
    """Those of Triton's options that are given, by name."""
    location: SourceLocation
    targets: tuple[Target, ...] | None = None
    optional_targets: bool = False
    cases: Sequence[Mapping[str, int | None]] | None = None
    configs: Sequence[Mapping[str, object]] | None = None
    tuned: Mapping[object, Pattern] | str | TunedRows | None = None
    """A table only of what launches have."""
    hooks: str | None = None
    launches: Launches | None = None

    @property
    def is_of_the_kernel_alone(self) -> bool:
        """It takes launches as they reach the kernel, so that what stands around that is not
        followed."""
        return self.launches is not None and self.grid == EXPLICIT


DECLARATIONS: list[Declaration] = []
"""Every declaration of this process, in the order of import."""


def own_int(value: object) -> object:
    """`value`, or Python's own int for one of numpy's or of another library."""
    if isinstance(value, numbers.Integral) and not isinstance(value, int):
        return operator.index(value)
    return value
