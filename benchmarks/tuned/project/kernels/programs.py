"""The kernels of `benchmarks.tuned.kernels`, with all their configurations."""

from triton import cdiv

from benchmarks.tuned import kernels
from codegen.export import export

export(
    "tuned.matmul",
    types={
        **{"a": "*bf16:16", "b": "*bf16:16", "c": "*bf16:16"},
        **{"M": "i32", "N": "i32:16", "K": "i32:16"},
    },
    grid=lambda META: (cdiv(META["M"], META["BLOCK_M"]) * cdiv(META["N"], META["BLOCK_N"]),),
)(kernels.matmul)

export(
    "tuned.layer_norm",
    types={
        **{"x": "*bf16:16", "weight": "*bf16:16", "bias": "*bf16:16", "out": "*bf16:16"},
        **{"columns": "i32:16", "epsilon": "fp32"},
    },
    grid=lambda META: (META["x"].shape[0],),
)(kernels.layer_norm)
