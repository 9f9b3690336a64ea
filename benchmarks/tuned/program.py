"""A program to record: `tritonbind record -o FILE -- python -m benchmarks.tuned.program`.

Each kernel is launched once at each shape, with its first configuration, so nothing is measured.
"""

from __future__ import annotations

from benchmarks.tuned import calls, kernels


def main() -> None:
    for name in ("matmul", "layer_norm"):
        tuner = getattr(kernels, name)
        tuner.configs = tuner.configs[:1]
    for call in calls.recorded():
        getattr(kernels, call.name)[grid_of(call)](*call.arguments)


def grid_of(call: calls.Call):
    """The launch grid, of a configuration's values."""
    from triton import cdiv

    if call.name == "layer_norm":
        return (call.arguments[0].shape[0],)
    rows, columns = call.arguments[3:5]
    return lambda meta: (cdiv(rows, meta["BLOCK_M"]) * cdiv(columns, meta["BLOCK_N"]),)


if __name__ == "__main__":
    main()
