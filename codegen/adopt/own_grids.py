"""Whether a recorded kernel can be called with tensors and ints alone: its grid, and what gives it.

The declaration is read as the kernel file's would be, before it is written.
"""

from __future__ import annotations

import importlib
import linecache
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import FunctionType
from typing import Any

from codegen.adopt.kernel_files import Adopted, data
from codegen.adopt.recorded_grids import (
    GridOfAll,
    by_name,
    check_examples,
    defined_name,
    function_of,
    names_of,
    written,
)
from codegen.model.declaration import Declaration
from codegen.model.errors import CodegenError, CodegenErrors, SourceLocation
from codegen.model.launch_rows import read_launches
from codegen.project.settings import Config
from codegen.read.introspect import kernel_declared
from tritonbind.grid_sources import source_of


def with_own_grid(kernel: Adopted, before: Mapping[str, Any] | None, config: Config) -> Adopted:
    """The kernel with its own grid, or with the reason why callers pass it. `before` is the data
    that an earlier adoption wrote."""
    try:
        grid, function, of_all = _grid_of(kernel)
        _check(kernel, function, data(kernel, before), config)
        check_examples(of_all, kernel.rows)
        return replace(kernel, own_grid=grid)
    except CodegenError as error:
        first = error.errors[0] if isinstance(error, CodegenErrors) else error
        reason = first.message.removeprefix(f"`{kernel.name}`").removeprefix(":").strip()
        return replace(kernel, why_explicit=reason)


def _grid_of(kernel: Adopted) -> tuple[str, Callable[..., object], GridOfAll]:
    """What the kernel file has after `grid=`, and the function: that of the kernel's module, where
    the program took it from there, or else a lambda of the parameters."""
    named = _of_module(kernel)
    if named is not None:
        return named.__name__, named, named
    grid = written(kernel.grids, kernel.parameters)
    file = f"<grid of {kernel.recorded}>"
    linecache.cache[file] = len(grid), None, [f"{grid}\n"], file
    function = function_of(grid, file)
    return grid, function, by_name(function, names_of(grid))


def _of_module(kernel: Adopted) -> FunctionType | None:
    """The function of the kernel's module whose text the one recorded grid has."""
    name = defined_name(kernel.grids[0]) if len(kernel.grids) == 1 else ""
    if not name or not kernel.found.is_importable:
        return None
    found = getattr(importlib.import_module(kernel.found.module), name, None)
    is_it = isinstance(found, FunctionType) and source_of(found) == kernel.grids[0]
    return found if is_it else None


def _check(kernel: Adopted, grid: Callable[..., object], content: str, config: Config) -> None:
    """Raise `CodegenError` where the declaration with this grid cannot be generated."""
    where = SourceLocation(f"<{kernel.recorded}>", 1)
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, kernel.data_file).write_text(content, encoding="utf-8")
        launches = read_launches(kernel.data_file, Path(folder))
    declaration = Declaration(
        name=kernel.name,
        kernel=kernel.found.kernel(config.project),
        types={},
        constexprs={},
        shapes={},
        grid=grid,
        options={},
        location=where,
        optional_targets=True,
        launches=launches,
    )
    kernel_declared(declaration, config.kernels_folder, f"{kernel.stem}.py")
