"""A matmul of xformers whose configurations are pruned by the sizes that a call has."""

import triton.language as tl
from xformers.ops._triton.tiled_matmul_kernels import _xformers_tiled_matmul_kernel

from codegen.export import export

REASON = "early_config_prune"

PLACES = [f"{row}{column}" for row in "123" for column in "123"]

export(
    "refused.pruning",
    types={
        **dict.fromkeys((f"{matrix}{place}" for matrix in "ABC" for place in PLACES), "*fp16"),
        **dict.fromkeys((f"{size}{part}" for size in "MNK" for part in "123"), "i32"),
        **dict.fromkeys(
            (
                f"stride_{side}{part}"
                for side in ("am", "ak", "bk", "bn", "cm", "cn")
                for part in "123"
            ),
            "i32",
        ),
    },
    constexprs={"ACC_TYPE": tl.float32},
    hooks="caller",
    grid="explicit",
)(_xformers_tiled_matmul_kernel)
