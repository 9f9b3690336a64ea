"""What a generated package has for kernels of a program."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tritonbind.document import Json
from tritonbind.kernel_identity import KernelIdentity
from tritonbind.serve.packages import Package


@dataclass(frozen=True)
class Place:
    """Where a value stands among a kernel's parameters."""

    parameter: str
    at: tuple[int, ...] = ()
    """Of an entry of a tuple, the indices that lead to it."""

    def __str__(self) -> str:
        """In Python."""
        return self.parameter + "".join(f"[{index}]" for index in self.at)

    def of(self, values: Mapping[str, Any]) -> Any:
        """The value, among those of the parameters."""
        found = values[self.parameter]
        for index in self.at:
            found = found[index]
        return found


@dataclass(frozen=True)
class Argument:
    """One argument of a generated Python function."""

    name: str
    """As the kernel's parameter is called, or Triton's option, or gx, gy, gz."""
    kind: str
    """pointer, scalar, descriptor, constexpr, option or grid."""
    place: Place
    types: tuple[str, ...] = ()
    """As `*bf16`, `i32`."""
    values: tuple[Json, ...] = ()
    """Of a constexpr or an option: those that the library has."""


@dataclass(frozen=True)
class Constant:
    """A parameter, or an entry of one, whose value is compiled in, the same in all variants."""

    place: Place
    value: Json


@dataclass(frozen=True)
class Tuned:
    """Configurations that an autotuner chose, by its keys."""

    rows: tuple[tuple[tuple[Json, ...], dict[str, Json]], ...]
    """Key, as the autotuner makes it, and configuration: constexprs and options by name."""


@dataclass(frozen=True)
class Function:
    """A function of a generated package, and the kernel that it was made of."""

    package: Package
    name: str
    """In full, as the package's messages have it."""
    module: str
    attribute: str
    """Where the Python function is."""
    identity: KernelIdentity
    arguments: tuple[Argument, ...]
    """Of the Python function, in order, without the stream."""
    constants: tuple[Constant, ...]
    options: dict[str, Json]
    """Triton's options that are compiled in, the same in all variants."""
    tuned: Tuned

    @cached_property
    def places(self) -> list[Place]:
        """What it knows of the kernel's parameters: as arguments, and compiled in."""
        of_kernel = [one for one in self.arguments if one.kind not in ("option", "grid")]
        return [*(one.place for one in of_kernel), *(one.place for one in self.constants)]

    @property
    def chosen_options(self) -> dict[str, Argument]:
        """The arguments that are options of Triton's."""
        return {one.name: one for one in self.arguments if one.kind == "option"}

    @property
    def takes_grid(self) -> bool:
        """Whether calls pass the grid, as launches that reach the kernel do."""
        return any(one.kind == "grid" for one in self.arguments)

    @cached_property
    def tuples(self) -> dict[Place, int]:
        """The size of each tuple that it knows of, outer ones first."""
        sizes: dict[Place, int] = {}
        for place in self.places:
            for depth, index in enumerate(place.at):
                outer = Place(place.parameter, place.at[:depth])
                sizes[outer] = max(sizes.get(outer, 0), index + 1)
        return sizes

    def load(self) -> Callable[..., None]:
        """The Python function. Raises what importing it raises."""
        found: Callable[..., None] = getattr(self.package.module(self.module), self.attribute)
        return found
