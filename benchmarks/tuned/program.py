"""A program to record: `tritonbind record -o FILE -- python -m benchmarks.tuned.program`.

Each kernel is launched once at each shape, with its first configuration, so nothing is measured.
"""

from __future__ import annotations

from typing import Any

from benchmarks.command_line import parser_of
from benchmarks.tuned.calls import Call


def main() -> None:
    parser_of("tuned.program", __doc__).parse_args()
    from benchmarks.tuned import calls, kernels

    for name in ("matmul", "layer_norm"):
        tuner = getattr(kernels, name)
        tuner.configs = tuner.configs[:1]
    for call in calls.recorded():
        getattr(kernels, call.name)[grid_of(call)](*call.arguments)


def grid_of(call: Call) -> Any:
    """The launch grid, of a configuration's values."""
    from triton import cdiv

    if call.name == "layer_norm":
        return (call.arguments[0].shape[0],)
    rows, columns = call.arguments[3:5]
    return lambda meta: (cdiv(rows, meta["BLOCK_M"]) * cdiv(columns, meta["BLOCK_N"]),)


if __name__ == "__main__":
    main()
