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

from .declaring import each, typed
from .fla_packing import PACKED, STATES, chunks

export(
    "others.fla.chunk_local_cumsum_scalar",
    types=typed("*fp32: s o", "fp32: scale", *PACKED, "i32: T"),
    constexprs={"B": [1, 2], "H": 4, "BT": 64, "REVERSE": False},
    shapes={"s": ("B", "T", "H"), "o": ("B", "T", "H")},
    grid=lambda T, B, H, BT, chunk_indices: (chunks(T, BT, chunk_indices) * B * H,),
    configs=[{"num_warps": 4}],
)(chunk_local_cumsum_scalar_kernel)

export(
    "others.fla.merge_16x16_to_64x64_inverse",
    types=typed("*fp32: A", "*bf16: Ai", *PACKED, "i32: T"),
    constexprs={"H": 4, "BT": 64, "USE_TMA": False},
    grid=lambda A, T, H, BT, chunk_indices: (chunks(T, BT, chunk_indices), A.shape[0] * H),
    configs=[{"num_warps": 4, "num_stages": 2, "DOT_PRECISION": "ieee"}],
)(merge_16x16_to_64x64_inverse_kernel)

export(
    "others.fla.chunk_local_cumsum_vector",
    types=typed("*fp32: s o", "fp32 | None: scale", *PACKED, "i32: T"),
    constexprs={"B": 1, "H": 4, "S": 64, "BT": 64, "REVERSE": False},
    shapes={"s": ("B", "T", "H", "S"), "o": ("B", "T", "H", "S")},
    grid=lambda META: (
        cdiv(META["S"], META["BS"]) * chunks(META["T"], META["BT"], META["chunk_indices"]),
        META["B"] * META["H"],
    ),
    configs=[{"BS": 32, "num_warps": 4}],
)(chunk_local_cumsum_vector_kernel)

export(
    "others.fla.chunk_global_cumsum_scalar",
    types=typed("*fp32: s o", "i32: T"),
    constexprs={"B": 2, "H": 4, "REVERSE": [False, True], **each(None, "scale cu_seqlens")},
    shapes={"s": ("B", "T", "H"), "o": ("B", "T", "H")},
    grid=lambda B, H: (B * H,),
    configs=[{"BT": 128, "num_warps": 4, "num_stages": 2}],
    tuned={(2, 4, False, True): {"BT": 32, "num_warps": 2, "num_stages": 1}},
)(chunk_global_cumsum_scalar_kernel)

export(
    "others.fla.mean_pooling_fwd",
    types=typed("*fp16 | *bf16: x o", *PACKED, "i32: T"),
    constexprs={"H": 2, "D": 64, "BT": 32},
    grid=lambda x, T, H, D, BT, BD, chunk_indices: (
        cdiv(D, BD) * chunks(T, BT, chunk_indices),
        x.shape[0] * H,
    ),
    configs=[{"BD": 16, "num_warps": 4}],
)(mean_pooling_fwd_kernel)

export(
    "others.fla.prepare_block_csr",
    types=typed(
        "*i64: block_indices",
        "i32: block_counts N T",
        "*i32: cursor csr_indices csr_offsets",
        *STATES,
    ),
    constexprs={"H": 2, "S": 4, "BT": 128, "BS": 32, "TC": 4, "COUNT_ONLY": [True, False]},
    grid=lambda block_indices, T, H, BT: (cdiv(T, BT), block_indices.shape[0] * H),
)(prepare_block_csr_kernel)

export(
    "others.fla.logsumexp_fwd",
    types=typed("*fp16 | *bf16: x", "*fp32: z", "fp32 | None: scale"),
    constexprs={"D": 32000, "B": 32768},
    grid=lambda x, D, B: (x.numel() // D, cdiv(D, B)),
    configs=[{"num_warps": 8}],
)(logsumexp_fwd_kernel)

export(
    "others.fla.softmax_fwd",
    types=typed("*fp16 | *bf16: x", "*fp32: p"),
    constexprs={"D": 1024, "B": 1024},
    grid=lambda x, D: (x.numel() // D,),
    configs=[{"num_warps": 4}, {"num_warps": 8}],
)(softmax_fwd_kernel)

export(
    "others.fla.packunpack_sequence",
    types=typed("*bf16: x y", "*i64: cu_seqlens", "i32:16: S D"),
    constexprs={"BD": 512, "PADDING_SIDE": "left", "PACK": [True, False]},
    grid=lambda x, y, S, D, BD, PACK: (cdiv(D, BD) * S * (x.shape[0] if PACK else y.shape[0]),),
    configs=[{"num_warps": 4}],
    tuned={(4096, "left", True): {"num_warps": 8}},
)(packunpack_sequence_kernel)
