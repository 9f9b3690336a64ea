"""The text of an adopted kernel's file, and the data beside it."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from codegen.adopt.finding import Found
from codegen.adopt.recorded_grids import Row, imports_of
from codegen.model.errors import CodegenError
from codegen.read.object_names import first_of
from tritonbind.recording_file import laid_out

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
    parameters: tuple[str, ...]
    rows: tuple[Row, ...]
    tuned: tuple[Mapping[str, Any], ...]
    """What autotuners around it chose."""
    grids: tuple[str, ...]
    """How the program computes the grid, as far as it was recorded."""
    problems: tuple[CodegenError, ...]
    """Why some of its launches are left out."""
    own_grid: str = ""
    """A lambda of its parameters, or the name of a function of its module, where the generator can
    follow all that stands around it."""
    why_explicit: str = ""
    """Why callers pass the grid, where they do."""
    beside: str = ""
    """The kernel's first function, where it needs several; nothing for that itself."""

    @property
    def stem(self) -> str:
        return stem_of(self.found.module)

    @property
    def data_file(self) -> str:
        return f"{self.stem}.{self.symbol}.json"

    @property
    def name(self) -> str:
        """Of the TVM FFI function."""
        module = self.found.module.removesuffix(".py").replace("/", ".")
        return f"{module}.{self.symbol}"


def stem_of(module: str) -> str:
    """What the kernel file of a module is called, without `.py`."""
    return module.removesuffix(".py").replace("/", "_").replace(".", "_").lstrip("_")


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
    known = {identity(row) for row in before["launches"]} if before is not None else set()
    return [row for row in kernel.rows if identity(row) not in known]


def identity(row: Row) -> str:
    """What tells a launch from another one."""
    return json.dumps([row["arguments"], row.get("options", {})], sort_keys=True)


def _joined(tables: Iterable[Mapping[str, Any]]) -> Iterable[Mapping[str, Any]]:
    """A table for each key, where a later row replaces an earlier one of the same values; of one
    recording's, that of most launches counts."""
    rows: dict[tuple[str, ...], dict[str, Any]] = {}
    for table in tables:
        of_key = rows.setdefault(tuple(table["key"]), {})
        ordered = sorted(table["rows"], key=lambda row: row.get("count", 0))
        of_key.update((json.dumps(row["key"]), row) for row in ordered)
    return ({"key": list(key), "rows": list(found.values())} for key, found in rows.items())


def with_declarations(before: str | None, kernels: Sequence[Adopted]) -> str:
    """A kernel file that declares these too; what is declared there stays as it is."""
    if before is None:
        module = kernels[0].found.module
        text = f'"""Kernels of {module}, as a program launched them.\n\n{_ABOUT}\n"""\n'
        return text + _declared(kernels)
    more = (kernel for kernel in kernels if f'"{kernel.data_file}"' not in before)
    return before + "".join(_declared([kernel]) for kernel in more)


_ABOUT = """What was launched stands beside this file, in a .json file for each kernel: what is
listed there is built. All of it is yours to read, trim and change."""


def _declared(kernels: Sequence[Adopted]) -> str:
    """The imports and declarations of some kernels."""
    parts = (_imports(kernels), *map(_declaration, kernels))
    return "".join(f"\n{part}\n" for part in parts)


def _imports(kernels: Sequence[Adopted]) -> str:
    own = ["export"] + ["kernel_of"] * any(not kernel.found.is_importable for kernel in kernels)
    parts = [f"from codegen.export import {', '.join(own)}"]
    names: dict[str, set[str]] = {}
    for kernel in (kernel for kernel in kernels if kernel.found.is_importable):
        of_module = names.setdefault(kernel.found.module, set())
        of_module.add(first_of(kernel.found.name))
        of_module |= {kernel.own_grid} if kernel.own_grid.isidentifier() else set()
    statements = [_import(module, sorted(listed)) for module, listed in names.items()]
    of_triton = sorted({name for kernel in kernels for name in imports_of(kernel.own_grid)})
    if of_triton:
        parts.insert(0, f"from triton import {', '.join(of_triton)}")
    return "\n\n".join([*parts, *["\n".join(statements)] * bool(statements)])


def _import(module: str, names: Sequence[str]) -> str:
    line = f"from {module} import {', '.join(names)}"
    if len(line) <= _WIDTH:
        return line
    return "\n".join((f"from {module} import (", *(f"    {name}," for name in names), ")"))


def _declaration(kernel: Adopted) -> str:
    """The statements that declare a kernel, and what a person may want to decide there."""
    kind = f"Launches that differ in kind from those of {kernel.beside}: no argument is both."
    above = [kind] if kernel.beside else []
    if not kernel.own_grid:
        return _statement(kernel, kernel.name, '"explicit"', [*above, *_on_the_grid(kernel)])
    own = _statement(kernel, kernel.name, kernel.own_grid, above)
    below = ["For launches of a program, which have a grid: `tritonbind serve` takes this one."]
    return "\n\n".join([own, _statement(kernel, jit_name(kernel.name), '"explicit"', below)])


def jit_name(name: str) -> str:
    """Of the function that takes the launches of the JIT function, beside the one of this name."""
    return f"{name}_jit"


def _statement(kernel: Adopted, name: str, grid: str, comment: Sequence[str]) -> str:
    found = kernel.found
    named = found.name if found.is_importable else f"kernel_of({_quoted(found.place)})"
    lines = [
        *(f"# {line}".rstrip() for line in comment),
        "export(",
        f'    "{name}",',
        f"    grid={grid},",
        f'    launches="{kernel.data_file}",',
        "    optional_targets=True,",
        f")({named})",
    ]
    return "\n".join(lines)


def _quoted(text: str) -> str:
    """As black would."""
    return repr(text) if '"' in text else f'"{text}"'


def _on_the_grid(kernel: Adopted) -> list[str]:
    if not kernel.grids:
        return ["Callers pass the grid, as the program does."]
    sources = [f"    {line}" for source in kernel.grids for line in source.splitlines()]
    reason = textwrap.wrap(f"It is not translated: {kernel.why_explicit}.", _WIDTH - 2)
    return ["Callers pass the grid, which the program computes so:", *sources, *reason]
