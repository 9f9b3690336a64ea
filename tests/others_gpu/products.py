"""Products of matrices, attention and cross entropy of torchao, xformers and others."""

from __future__ import annotations

import math
from collections.abc import Iterable

import torch

from .cases import Call, Off, bf16, case, each, fp16, integers, normal, poisoned, zeros

CCE = "cut_cross_entropy"


@case(
    "others.torchao.scaled_int8_mm",
    "torchao.prototype.quantized_training.int8_mm:_scaled_int8_mm_kernel",
)
def scaled_int8_mm() -> Iterable[Call]:
    a, b = (integers(-128, 128, *shape, dtype=torch.int8) for shape in ((130, 512), (512, 272)))
    c, rows, columns = poisoned(130, 272), normal(130), normal(272)
    product = a.double() @ b.double() * rows.double()[:, None] * columns.double()
    yield Call(
        {
            **{"A_ptr": a, "B_ptr": b, "C_ptr": c, "row_scale_ptr": rows, "col_scale_ptr": columns},
            **{"M": 130, "N": 272, "K": 512, "stride_am": 512, "stride_ak": 1},
            **{"stride_bk": 272, "stride_bn": 1, "stride_cm": 272, "stride_cn": 1},
            "COL_SCALE_SCALAR": False,
        },
        grid=lambda META: (-(-META["M"] // META["BLOCK_M"]) * -(-META["N"] // META["BLOCK_N"]),),
        expected={"C_ptr": product},
    )


@case(f"others.{CCE}.cce_lse_forward", f"{CCE}.cce_lse_forward:_cce_lse_forward_kernel")
def cce_lse_forward() -> Iterable[Call]:
    from cut_cross_entropy.tl_utils import b_bin_fn

    rows, words, size = 100, 1040, 512
    e, c = normal(rows, size, dtype=bf16), (normal(words, size) / 16).to(bf16)
    logits = e.double() @ c.double().T
    lse = torch.full_like(poisoned(rows), float("-inf"))
    yield Call(
        {
            **{"E": e, "C": c, "LSE": lse, "LA": None, "Locks": locks(rows)},
            **{"Valids": None, "softcap": None, "B": rows, "V": words, "D": size},
            **{"stride_eb": size, "stride_cv": size, "num_locks": 1, "B_BIN": b_bin_fn(rows)},
            **each(1, "stride_ed stride_cd stride_lse_b stride_vb"),
        },
        grid=lambda META: (-(-rows // META["BLOCK_B"]) * -(-words // META["BLOCK_V"]),),
        expected={"LSE": logits.logsumexp(-1)},
        # The parts of a row's sum come in any order.
        apart={"LSE": 1e-5},
    )


def locks(rows: int) -> torch.Tensor:
    return zeros(-(-rows // 128), dtype=torch.int32).view(torch.uint32)


@case(f"others.{CCE}.indexed_neg_dot_forward", f"{CCE}.indexed_dot:_indexed_neg_dot_forward_kernel")
def indexed_neg_dot_forward() -> Iterable[Call]:
    from cut_cross_entropy.tl_utils import b_bin_fn

    rows, words, size = 100, 1040, 512
    e, c = normal(rows, size, dtype=bf16), (normal(words, size) / 16).to(bf16)
    places = integers(0, words, rows)
    products = (e * c[places]).double()  # each is rounded to bf16
    yield Call(
        {
            **{"E": e, "C": c, "Inds": places, "Valids": None, "Out": zeros(rows)},
            **{"B": rows, "D": size, "stride_eb": size, "stride_cv": size},
            **{"B_BIN": b_bin_fn(rows), "SHIFT": False},
            **each(1, "stride_ed stride_cd stride_ib stride_vb"),
        },
        grid=lambda META: (-(-rows // META["BLOCK_B"]) * -(-size // META["BLOCK_D"]),),
        expected={"Out": -products.sum(-1)},
        apart={"Out": 1e-5},
    )


@case(
    "others.mlstm_kernels.lightning_attn2_fwd",
    "mlstm_kernels.baselines.lightning_attention.lightning_attn2:_fwd_kernel",
)
def lightning_attn2_fwd() -> Iterable[Call]:
    batch, heads, length, size = 2, 4, 256, 128
    q, k, v = (normal(batch, heads, length, size, dtype=bf16) for _ in range(3))
    slopes = torch.tensor([2.0 ** -(n + 1) for n in range(heads)], device=q.device)
    places = torch.arange(length, device=q.device)
    distance = (places[:, None] - places[None, :]).double()
    decay = torch.exp(-slopes.double()[:, None, None] * distance).masked_fill(distance < 0, 0.0)
    result = (q.double() @ k.double().transpose(-1, -2) * decay) @ v.double()
    yield Call(
        {
            **{"Q": q, "K": k, "V": v, "S": slopes, "Out": poisoned(*v.shape, dtype=bf16)},
            **{"b": batch, "h": heads, "n": length, "d": size, "e": size},
            **{"BLOCK": 64, "NUM_BLOCK": 4, "BLOCK_MODEL": 32},
        },
        grid=(batch * heads, 4),
        # The kernel rounds products to bf16 before it multiplies them by the values.
        expected={"Out": Off(result, 1e-2)},
        apart={"Out": 4e-3},
    )


def quantised(x: torch.Tensor, block: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Codes, and the scale of each block of rows."""
    parts = x.split(block, 2)
    scales = torch.stack([part.abs().amax((2, 3)) / 127 for part in parts], -1)
    wide = scales.repeat_interleave(block, -1)[..., : x.shape[2], None]
    return (x / wide).round().to(torch.int8), scales.contiguous()


@case("others.sageattention.qk_int8_per_block", "sageattention.attn_qk_int8_per_block:_attn_fwd")
def qk_int8_per_block() -> Iterable[Call]:
    yield from attention(is_causal=False)


@case(
    "others.sageattention.qk_int8_per_block_causal",
    "sageattention.attn_qk_int8_per_block_causal:_attn_fwd",
)
def qk_int8_per_block_causal() -> Iterable[Call]:
    yield from attention(is_causal=True)


def attention(is_causal: bool) -> Iterable[Call]:
    batch, heads, length, size = 1, 16, 320, 128
    shape = (batch, heads, length, size)
    # The scores are logarithms of base 2: the scale is part of the queries.
    q, q_scale = quantised(normal(*shape) * (size**-0.5 / math.log(2)), 128)
    k, k_scale = quantised(normal(*shape), 64)
    v, out = normal(*shape, dtype=fp16), poisoned(*shape, dtype=fp16)
    wide_q = q.double() * q_scale.double().repeat_interleave(128, -1)[..., :length, None]
    wide_k = k.double() * k_scale.double().repeat_interleave(64, -1)[..., :length, None]
    scores = wide_q @ wide_k.transpose(-1, -2) * math.log(2)
    if is_causal:
        above = torch.ones(length, length, device=q.device, dtype=torch.bool).triu(1)
        scores = scores.masked_fill(above, float("-inf"))
    strides = {
        f"stride_{tensor}{axis}": step
        for tensor in "qkvo"
        for axis, step in zip("zhn", (heads * length * size, length * size, size), strict=True)
    }
    yield Call(
        {
            **{"Q": q, "K": k, "V": v, "Q_scale": q_scale, "K_scale": k_scale, "Out": out},
            **{**strides, "qo_len": length, "kv_len": length, "H": heads, "num_kv_groups": 1},
            **{"HEAD_DIM": size, "BLOCK_M": 128, "BLOCK_N": 64, "STAGE": 3 if is_causal else 1},
        },
        grid=(-(-length // 128), heads, batch),
        options={"num_warps": 8, "num_stages": 4},
        # Probabilities and their products with the values are of fp16.
        expected={"Out": Off(scores.softmax(-1) @ v.double(), 5e-3)},
        apart={"Out": 2e-3},
    )
