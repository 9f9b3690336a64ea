"""What a generated package has for kernels of a program: the functions of its MANIFEST.json."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tritonbind.errors import TritonbindError
from tritonbind.kernel_identity import KernelIdentity

Json = Any


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

    package: str
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

    @property
    def places(self) -> list[Place]:
        """What it knows of the kernel's parameters: as arguments, and compiled in."""
        of_kernel = [one for one in self.arguments if one.kind not in ("option", "grid")]
        return [*(one.place for one in of_kernel), *(one.place for one in self.constants)]

    @property
    def chosen_options(self) -> dict[str, Argument]:
        """The arguments that are options of Triton's."""
        return {one.name: one for one in self.arguments if one.kind == "option"}

    @property
    def tuples(self) -> dict[Place, int]:
        """The size of each tuple that it knows of, outer ones first."""
        sizes: dict[Place, int] = {}
        for place in self.places:
            for depth, index in enumerate(place.at):
                outer = Place(place.parameter, place.at[:depth])
                sizes[outer] = max(sizes.get(outer, 0), index + 1)
        return sizes

    def import_path(self) -> str:
        return f"{self.package}.{self.module}"


def functions_of(package: str) -> list[Function]:
    """The functions of a generated package that were made of a known kernel.

    Nothing of the package is imported, but the packages that it lies in.

    Raises:
        TritonbindError: there is no such package, it was not generated, or by an older tritonbind.
    """
    manifest = _manifest_of(package)
    try:
        document = json.loads(manifest.read_bytes())
        entries = [
            _function(package, name, entry)
            for name, entry in sorted(document["functions"].items())
            if "kernel_identity" in entry
        ]
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise TritonbindError(
            f"{manifest} cannot be read: {type(error).__name__}: {error}",
            "generate the package again: `python -m codegen regenerate`",
        ) from error
    if not entries:
        raise TritonbindError(
            f"{package} has no function that is known to be a kernel of a program's",
            "generate it from kernel files that `tritonbind adopt` wrote, with this tritonbind",
        )
    return entries


def _manifest_of(package: str) -> Path:
    try:
        spec = importlib.util.find_spec(package)
    except (ImportError, ValueError) as error:  # a parent that is missing, or no name of a package
        raise TritonbindError(f"package {package!r} cannot be found: {error}", _WHERE) from error
    if spec is None or not spec.submodule_search_locations:
        raise TritonbindError(f"there is no package {package!r} to serve from", _WHERE)
    manifest = Path(next(iter(spec.submodule_search_locations))) / "MANIFEST.json"
    if not manifest.is_file():
        raise TritonbindError(
            f"{package} is no generated package: it has no MANIFEST.json", _GENERATED
        )
    return manifest


_WHERE = "name a generated package that `import` finds, as with PYTHONPATH"
_GENERATED = "name the package that `python -m codegen regenerate` writes"


def _function(package: str, name: str, entry: Mapping[str, Json]) -> Function:
    identity = entry["kernel_identity"]
    compiled_in: dict[str, Json] = entry["compiled_in"]
    constants = {key: value for key, value in compiled_in.items() if "option" not in value}
    return Function(
        package=package,
        name=name,
        module=entry["python"]["module"],
        attribute=entry["python"]["name"],
        identity=KernelIdentity(identity["module"], identity["qualname"], identity["digest"]),
        arguments=tuple(_argument(one) for one in entry["arguments"]),
        constants=tuple(
            Constant(_place(key, value), value["constexpr"]) for key, value in constants.items()
        ),
        options={
            key: value["option"] for key, value in compiled_in.items() if key not in constants
        },
        tuned=_tuned(entry.get("tuned") or {"rows": []}),
    )


def _argument(entry: Mapping[str, Json]) -> Argument:
    types, values = tuple(entry.get("types", ())), tuple(entry.get("values", ()))
    return Argument(entry["name"], entry["kind"], _place(entry["name"], entry), types, values)


def _place(name: str, entry: Mapping[str, Json]) -> Place:
    return Place(entry.get("of", name), tuple(entry.get("at", ())))


def _tuned(entry: Mapping[str, Json]) -> Tuned:
    return Tuned(tuple((tuple(row["key"]), dict(row["config"])) for row in entry["rows"]))
