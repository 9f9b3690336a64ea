"""Sums, softmax, pooling and a triangular solve of flash-linear-attention 0.6.0."""

from fla.ops.utils.csr import prepare_block_csr_kernel
from fla.ops.utils.cumsum import (
    chunk_global_cumsum_scalar_kernel,
    chunk_local_cumsum_scalar_kernel,
    chunk_local_cumsum_vector_kernel,
)
from fla.ops.utils.logsumexp import logsumexp_fwd_kernel
from fla.ops.utils.pack import packunpack_sequence_kernel
from fla.ops.utils.pooling import mean_pooling_fwd_kernel
from fla.ops.utils.softmax import softmax_fwd_kernel
from fla.ops.utils.solve_tril import merge_16x16_to_64x64_inverse_kernel
from triton import cdiv

from codegen.export import export

from .declaring import each, jit, typed

export(
    "others.fla.chunk_local_cumsum_scalar",
    types=typed(
        "*fp32: s o",
        "fp32: scale",
        "i32: T",
    ),
    constexprs={
        "B": 2,
        "H": 4,
        "BT": 64,
        "REVERSE": False,
        "HAS_SCALE": True,
        "IS_VARLEN": False,
        **each(None, "cu_seqlens chunk_indices"),
    },
    grid=lambda T, B, H, BT: (cdiv(T, BT) * B * H,),
)(jit(chunk_local_cumsum_scalar_kernel))

export(
    "others.fla.merge_16x16_to_64x64_inverse",
    types=typed(
        "*fp32: A",
        "*bf16: Ai",
        "i32: T",
    ),
    constexprs={
        "H": 4,
        "BT": 64,
        "USE_TMA": False,
        "IS_VARLEN": False,
        "DOT_PRECISION": "ieee",
        **each(None, "cu_seqlens chunk_indices"),
    },
    grid="explicit",
    num_stages=2,
)(jit(merge_16x16_to_64x64_inverse_kernel))

export(
    "others.fla.chunk_local_cumsum_vector",
    types=typed(
        "*fp32: s o",
        "fp32: scale",
        "i32: T",
    ),
    constexprs={
        "B": 2,
        "H": 4,
        "S": 64,
        "BT": 64,
        "BS": 16,
        "REVERSE": False,
        "HAS_SCALE": True,
        "IS_VARLEN": False,
        **each(None, "cu_seqlens chunk_indices"),
    },
    grid=lambda T, B, H, S, BT, BS: (cdiv(S, BS) * cdiv(T, BT), B * H),
)(jit(chunk_local_cumsum_vector_kernel))

export(
    "others.fla.chunk_global_cumsum_scalar",
    types=typed(
        "*fp32: s o",
        "i32: T",
    ),
    constexprs={
        "B": 2,
        "H": 4,
        "BT": 32,
        "REVERSE": True,
        "HAS_SCALE": False,
        "IS_VARLEN": False,
        **each(None, "scale cu_seqlens"),
    },
    grid=lambda B, H: (B * H,),
    num_stages=1,
)(jit(chunk_global_cumsum_scalar_kernel))

export(
    "others.fla.mean_pooling_fwd",
    types=typed(
        "*bf16: x o",
        "i32: T",
    ),
    constexprs={
        "H": 2,
        "D": 64,
        "BT": 32,
        "BD": 16,
        "IS_VARLEN": False,
        **each(None, "cu_seqlens chunk_indices"),
    },
    grid="explicit",
)(jit(mean_pooling_fwd_kernel))

export(
    "others.fla.prepare_block_csr",
    types=typed(
        "*i64: block_indices",
        "i32: block_counts N T",
        "*i32: cursor csr_indices csr_offsets",
    ),
    constexprs={
        "H": 2,
        "S": 4,
        "BT": 128,
        "BS": 32,
        "TC": 4,
        "COUNT_ONLY": True,
        "USE_BLOCK_COUNTS": False,
        "IS_VARLEN": False,
        **each(None, "cu_seqlens chunk_offsets"),
    },
    grid="explicit",
)(jit(prepare_block_csr_kernel))

export(
    "others.fla.logsumexp_fwd",
    types=typed(
        "*bf16: x",
        "*fp32: z",
    ),
    constexprs={"D": 32000, "B": 32768, "HAS_SCALE": False, **each(None, "scale")},
    grid="explicit",
)(jit(logsumexp_fwd_kernel))

export(
    "others.fla.softmax_fwd",
    types=typed(
        "*bf16: x",
        "*fp32: p",
    ),
    constexprs={"D": 1024, "B": 1024},
    grid="explicit",
)(jit(softmax_fwd_kernel))

export(
    "others.fla.packunpack_sequence",
    types=typed(
        "*bf16: x y",
        "*i64: cu_seqlens",
        "i32:16: S D",
    ),
    constexprs={"BD": 512, "PADDING_SIDE": "left", "PACK": True},
    grid="explicit",
)(jit(packunpack_sequence_kernel))
