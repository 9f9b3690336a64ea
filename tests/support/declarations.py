"""Kernel files of one declaration, for what is wrong in it."""

from __future__ import annotations

from tests.support.project import HEADER

POINTERS = 'types={"x": "*fp32", "n": "i32"}'
EXPORT_LINE = HEADER.count("\n") + 1


def kernel(
    declaration: str = POINTERS,
    parameters: str = "x, n",
    *,
    name: str = '"demo.bad"',
    grid: str = "lambda n: (n,)",
    above: str = "@triton.jit",
) -> str:
    """A kernel file whose @export is on line EXPORT_LINE."""
    export = f"@export({name}, {declaration}, grid={grid})"
    return f"{HEADER}{export}\n{above}\ndef bad({parameters}):\n    pass\n"
