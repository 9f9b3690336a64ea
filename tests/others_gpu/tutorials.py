"""Softmax, dropout, layer norm and attention of Triton's own tutorials."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import torch

from .cases import EXACT, Call, Descriptor, Off, case, fp16, fp32, integers, normal, poisoned, zeros
from .formulas import mean_and_reciprocal_deviation

PROJECT = "tutorials"


def of_tutorial(name: str, kernel: str) -> Callable[..., Any]:
    return case(f"tutorials.{name}", kernel, PROJECT)


@of_tutorial("fused_softmax", "02-fused-softmax:softmax_kernel")
def fused_softmax() -> Iterable[Call]:
    for dtype in (fp32, fp16):
        x = normal(1823, 784, dtype=dtype)
        yield Call(
            {
                **{"output_ptr": poisoned(1823, 784, dtype=dtype), "input_ptr": x, "n_rows": 1823},
                **dict.fromkeys(("input_row_stride", "output_row_stride", "n_cols"), 784),
                **{"BLOCK_SIZE": 1024, "num_stages": 4},
            },
            grid=(264,),
            options={"num_warps": 8},
            expected={"output_ptr": Off(x.double().softmax(-1), 2e-3 if dtype is fp16 else None)},
            apart={"output_ptr": 1e-3} if dtype is fp16 else {},
        )


@of_tutorial("dropout", "04-low-memory-dropout:_dropout")
def dropout() -> Iterable[Call]:
    for dtype in (fp32, fp16):
        x, keep = normal(5000, dtype=dtype), integers(0, 2, 5000, dtype=torch.int32)
        yield Call(
            {
                **{"x_ptr": x, "x_keep_ptr": keep, "output_ptr": poisoned(5000, dtype=dtype)},
                **{"n_elements": 5000, "p": 0.25, "BLOCK_SIZE": 1024},
            },
            grid=(5,),
            expected={"output_ptr": torch.where(keep != 0, x.double() / 0.75, 0.0)},
        )


@of_tutorial("seeded_dropout", "04-low-memory-dropout:_seeded_dropout")
def seeded_dropout() -> Iterable[Call]:
    # What is dropped is told by Philox alone, the same with every compiler.
    for seed in (123, 2**40 + 5):
        yield Call(
            {
                **{"x_ptr": normal(5000), "output_ptr": poisoned(5000), "n_elements": 5000},
                **{"p": 0.5, "seed": seed, "BLOCK_SIZE": 1024},
            },
            grid=(5,),
            apart={"output_ptr": EXACT},
        )


@of_tutorial("layer_norm_fwd", "05-layer-norm:_layer_norm_fwd_fused")
def layer_norm_fwd() -> Iterable[Call]:
    for size, block in ((1808, 2048), (8192, 8192)):
        x, w, b = normal(151, size, dtype=fp16), normal(size, dtype=fp16), normal(size, dtype=fp16)
        m, scale = mean_and_reciprocal_deviation(x)
        yield Call(
            {
                **{"X": x, "Y": poisoned(151, size, dtype=fp16), "W": w, "B": b},
                **{"Mean": poisoned(151), "Rstd": poisoned(151), "stride": size, "N": size},
                **{"eps": 1e-6, "BLOCK_SIZE": block},
            },
            grid=(151,),
            options={"num_warps": 8},
            expected={
                "Y": (x.double() - m[:, None]) * scale[:, None] * w.double() + b.double(),
                "Mean": m,
                "Rstd": scale,
            },
            apart={"Mean": 1e-5},
        )


@of_tutorial("layer_norm_bwd_dx", "05-layer-norm:_layer_norm_bwd_dx_fused")
def layer_norm_bwd_dx() -> Iterable[Call]:
    rows, size, group = 151, 1808, 128
    x, w, dy = (normal(*s, dtype=fp16) for s in ((rows, size), (size,), (rows, size)))
    mean, scale = mean_and_reciprocal_deviation(x)
    unit = (x.double() - mean[:, None]) * scale[:, None]
    wdy = w.double() * dy.double()
    first, second = (unit * wdy).mean(-1, keepdim=True), wdy.mean(-1, keepdim=True)
    yield Call(
        {
            **{"DX": poisoned(rows, size, dtype=fp16), "DY": dy, "X": x, "W": w},
            **{"DW": zeros(group, size, dtype=fp16), "DB": zeros(group, size, dtype=fp16)},
            **{"Mean": mean.float(), "Rstd": scale.float(), "stride": size, "N": size},
            **{"Lock": zeros(2 * group, dtype=torch.int32)},
            **{"GROUP_SIZE_M": group, "BLOCK_SIZE_N": 2048},
        },
        grid=(rows,),
        options={"num_warps": 8},
        expected={"DX": (wdy - (unit * first + second)) * scale[:, None]},
        # Rows that share a lock come in any order; two of them here, so that no sum depends on it.
        apart={"DW": 1e-3, "DB": EXACT},
    )


@of_tutorial("layer_norm_bwd_dwdb", "05-layer-norm:_layer_norm_bwd_dwdb")
def layer_norm_bwd_dwdb() -> Iterable[Call]:
    dw, db = normal(96, 1808, dtype=fp16), normal(96, 1808, dtype=fp16)
    yield Call(
        {
            **{"DW": dw, "DB": db, "M": 96, "N": 1808, "BLOCK_SIZE_M": 32, "BLOCK_SIZE_N": 128},
            **{"FINAL_DW": poisoned(1808, dtype=fp16), "FINAL_DB": poisoned(1808, dtype=fp16)},
        },
        grid=(15,),
        expected={"FINAL_DW": dw.double().sum(0), "FINAL_DB": db.double().sum(0)},
    )


FORWARD = {"FP8_OUTPUT": False, "warp_specialize": False, "IS_HOPPER": False}
# Probabilities are rounded to fp16 before they are multiplied, and may be rounded the other way.
ATTENTION = 2e-3


def attended(
    q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, scale: float, is_causal: bool
) -> tuple[torch.Tensor, torch.Tensor]:
    """The output, and the logarithms (of base 2) of the sums, as the kernel keeps them."""
    scores = q.double() @ k.double().transpose(-1, -2) * scale
    if is_causal:
        length = scores.shape[-1]
        above = torch.ones(length, length, device=q.device, dtype=torch.bool).triu(1)
        scores = scores.masked_fill(above, float("-inf"))
    return scores.softmax(-1) @ v.double(), scores.logsumexp(-1) / math.log(2)


def forward(as_argument: Callable[[torch.Tensor, str], object]) -> Iterable[Call]:
    for size, stage, config in ((64, 3, 0), (128, 1, 0), (64, 1, 1)):
        batch, heads, length, scale = 2, 3, 512, 0.5 / math.sqrt(size)
        q, k, v = (normal(batch, heads, length, size, dtype=fp16) for _ in range(3))
        o, m = poisoned(*q.shape, dtype=fp16), poisoned(batch, heads, length)
        result, sums = attended(q, k, v, scale, stage == 3)
        given = {"desc_q": (q, "M"), "desc_k": (k, "N"), "desc_v": (v, "N"), "desc_o": (o, "M")}
        matrix = result.view(-1, size) if as_argument(o, "M") is not o else result
        yield Call(
            {
                **{name: as_argument(*pair) for name, pair in given.items()},
                **{"sm_scale": scale, "M": m, "Z": batch, "H": heads, "N_CTX": length},
                **{**FORWARD, "HEAD_DIM": size, "STAGE": stage},
            },
            grid=lambda META: (-(-META["N_CTX"] // META["BLOCK_M"]), META["Z"] * META["H"], 1),
            expected={"desc_o": Off(matrix, ATTENTION), "M": sums},
            apart={"desc_o": ATTENTION, "M": 1e-5},
            config=config,
        )


@of_tutorial("attention_fwd", "06-fused-attention:_attn_fwd")
def attention_fwd() -> Iterable[Call]:
    yield from forward(lambda tensor, block: tensor)


@of_tutorial("attention_fwd_tma", "06-fused-attention:_attn_fwd")
def attention_fwd_tma() -> Iterable[Call]:
    def described(tensor: torch.Tensor, block: str) -> Descriptor:
        matrix = tensor.view(-1, tensor.shape[-1])
        return Descriptor(matrix, lambda META: [META[f"BLOCK_{block}"], META["HEAD_DIM"]])

    yield from forward(described)


@of_tutorial("attention_bwd_preprocess", "06-fused-attention:_attn_bwd_preprocess")
def attention_bwd_preprocess() -> Iterable[Call]:
    batch, heads, length, size = 2, 3, 512, 64
    o, do = (normal(batch, heads, length, size, dtype=fp16) for _ in range(2))
    yield Call(
        {
            **{"O": o, "DO": do, "Delta": poisoned(batch, heads, length)},
            **{"Z": batch, "H": heads, "N_CTX": length, "BLOCK_M": 128, "HEAD_DIM": size},
        },
        grid=(length // 128, batch * heads),
        expected={"Delta": (o.double() * do.double()).sum(-1)},
    )


@of_tutorial("attention_bwd", "06-fused-attention:_attn_bwd")
def attention_bwd() -> Iterable[Call]:
    batch, heads, length = 2, 3, 512
    for size in (64, 128):
        scale = 0.5 / math.sqrt(size)
        q, k, v, do = (normal(batch, heads, length, size, dtype=fp16) for _ in range(4))
        # As the tutorial does it, the kernel gets keys that are scaled, rounded to fp16.
        scaled = k * (scale / math.log(2))
        unscaled = scaled.double() * math.log(2) / scale
        wide = [t.double().requires_grad_() for t in (q, unscaled, v)]
        o, sums = attended(wide[0], wide[1], wide[2], scale, True)
        o.backward(do.double())
        gradients = {f"D{n}": Off(t.grad, 5e-3) for n, t in zip("QKV", wide, strict=True)}
        yield Call(
            {
                **{"Q": q, "K": scaled, "V": v, "sm_scale": scale, "DO": do},
                **{f"D{name}": poisoned(*q.shape, dtype=fp16) for name in "QKV"},
                **{"M": sums.detach().float(), "D": (o.detach() * do.double()).sum(-1).float()},
                **{"stride_z": heads * length * size, "stride_h": length * size},
                **{"stride_tok": size, "stride_d": 1, "H": heads, "N_CTX": length},
                **{"BLOCK_M1": 32, "BLOCK_N1": 128, "BLOCK_M2": 128, "BLOCK_N2": 32},
                **{"BLK_SLICE_FACTOR": 2, "HEAD_DIM": size},
            },
            grid=(length // 128, 1, batch * heads),
            options={"num_warps": 4, "num_stages": 5},
            expected=gradients,
            apart=dict.fromkeys(("DQ", "DK", "DV"), ATTENTION),
        )
