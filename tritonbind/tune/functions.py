"""What a package has to tune: functions that are told the configuration, as MANIFEST.json says."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tritonbind.errors import TritonbindError
from tritonbind.kernel_identity import KernelIdentity
from tritonbind.recording import Json
from tritonbind.serve.packages import Package

DEFAULT = 0
"""The configuration of calls that name none."""


@dataclass(frozen=True)
class Argument:
    """One argument of a function."""

    name: str
    kind: str
    """pointer, scalar, descriptor, constexpr, option or grid."""
    place: str
    """As recordings call it: `name.0` for the entry of a tuple."""
    types: tuple[str, ...] = ()
    values: tuple[Json, ...] = ()
    """Of a constexpr or an option, as recordings spell them."""
    passed: tuple[Json, ...] = ()
    """What the function takes for each of these."""


@dataclass(frozen=True)
class Function:
    """A function that is told the number of a configuration."""

    package: Package
    name: str
    module: str
    attribute: str
    """Where the Python function is."""
    identity: KernelIdentity
    digest: str
    """Of what was built: figures of another build are of no use."""
    arguments: tuple[Argument, ...]
    """In order, without the one that names the configuration."""
    position: int
    """Where that one stands among them."""
    constants: Mapping[str, Json]
    """Values that all variants have compiled in, by place."""
    key: tuple[str, ...]
    """The parameters whose values are in Triton's keys."""
    configurations: tuple[Mapping[str, Json], ...]
    """What each gives: constexprs and options."""
    images: tuple[frozenset[str], ...]
    """The files that each needs."""
    shared: tuple[Mapping[str, Sequence[int | None]], ...]
    """For each kind of call, by target: the bytes of shared memory that each configuration needs,
    None for one that the target lacks."""

    def images_of(self, chosen: Sequence[int]) -> int:
        """How many images a package needs that has these configurations alone."""
        return len(frozenset().union(*(self.images[one] for one in chosen)))

    def lacking(self, capability: int, most: int) -> dict[int, str]:
        """The configurations that a device does not have, each with the reason.

        Args:
            capability: as 90.
            most: the bytes of shared memory that a block may have there.
        """
        found = {}
        for number in range(len(self.configurations)):
            needs = [_needed(row, capability)[number] for row in self.shared]
            if needs and all(need is None for need in needs):
                found[number] = f"it is not built for sm_{capability}"
            elif needs and all(need is None or need > most for need in needs):
                least = min(need for need in needs if need is not None)
                found[number] = f"it needs {least} bytes of shared memory, and there are {most}"
        return found


def functions_of(package: Package) -> list[Function]:
    """The functions of a package that can be tuned, by name.

    Raises:
        TritonbindError: the manifest cannot be read, or has none.
    """
    try:
        entries = json.loads(package.manifest.read_bytes())["functions"]
        found = [
            _function(package, name, entry)
            for name, entry in sorted(entries.items())
            if (entry["configurations"] or {}).get("argument")
        ]
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise TritonbindError(
            f"{package.manifest} cannot be read: {type(error).__name__}: {error}",
            "generate the package again, with this tritonbind: `tritonbind regenerate`",
        ) from error
    if not found:
        raise TritonbindError(
            f"{package.manifest}: no function takes the number of a configuration",
            "export an autotuned kernel without `tuned`, and generate the package again",
        )
    return found


def _function(package: Package, name: str, entry: Mapping[str, Json]) -> Function:
    configurations = entry["configurations"]
    listed = configurations["values"]
    return Function(
        package=package,
        name=name,
        module=entry["python"]["module"],
        attribute=entry["python"]["name"],
        identity=KernelIdentity(**entry["kernel_identity"]),
        digest=entry["digest"],
        arguments=tuple(
            _argument(one) for one in entry["arguments"] if one["kind"] != "configuration"
        ),
        position=[one["name"] for one in entry["arguments"]].index(configurations["argument"]),
        constants={
            _place(key, value): value["constexpr"]
            for key, value in entry["compiled_in"].items()
            if "constexpr" in value
        },
        key=tuple(configurations["key"]),
        configurations=tuple(listed),
        images=tuple(_images(entry, number) for number in range(len(listed))),
        shared=tuple(row["bytes"] for row in configurations["shared"]),
    )


def _argument(entry: Mapping[str, Json]) -> Argument:
    values = tuple(entry.get("values", ()))
    return Argument(
        entry["name"],
        entry["kind"],
        _place(entry["name"], entry),
        tuple(entry.get("types", ())),
        values,
        tuple(entry.get("passed", values)),
    )


def _place(name: str, entry: Mapping[str, Json]) -> str:
    return ".".join([entry.get("of", name), *map(str, entry.get("at", ()))])


def _images(entry: Mapping[str, Json], number: int) -> frozenset[str]:
    found = set()
    for call in entry["calls"]:
        of = [one["is"] for one in call["conditions"] if one["kind"] == "configuration"]
        if all(number in numbers for numbers in of):
            images = entry["variants"][call["variant"]]["images"]
            found |= {image["file"] for image in images.values()}
    return frozenset(found)


def _needed(row: Mapping[str, Sequence[int | None]], capability: int) -> Sequence[int | None]:
    """What configurations need on the target that a device gets: its own, else the nearest PTX."""
    exact = row.get(f"sm_{capability}")
    if exact is not None:
        return exact
    below = [(int(name.rpartition("_")[2]), name) for name in row]
    fitting = [pair for pair in below if pair[0] <= capability]
    return row[max(fitting or below)[1]]
