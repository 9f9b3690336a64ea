"""Norms, activations and gathers of conch-triton-kernels and xformers."""

from __future__ import annotations

from collections.abc import Iterable

import torch

from .cases import (
    DEVICE,
    EPSILON,
    EXACT,
    Call,
    Off,
    bf16,
    case,
    each,
    fp16,
    integers,
    normal,
    poisoned,
)
from .formulas import reciprocal_rms, silu

ROWS = {"num_warps": 8}


@case("others.conch.rms_norm", "conch.kernels.normalization.rms_norm:_rms_norm_kernel")
def conch_rms_norm() -> Iterable[Call]:
    # The whole block: what lies beyond a row is loaded without a default and summed.
    x, w, y = normal(23, 4096, dtype=bf16), normal(4096, dtype=bf16), poisoned(23, 4096).to(bf16)
    yield Call(
        {
            **{"output_ptr": y, "x_ptr": x, "residual_ptr": None, "weight_ptr": w},
            **{"hidden_size": 4096, "epsilon": EPSILON},
            **{"cxpr_block_size": 4096, "cxpr_use_residual": False},
        },
        grid=(23,),
        expected={"output_ptr": x.double() * reciprocal_rms(x) * w.double()},
    )


@case(
    "others.conch.gemma_rms_norm_inplace",
    "conch.kernels.normalization.gemma_rms_norm:_gemma_rms_norm_inplace_kernel",
)
def gemma_rms_norm_inplace() -> Iterable[Call]:
    x, w = normal(23, 4096, dtype=bf16), normal(4096, dtype=bf16)
    yield Call(
        {
            **{"x_ptr": x, "weights_ptr": w, "hidden_size": 4096, "eps": EPSILON},
            "cxpr_block_size": 4096,
        },
        grid=(23,),
        expected={"x_ptr": x.double() * reciprocal_rms(x) * (1 + w.double())},
    )


@case("others.conch.silu_and_mul", "conch.kernels.activation.silu_and_mul:_silu_and_mul_kernel")
def silu_and_mul() -> Iterable[Call]:
    x, y = normal(23, 3008, dtype=bf16), poisoned(23, 1504, dtype=bf16)
    gate, up = x.double().chunk(2, -1)
    yield Call(
        {
            **{"output_ptr": y, "x_ptr": x, "output_stride": 1504, "input_stride": 3008},
            **{"d": 1504, "cxpr_block_size": 1024},
        },
        grid=(23,),
        expected={"output_ptr": silu(gate) * up},
    )


@case(
    "others.conch.gelu_tanh_and_mul",
    "conch.kernels.activation.gelu_tanh_and_mul:_gelu_tanh_and_mul_kernel",
)
def gelu_tanh_and_mul() -> Iterable[Call]:
    x, y = normal(23, 3008), poisoned(23, 1504)
    gate, up = x.double().chunk(2, -1)
    yield Call(
        {
            **{"out_ptr": y, "in_ptr": x, "out_stride": 1504, "in_stride": 3008, "d": 1504},
            **{"cxpr_block_size": 256, "cxpr_kappa": 0.044715},
            "cxpr_beta": 0.7978845608028654,
        },
        grid=(23,),
        expected={"out_ptr": torch.nn.functional.gelu(gate, approximate="tanh") * up},
    )


