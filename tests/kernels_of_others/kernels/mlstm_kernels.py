"""Lightning attention, which mlstm_kernels 2.0.6 holds to compare with."""

from mlstm_kernels.baselines.lightning_attention.lightning_attn2 import (
    _bwd_inter_kernel,
    _bwd_intra_kernel,
    _fwd_kernel,
)

from codegen.export import export

from .declaring import jit, typed

export(
    "others.mlstm_kernels.lightning_attn2_fwd",
    types=typed(
        "*bf16: Q K V Out",
        "*fp32: S",
    ),
    constexprs={
        "b": 2,
        "h": 4,
        "n": 256,
        "d": 128,
        "e": 128,
        "BLOCK": 64,
        "NUM_BLOCK": 4,
        "BLOCK_MODEL": 32,
    },
    grid="explicit",
)(jit(_fwd_kernel))

export(
    "others.mlstm_kernels.lightning_attn2_bwd_intra",
    types=typed(
        "*bf16: Q K V DO DQ DK DV",
        "*fp32: S",
    ),
    constexprs={
        "b": 2,
        "h": 4,
        "n": 256,
        "d": 128,
        "e": 128,
        "BLOCK": 64,
        "NUM_BLOCK": 4,
        "CBLOCK": 32,
        "NUM_CBLOCK": 2,
    },
    grid="explicit",
)(jit(_bwd_intra_kernel))

export(
    "others.mlstm_kernels.lightning_attn2_bwd_inter",
    types=typed(
        "*bf16: Q K V DO DQ DK DV",
        "*fp32: S",
    ),
    constexprs={
        "b": 2,
        "h": 4,
        "n": 256,
        "d": 128,
        "e": 128,
        "BLOCK": 64,
        "NUM_BLOCK": 4,
        "CBLOCK": 32,
        "NUM_CBLOCK": 2,
    },
    grid="explicit",
)(jit(_bwd_inter_kernel))
