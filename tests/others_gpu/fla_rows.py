"""Norms, activations and sums of flash-linear-attention, with its heuristics and configurations."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch

from .cases import (
    DEVICE,
    EPSILON,
    EXACT,
    Call,
    bf16,
    case,
    each,
    fp16,
    fp32,
    integers,
    normal,
    poisoned,
    zeros,
)
from .declared import declared, pinned
from .formulas import mean_and_reciprocal_deviation, reciprocal_rms, silu

ACTIVATIONS = "fla.modules.activations.ops"
UTILS = "fla.ops.utils"


def packed(lengths: Sequence[int], chunk: int) -> dict[str, torch.Tensor]:
    """Where the sequences that are packed into one row begin, and the chunks of each."""
    starts = torch.tensor([0, *lengths], device=DEVICE).cumsum(0)
    places = [(n, i) for n, length in enumerate(lengths) for i in range(-(-length // chunk))]
    return {"cu_seqlens": starts, "chunk_indices": torch.tensor(places, device=DEVICE)}


def blocks(size: str, block: str, *more: int):
    """The grid of a kernel whose configuration says the block."""
    return lambda META: (-(-META[size] // META[block]), *more)


@case("others.fla.layer_norm_fwd", "fla.modules.norm.layernorm:layer_norm_fwd_kernel")
def layer_norm_fwd() -> Iterable[Call]:
    # The weights are of eight groups, which the rows take in turn.
    for dtype, is_biased in ((bf16, False), (fp16, True)):
        x, w, b = (normal(rows, 128, dtype=dtype) for rows in (104, 8, 8))
        mean, rstd = poisoned(104), poisoned(104)
        m, scale = mean_and_reciprocal_deviation(x)
        expected = (x.double() - m[:, None]) * scale[:, None] * w.double().repeat(13, 1)
        yield Call(
            {
                **{"x": x, "y": poisoned(104, 128, dtype=dtype), "w": w, "mean": mean},
                **{"rstd": rstd, "eps": EPSILON, "T": 104, "b": b if is_biased else None},
                **{**each(None, "res res_out"), "G": 8, "D": 128, "BD": 128, "NB": 1},
                "IS_RMS_NORM": False,
            },
            grid=blocks("T", "BT"),
            expected={
                "y": expected + b.double().repeat(13, 1) if is_biased else expected,
                "mean": m,
                "rstd": scale,
            },
            apart={"mean": 1e-5},
        )


@case(
    "others.fla.layer_norm_gated_fwd",
    "fla.modules.norm.fused_norm_gate:layer_norm_gated_fwd_kernel",
)
def layer_norm_gated_fwd() -> Iterable[Call]:
    x, g, w = (normal(*shape, dtype=bf16) for shape in ((100, 128), (100, 128), (128,)))
    scale = reciprocal_rms(x)
    yield Call(
        {
            **{"x": x, "g": g, "w": w, "y": poisoned(100, 128, dtype=bf16)},
            **{"rstd": poisoned(100), "eps": EPSILON, "T": 100, "D": 128, "BD": 128, "NB": 1},
            **each(None, "b residual residual_out mean"),
            **{"ACTIVATION": "swish", "IS_RMS_NORM": True},
        },
        grid=blocks("T", "BT"),
        expected={
            "y": x.double() * scale * w.double() * silu(g.double()),
            "rstd": scale.flatten(),
        },
    )


@case("others.fla.l2norm_fwd", "fla.modules.norm.l2norm:l2norm_fwd_kernel")
def l2norm_fwd() -> Iterable[Call]:
    size = pinned("others.fla.l2norm_fwd", "D", 64)
    x = normal(100, size, dtype=bf16)
    scale = torch.rsqrt(x.double().square().sum(-1, keepdim=True) + EPSILON)
    yield Call(
        {
            **{"x": x, "y": poisoned(100, size, dtype=bf16), "rstd": poisoned(100)},
            **{"eps": EPSILON, "T": 100, "D": size, "BD": size, "NB": 1},
        },
        grid=blocks("T", "BT"),
        expected={"y": x.double() * scale, "rstd": scale.flatten()},
    )


@case("others.fla.l2norm_bwd", "fla.modules.norm.l2norm:l2norm_bwd_kernel")
def l2norm_bwd() -> Iterable[Call]:
    size = pinned("others.fla.l2norm_bwd", "D", 64)
    x, dy = normal(100, size, dtype=bf16), normal(100, size, dtype=bf16)
    rstd = torch.rsqrt(x.double().square().sum(-1, keepdim=True) + EPSILON)
    y = (x.double() * rstd).to(bf16)
    dot = (dy.double() * y.double()).sum(-1, keepdim=True)
    yield Call(
        {
            **{"y": y, "dy": dy, "dx": poisoned(100, size, dtype=bf16)},
            **{"rstd": rstd.float().flatten(), "eps": EPSILON, "T": 100},
            **{"D": size, "BD": size, "NB": 1},
        },
        grid=blocks("T", "BT"),
        expected={"dx": (dy.double() - dot * y.double()) * rstd},
    )


@case("others.fla.swiglu_fwd", f"{ACTIVATIONS}:swiglu_fwd_kernel")
def swiglu_fwd() -> Iterable[Call]:
    x, y = normal(21, 1024, dtype=bf16), normal(21, 1024, dtype=bf16)
    yield Call(
        {
            **{"x": x, "y": y, "z": poisoned(21, 1024, dtype=bf16), "T": x.numel(), "D": 1024},
            **each(1024, "stride_x_row stride_y_row stride_z_row"),
        },
        grid=blocks("T", "B"),
        expected={"z": silu(x.double()) * y.double()},
    )


@case("others.fla.swiglu_fwdbwd", f"{ACTIVATIONS}:swiglu_fwdbwd_kernel")
def swiglu_fwdbwd() -> Iterable[Call]:
    x, y, g = (normal(21, 1024, dtype=bf16) for _ in range(3))
    wide, up = (tensor.double().requires_grad_() for tensor in (x, y))
    (silu(wide) * up).backward(g.double())
    assert wide.grad is not None and up.grad is not None
    strides = each(1024, "stride_x_row stride_y_row stride_g_row stride_dx_row stride_dy_row")
    for z in (None, poisoned(21, 1024, dtype=bf16)):
        expected = {"dx": wide.grad, "dy": up.grad}
        if z is not None:
            expected["z"] = silu(x.double()) * y.double()
        yield Call(
            {
                **{"x": x, "y": y, "g": g, "z": z, "T": x.numel(), "D": 1024},
                **{"dx": poisoned(21, 1024, dtype=bf16), "dy": poisoned(21, 1024, dtype=bf16)},
                **{**strides, "stride_z_row": 1024},
            },
            grid=blocks("T", "B"),
            expected=expected,
        )


@case("others.fla.logsigmoid_fwd", f"{ACTIVATIONS}:logsigmoid_fwd_kernel")
def logsigmoid_fwd() -> Iterable[Call]:
    x = normal(21, 1024, dtype=bf16)
    yield Call(
        {
            **{"x": x, "y": poisoned(21, 1024, dtype=bf16), "T": x.numel(), "D": 1024},
            **{**each(1024, "stride_x_row stride_y_row"), "temperature": 0.5},
        },
        grid=blocks("T", "B"),
        expected={"y": torch.nn.functional.logsigmoid(x.double()) / 0.5},
    )


@case("others.fla.logsumexp_fwd", f"{UTILS}.logsumexp:logsumexp_fwd_kernel")
def logsumexp_fwd() -> Iterable[Call]:
    size = pinned("others.fla.logsumexp_fwd", "D", 32000)
    block = pinned("others.fla.logsumexp_fwd", "B", 32768)
    pieces = -(-size // block)
    x = normal(7, size, dtype=declared("others.fla.logsumexp_fwd", "x", bf16))
    wide = torch.nn.functional.pad(x.double(), (0, pieces * block - size), value=float("-inf"))
    yield Call(
        {"x": x, "z": poisoned(7, pieces), "scale": None, "D": size, "B": block},
        grid=(7, pieces),
        expected={"z": wide.view(7, pieces, block).logsumexp(-1)},
    )


@case("others.fla.softmax_fwd", f"{UTILS}.softmax:softmax_fwd_kernel")
def softmax_fwd() -> Iterable[Call]:
    size = pinned("others.fla.softmax_fwd", "D", 1024)
    x = normal(30, size, dtype=declared("others.fla.softmax_fwd", "x", bf16))
    block = 1 << (size - 1).bit_length()
    yield Call(
        {"x": x, "p": poisoned(30, size, dtype=fp32), "D": size, "B": block},
        grid=(30,),
        expected={"p": x.double().softmax(-1)},
    )


@case("others.fla.chunk_local_cumsum_scalar", f"{UTILS}.cumsum:chunk_local_cumsum_scalar_kernel")
def chunk_local_cumsum_scalar() -> Iterable[Call]:
    s = normal(2, 200, 4)
    total = torch.cat([part.cumsum(1) for part in s.double().split(64, 1)], 1) / 2
    yield Call(
        {
            **{"s": s, "o": poisoned(2, 200, 4), "scale": 0.5, "T": 200, "B": 2, "H": 4, "BT": 64},
            **{**each(None, "cu_seqlens chunk_indices"), "REVERSE": False},
        },
        grid=lambda META: (-(-META["T"] // META["BT"]) * META["B"] * META["H"],),
        expected={"o": total},
    )
    # Two sequences in one row, of 77 and of 123: the chunks of each begin where it does.
    s = normal(1, 200, 4)
    sequences = s.double().split((77, 123), 1)
    total = torch.cat([part.cumsum(1) for one in sequences for part in one.split(64, 1)], 1) / 2
    yield Call(
        {
            **{"s": s, "o": poisoned(1, 200, 4), "scale": 0.5, "T": 200, "B": 1, "H": 4, "BT": 64},
            **{**packed((77, 123), 64), "REVERSE": False},
        },
        grid=lambda META: (4 * META["H"],),
        expected={"o": total},
    )


@case("others.fla.chunk_local_cumsum_vector", f"{UTILS}.cumsum:chunk_local_cumsum_vector_kernel")
def chunk_local_cumsum_vector() -> Iterable[Call]:
    batch = pinned("others.fla.chunk_local_cumsum_vector", "B", 2)
    s = normal(batch, 200, 4, 64)
    total = torch.cat([part.cumsum(1) for part in s.double().split(64, 1)], 1) / 2
    yield Call(
        {
            **{"s": s, "o": poisoned(*s.shape), "scale": 0.5, "T": 200, "B": batch, "H": 4},
            **{"S": 64, "BT": 64, "REVERSE": False, **each(None, "cu_seqlens chunk_indices")},
        },
        grid=lambda META: (-(-64 // META["BS"]) * -(-200 // META["BT"]), batch * 4),
        expected={"o": total},
    )


@case("others.fla.chunk_global_cumsum_scalar", f"{UTILS}.cumsum:chunk_global_cumsum_scalar_kernel")
def chunk_global_cumsum_scalar() -> Iterable[Call]:
    s = normal(2, 200, 4)
    yield Call(
        {
            **{"s": s, "o": poisoned(2, 200, 4), "T": 200, "B": 2, "H": 4, "REVERSE": True},
            **each(None, "scale cu_seqlens"),
        },
        grid=(8,),
        expected={"o": s.double().flip(1).cumsum(1).flip(1)},
    )


@case("others.fla.mean_pooling_fwd", f"{UTILS}.pooling:mean_pooling_fwd_kernel")
def mean_pooling_fwd() -> Iterable[Call]:
    x = normal(2, 200, 2, 64, dtype=bf16)
    parts = [part.mean(1) for part in x.double().split(32, 1)]
    yield Call(
        {
            **{"x": x, "o": poisoned(2, len(parts), 2, 64, dtype=bf16), "T": 200, "H": 2, "D": 64},
            **{"BT": 32, **each(None, "cu_seqlens chunk_indices")},
        },
        grid=lambda META: (-(-64 // META["BD"]) * len(parts), 4),
        expected={"o": torch.stack(parts, 1)},
    )
    x = normal(1, 200, 2, 64, dtype=fp16)
    packed_parts = [
        part.mean(1) for one in x.double().split((77, 123), 1) for part in one.split(32, 1)
    ]
    yield Call(
        {
            **{"x": x, "o": poisoned(1, len(packed_parts), 2, 64, dtype=fp16), "T": 200, "H": 2},
            **{"D": 64, "BT": 32, **packed((77, 123), 32)},
        },
        grid=lambda META: (-(-64 // META["BD"]) * len(packed_parts), 2),
        expected={"o": torch.stack(packed_parts, 1)},
    )


@case("others.fla.rotary_embedding", "fla.modules.rotary.ops:rotary_embedding_kernel")
def rotary_embedding() -> Iterable[Call]:
    batch, length, heads, size, offset, positions = 2, 100, 4, 64, 5, 128
    x = normal(batch, length, heads, size, dtype=bf16)
    angles = normal(positions, size // 2)
    cos, sin = angles.cos().to(bf16), angles.sin().to(bf16)
    c, s = (t.double()[offset : offset + length, None] for t in (cos, sin))
    left, right = x.double().chunk(2, -1)
    yield Call(
        {
            **{"x": x, "cos": cos, "sin": sin, "y": poisoned(*x.shape, dtype=bf16)},
            **{**each(None, "cu_seqlens chunk_indices"), "seq_offsets": offset, "T": length},
            **{"B": batch, "H": heads, "D": size, "R": size // 2, "TR": positions},
            **{"BT": pinned("others.fla.rotary_embedding", "BT", 128), "BD": size},
            **each(False, "IS_SEQLEN_OFFSETS_TENSOR IS_VARLEN INTERLEAVED CONJUGATE"),
        },
        grid=lambda META: (-(-length // META["BT"]), batch, heads),
        expected={"y": torch.cat([left * c - right * s, left * s + right * c], -1)},
    )


@case(
    "others.fla.cross_entropy_fwd", "fla.modules.fused_cross_entropy.ops:cross_entropy_fwd_kernel"
)
def cross_entropy_fwd() -> Iterable[Call]:
    rows, columns = 7, 32000
    logits, target = normal(rows, columns, dtype=bf16), integers(0, columns, rows)
    wide = logits.double()
    yield Call(
        {
            **{"logits": logits, "target": target, "loss": poisoned(1, rows)},
            **{"z_loss": zeros(1, rows), "lse": poisoned(1, rows), "s_logits": columns},
            **{"N": rows, "V": columns, "V_TOTAL": columns, "V_START": 0, "BV": 32768},
            **{"label_smoothing": 0.0, "logit_scale": 1.0, "lse_square_scale": 0.0},
            **{"logit_softcapping": None, "ignore_index": -100, "SPLIT": False},
        },
        grid=(rows, 1),
        options={"num_warps": 16},
        expected={
            "loss": torch.nn.functional.cross_entropy(wide, target, reduction="none")[None],
            "lse": wide.logsumexp(-1)[None],
        },
    )


@case("others.fla.token_shift_fwd_short", "fla.modules.token_shift:token_shift_fwd_kernel_short")
def token_shift_fwd_short() -> Iterable[Call]:
    x = normal(2, 50, 512, dtype=bf16)
    before = torch.nn.functional.pad(x.double(), (0, 0, 1, 0))[:, :-1]
    yield Call(
        {
            **{"x": x, "y": poisoned(2, 50, 512, dtype=bf16), "T": 50, "D": 512, "BD": 512},
            **{**each(None, "cu_seqlens cache cache_out"), "IS_DECODE": False},
        },
        grid=(2, 50),
        expected={"y": before - x.double()},
        apart={"y": EXACT},
    )
