"""Whether a recorded kernel can be called with tensors and ints alone: its grid, and what gives it.

The declaration is read as the kernel file's would be, before it is written.
"""

from __future__ import annotations

import linecache
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from codegen.adopt.kernel_files import Adopted, data
from codegen.adopt.recorded_grids import check_examples, function_of, names_of, written
from codegen.model.declaration import Declaration
from codegen.model.errors import CodegenError, CodegenErrors, SourceLocation
from codegen.model.launch_rows import read_launches
from codegen.project.settings import Config
from codegen.read.introspect import kernel_declared


def with_own_grid(kernel: Adopted, before: Mapping[str, Any] | None, config: Config) -> Adopted:
    """The kernel with its own grid, or with the reason why callers pass it. `before` is the data
    that an earlier adoption wrote."""
    try:
        grid = written(kernel.grids, kernel.parameters)
        _check(kernel, grid, data(kernel, before), config)
        return replace(kernel, own_grid=grid)
    except CodegenError as error:
        first = error.errors[0] if isinstance(error, CodegenErrors) else error
        reason = first.message.removeprefix(f"`{kernel.name}`").removeprefix(":").strip()
        return replace(kernel, why_explicit=reason)


def _check(kernel: Adopted, grid: str, content: str, config: Config) -> None:
    """Raise `CodegenError` where the declaration with this grid cannot be generated, or does not
    give the recorded grids."""
    file = f"<grid of {kernel.recorded}>"
    linecache.cache[file] = len(grid), None, [f"{grid}\n"], file
    function = function_of(grid, file)
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, kernel.data_file).write_text(content, encoding="utf-8")
        launches = read_launches(kernel.data_file, Path(folder))
    declaration = Declaration(
        name=kernel.name,
        kernel=kernel.found.kernel(config.project),
        types={},
        constexprs={},
        shapes={},
        grid=function,
        options={},
        location=SourceLocation(file, 1),
        optional_targets=True,
        launches=launches,
    )
    kernel_declared(declaration, config.kernels_folder, f"{kernel.stem}.py")
    check_examples(function, names_of(grid), kernel.rows)
