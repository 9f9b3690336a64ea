"""The fused gate and up projections of Liger Kernel 0.8.5, on tensor descriptors."""

from liger_kernel.ops.mlp import _swiglu_kernel_forward, _swiglu_kernel_forward_inference
from triton import cdiv

from codegen.export import export

INPUTS = {
    "desc_input": "tensordesc<bf16[1, BLOCK_M, BLOCK_K]>",
    "desc_Wg": "tensordesc<bf16[BLOCK_N, BLOCK_K]>",
    "desc_Wu": "tensordesc<bf16[BLOCK_N, BLOCK_K]>",
    "S": "i32",
    "dim": "i32:16",
    "hidden_dim": "i32:16",
    "bucket_M": "i32",
}
OUTPUT = "tensordesc<bf16[1, BLOCK_M, BLOCK_N]>"
SMALL = {"BLOCK_M": 64, "BLOCK_K": 64, "GROUP_SIZE_M": 8, "num_warps": 4, "num_stages": 3}
LARGE = {"BLOCK_M": 128, "BLOCK_K": 64, "GROUP_SIZE_M": 8, "num_warps": 8, "num_stages": 3}


def tiles(desc_input, S, hidden_dim, BLOCK_M, BLOCK_N):
    return cdiv(S, BLOCK_M) * cdiv(hidden_dim, BLOCK_N), desc_input.shape[0]


# The hooks of both set the blocks of their descriptors, which the types say here. The fortieth
# bucket is that of 4096 rows and more.
export(
    "others.liger.swiglu_kernel_forward",
    types={**INPUTS, "desc_A": OUTPUT, "desc_G": OUTPUT, "desc_U": OUTPUT},
    constexprs={"gate_multiplier": 1.0},
    tuned={(4096, 11008, 0): SMALL, (4096, 11008, 40): LARGE},
    hooks="caller",
    grid=tiles,
)(_swiglu_kernel_forward)

export(
    "others.liger.swiglu_kernel_forward_inference",
    types={**INPUTS, "desc_A": OUTPUT},
    constexprs={"gate_multiplier": 1.0},
    configs=[{**SMALL, "GROUP_SIZE_M": 4}, {**SMALL, "BLOCK_M": 32, "GROUP_SIZE_M": 4}],
    hooks="caller",
    grid=tiles,
)(_swiglu_kernel_forward_inference)