@case(
    "others.conch.conch_rotary_embedding",
    "conch.kernels.embedding.rotary_embedding:_rotary_embedding_kernel",
)
def conch_rotary_embedding() -> Iterable[Call]:
    tokens, heads, kv_heads, size = 19, 16, 4, 128
    query, key = (normal(tokens, count * size, dtype=bf16) for count in (heads, kv_heads))
    angles = normal(50, size // 2).double()
    cache = torch.cat([angles.cos(), angles.sin()], -1).to(bf16)
    positions = integers(0, 50, tokens)
    cos, sin = cache[positions].double().chunk(2, -1)

    def turned(x: torch.Tensor) -> torch.Tensor:
        left, right = x.double().view(tokens, -1, 2, size // 2).unbind(2)
        c, s = cos[:, None], sin[:, None]
        return torch.cat([left * c - right * s, right * c + left * s], -1).view(x.shape)

    yield Call(
        {
            **{"positions_ptr": positions, "query_ptr": query, "key_ptr": key},
            **{"cos_sin_cache_ptr": cache, "rot_dim": size, "head_size": size},
            **{"query_stride": heads * size, "key_stride": kv_heads * size},
            **{"num_heads": heads, "num_kv_heads": kv_heads, "cxpr_block_size": size},
        },
        grid=(tokens,),
        # The factors are multiplied and summed in bf16.
        expected={"query_ptr": Off(turned(query), 1e-2), "key_ptr": Off(turned(key), 1e-2)},
        apart=dict.fromkeys(("query_ptr", "key_ptr"), 4e-3),
    )


@case("others.xformers.rms_norm_add", "xformers.ops._triton.rmsnorm_kernels:_rms_norm_add_kernel")
def rms_norm_add() -> Iterable[Call]:
    x, y, w = (normal(*shape, dtype=bf16) for shape in ((23, 4096), (23, 4096), (4096,)))
    total, result = x.double() + y.double(), poisoned(23, 4096, dtype=bf16)
    yield Call(
        {
            **{"x_ptr": x, "y_ptr": y, "h1_ptr": result, "w_ptr": w, "eps": EPSILON},
            **{**each(4096, "stride N_COLS BLOCK_SIZE"), "INCLUDE_WEIGHT": True},
        },
        grid=(23,),
        options=ROWS,
        expected={"x_ptr": total, "h1_ptr": total * reciprocal_rms(total) * w.double()},
    )


@case("others.xformers.xformers_rms_norm", "xformers.ops._triton.rmsnorm_kernels:_rms_norm_kernel")
def xformers_rms_norm() -> Iterable[Call]:
    for dtype in (fp16, bf16):
        x, w = normal(23, 4096, dtype=dtype), normal(4096, dtype=dtype)
        yield Call(
            {
                **{"x_ptr": x, "h1_ptr": poisoned(23, 4096, dtype=dtype), "w_ptr": w},
                **{**each(4096, "stride N_COLS BLOCK_SIZE"), "INCLUDE_WEIGHT": True},
                "eps": EPSILON,
            },
            grid=(23,),
            options=ROWS,
            expected={"h1_ptr": x.double() * reciprocal_rms(x) * w.double()},
        )


@case(
    "others.xformers.index_select_cat_fwd",
    "xformers.ops._triton.k_index_select_cat:index_select_cat_fwd_kernel",
)
def index_select_cat_fwd() -> Iterable[Call]:
    source, index = normal(70, 1200, dtype=fp16), integers(0, 70, 41)
    output = poisoned(41, 1200, dtype=fp16)
    yield Call(
        {
            **{"output_ptr": output, "source_ptr": source, "index_ptr": index},
            **{"num_indices": 41, "num_cols": 1200, "stride0": 1200, "stride1": 1},
            **{"BLOCK_SIZE_INDEX": 1, "BLOCK_SIZE_COL": 512},
        },
        grid=(41, 3),
        expected={"output_ptr": Off(source[index].double(), EXACT)},
        apart={"output_ptr": EXACT},
    )


@case(
    "others.xformers.scaled_index_add_fwd",
    "xformers.ops._triton.k_scaled_index_add:scaled_index_add_fwd_kernel",
)
def scaled_index_add_fwd() -> Iterable[Call]:
    x, source, scaling = (normal(*s, dtype=fp16) for s in ((9, 5, 1200), (6, 5, 1200), (1200,)))
    index = torch.randperm(9, device=DEVICE)[:6].contiguous()
    total = x.double().index_add(0, index, source.double() * scaling.double(), alpha=0.5)
    yield Call(
        {
            **{"input_ptr": x, "source_ptr": source, "scaling_ptr": scaling, "index_ptr": index},
            **{"num_inp_indices": 9, "num_src_indices": 6, "num_rows": 5, "num_cols": 1200},
            **{"alpha": 0.5, "stride0": 6000, "stride1": 1200, "stride2": 1},
            **{"BLOCK_SIZE_INDEX": 1, "BLOCK_SIZE_ROW": 1, "BLOCK_SIZE_COL": 512},
            "HAS_SCALING": True,
        },
        grid=(6, 5, 3),
        expected={"input_ptr": total},
    )
