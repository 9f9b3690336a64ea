"""Lightning attention, which mlstm_kernels 2.0.6 holds to compare with."""

from mlstm_kernels.baselines.lightning_attention.lightning_attn2 import (
    _bwd_inter_kernel,
    _bwd_intra_kernel,
    _fwd_kernel,
)
from triton import cdiv, next_power_of_2

from codegen.export import export

from .declaring import derived, typed

# All sizes are compiled in: of tensors that are [batch, heads, length, head's size].
SIZES = {"b": [1, 2], "h": [4], "n": [256, 1024], "d": [128], "e": [128]}


def sized(kernel, **values):
    return derived(
        kernel,
        b=lambda given: given["Q"].shape[0],
        h=lambda given: given["Q"].shape[1],
        n=lambda given: given["Q"].shape[2],
        d=lambda given: given["Q"].shape[3],
        e=lambda given: given["V"].shape[3],
        NUM_BLOCK=lambda given: cdiv(given["n"], given["BLOCK"]),
        **values,
    )


def in_parts(kernel):
    return sized(kernel, NUM_CBLOCK=lambda given: given["BLOCK"] // given["CBLOCK"])


export(
    "others.mlstm_kernels.lightning_attn2_fwd",
    types=typed("*fp16 | *bf16: Q K V Out", "*fp32: S"),
    constexprs={**SIZES, "b": [2], "BLOCK": 64},
    grid=lambda b, h, e, BLOCK_MODEL: (b * h, cdiv(e, BLOCK_MODEL)),
)(sized(_fwd_kernel, BLOCK_MODEL=lambda given: min(next_power_of_2(given["e"]), 32)))

export(
    "others.mlstm_kernels.lightning_attn2_bwd_intra",
    types=typed("*bf16: Q K V DO DQ DK DV", "*fp32: S"),
    constexprs={**SIZES, "BLOCK": 64, "CBLOCK": 32},
    grid=lambda b, h, NUM_BLOCK: (b * h, NUM_BLOCK),
)(in_parts(_bwd_intra_kernel))

export(
    "others.mlstm_kernels.lightning_attn2_bwd_inter",
    types=typed("*bf16: Q K V DO DQ DK DV", "*fp32: S"),
    constexprs={**SIZES, "n": [256], "BLOCK": 64, "CBLOCK": 32},
    grid=lambda b, h: (b * h,),
)(in_parts(_bwd_inter_kernel))
