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
class Argument:
    """One argument of a generated Python function."""

    name: str
    """As the kernel's parameter is called, or Triton's option, or gx, gy, gz."""
    kind: str
    """pointer, scalar, descriptor, constexpr, option or grid."""
    types: tuple[str, ...] = ()
    """As `*bf16`, `i32`."""
    values: tuple[Json, ...] = ()
    """Of a constexpr or an option: those that the library has."""


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
    constants: dict[str, Json]
    """Of the kernel's parameters: the value that is compiled in, the same in all variants."""
    options: dict[str, Json]
    """Of Triton's options: the same."""
    tuned: Tuned

    @property
    def of_kernel(self) -> dict[str, Argument]:
        """The arguments that are parameters of the kernel."""
        kinds = ("option", "grid")
        return {one.name: one for one in self.arguments if one.kind not in kinds}

    @property
    def chosen_options(self) -> dict[str, Argument]:
        """The arguments that are options of Triton's."""
        return {one.name: one for one in self.arguments if one.kind == "option"}

    def wanted(self, option: str, defaults: Mapping[str, Json]) -> Json:
        """What an option is in all variants, where it is no argument; `defaults` are Triton's."""
        return self.options.get(option, defaults.get(option))

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
    options = {key: value for key, value in compiled_in.items() if _is_option(value)}
    return Function(
        package=package,
        name=name,
        module=entry["python"]["module"],
        attribute=entry["python"]["name"],
        identity=KernelIdentity(identity["module"], identity["qualname"], identity["digest"]),
        arguments=tuple(_argument(one) for one in entry["arguments"]),
        constants={
            key: None if value is None else value["constexpr"]
            for key, value in compiled_in.items()
            if key not in options
        },
        options={key: value["option"] for key, value in options.items()},
        tuned=_tuned(entry.get("tuned") or {"rows": []}),
    )


def _is_option(value: Json) -> bool:
    return isinstance(value, dict) and "option" in value


def _argument(entry: Mapping[str, Json]) -> Argument:
    types, values = tuple(entry.get("types", ())), tuple(entry.get("values", ()))
    return Argument(entry["name"], entry["kind"], types, values)


def _tuned(entry: Mapping[str, Json]) -> Tuned:
    return Tuned(tuple((tuple(row["key"]), dict(row["config"])) for row in entry["rows"]))
