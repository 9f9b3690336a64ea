"""The text of an adopted kernel's file, and the data beside it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from codegen.adopt.finding import Found
from codegen.model.errors import CodegenError
from tritonbind.recording_file import laid_out

Row = Mapping[str, Any]
"""A launch of a recording: arguments, options, and what is for people."""
_WIDTH = 100


@dataclass(frozen=True)
class Adopted:
    """A recorded kernel that is declared."""

    recorded: str
    """`module:qualified name`, as the recording has it."""
    found: Found
    symbol: str
    """The last part of its function's name."""
    digest: str
    rows: tuple[Row, ...]
    tuned: tuple[Mapping[str, Any], ...]
    """What autotuners around it chose."""
    grids: tuple[str, ...]
    """How the program computes the grid, as far as it was recorded."""
    problems: tuple[CodegenError, ...]
    """Why some of its launches are left out."""

    @property
    def stem(self) -> str:
        """What its kernel file is called, without `.py`."""
        return self.found.module.removesuffix(".py").replace("/", "_").replace(".", "_")

    @property
    def data_file(self) -> str:
        return f"{self.stem}.{self.symbol}.json"

    @property
    def name(self) -> str:
        """Of the TVM FFI function."""
        module = self.found.module.removesuffix(".py").replace("/", ".")
        return f"{module}.{self.symbol}"


def data(kernel: Adopted, before: Mapping[str, Any] | None) -> str:
    """The data of a kernel as JSON: with the rows of `before`, which an earlier adoption wrote and
    somebody may have trimmed, first."""
    rows = [*(before["launches"] if before is not None else ()), *added(kernel, before)]
    tables = [*(before.get("tuned", ()) if before is not None else ()), *kernel.tuned]
    document: dict[str, Any] = {"kernel": kernel.recorded, "digest": kernel.digest}
    document["launches"] = rows
    if tables:
        document["tuned"] = list(_joined(tables))
    return f"{laid_out(document)}\n"


def added(kernel: Adopted, before: Mapping[str, Any] | None) -> list[Row]:
    """The rows that were not there before."""
    known = {_identity(row) for row in before["launches"]} if before is not None else set()
    return [row for row in kernel.rows if _identity(row) not in known]


def _identity(row: Row) -> str:
    return json.dumps([row["arguments"], row.get("options", {})], sort_keys=True)


def _joined(tables: Iterable[Mapping[str, Any]]) -> Iterable[Mapping[str, Any]]:
    """A table for each key, where a later row replaces an earlier one of the same values."""
    rows: dict[tuple[str, ...], dict[str, Any]] = {}
    for table in tables:
        of_key = rows.setdefault(tuple(table["key"]), {})
        of_key.update((json.dumps(row["key"]), row) for row in table["rows"])
    return ({"key": list(key), "rows": list(found.values())} for key, found in rows.items())


def text(kernels: Sequence[Adopted]) -> str:
    """A kernel file with the declarations of some kernels of one module."""
    first = f"Kernels of {kernels[0].found.module}, as a program launched them."
    return f'"""{first}\n\n{_ABOUT}\n"""\n' + "".join(
        f"\n{part}\n" for part in (imports(kernels), *map(declaration, kernels))
    )


_ABOUT = """What was launched stands beside this file, in a .json file for each kernel: what is
listed there is built. All of it is yours to read, trim and change."""


def imports(kernels: Sequence[Adopted]) -> str:
    """The statements that the declarations of these kernels need."""
    own = ["export"] + ["kernel_of"] * any(not kernel.found.is_importable for kernel in kernels)
    lines = [f"from codegen.export import {', '.join(own)}"]
    found = [kernel.found for kernel in kernels if kernel.found.is_importable]
    names = sorted({one.name.partition(".")[0] for one in found})
    if names:
        start = f"from {found[0].module} import "
        line = f"{start}{', '.join(names)}"
        if len(line) > _WIDTH:
            line = "\n".join((f"{start}(", *(f"    {name}," for name in names), ")"))
        lines += ["", line]
    return "\n".join(lines)


def declaration(kernel: Adopted) -> str:
    """The statement that declares a kernel, and what a person may want to decide there."""
    found = kernel.found
    named = found.name if found.is_importable else f'kernel_of("{found.place}")'
    lines = [
        *(f"# {line}".rstrip() for line in _on_the_grid(kernel)),
        "export(",
        f'    "{kernel.name}",',
        '    grid="explicit",',
        f'    launches="{kernel.data_file}",',
        "    optional_targets=True,",
        f")({named})",
    ]
    return "\n".join(lines)


def _on_the_grid(kernel: Adopted) -> list[str]:
    if not kernel.grids:
        return ["Callers pass the grid, as the program does."]
    sources = [f"    {line}" for source in kernel.grids for line in source.splitlines()]
    return ["Callers pass the grid, which the program computes so:", *sources]
