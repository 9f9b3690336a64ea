"""Delta rules by chunks, and step by step, of flash-linear-attention."""

from __future__ import annotations

from collections.abc import Iterable

import torch

from .cases import Call, bf16, case, each, fp32, normal, poisoned, zeros
from .declared import declared, pinned

COMMON = "fla.ops.common"
GATED = "fla.ops.gated_delta_rule"
BATCH, LENGTH, HEADS, KEYS, VALUES, CHUNK = 2, 200, 4, 64, 128, 64
CHUNKS = -(-LENGTH // CHUNK)
SIZES = {"T": LENGTH, "H": HEADS, "HV": HEADS, "K": KEYS, "BT": CHUNK}
PACKED = each(None, "cu_seqlens chunk_indices")
# Products in bf16 of what was itself rounded to bf16, which may have gone the other way.
ROUNDED = 4e-3


def keys() -> torch.Tensor:
    """Keys of norm 1."""
    return torch.nn.functional.normalize(normal(BATCH, LENGTH, HEADS, KEYS), dim=-1).to(bf16)


def values() -> torch.Tensor:
    return normal(BATCH, LENGTH, HEADS, VALUES, dtype=bf16)


def strengths() -> torch.Tensor:
    return torch.sigmoid(normal(BATCH, LENGTH, HEADS)).to(bf16)


def decays() -> torch.Tensor:
    """Logarithms of decays, summed up within each chunk."""
    steps = torch.nn.functional.logsigmoid(normal(BATCH, LENGTH, HEADS)) / 8
    return torch.cat([part.cumsum(1) for part in steps.split(CHUNK, 1)], 1).contiguous()


def triangular() -> torch.Tensor:
    """A lower triangle with ones on the diagonal for each chunk, as a solved system gives."""
    places = torch.arange(LENGTH) % CHUNK
    below = places[:, None] > torch.arange(CHUNK)[None, :]
    diagonal = places[:, None] == torch.arange(CHUNK)[None, :]
    parts = normal(BATCH, LENGTH, HEADS, CHUNK) / 16
    below, diagonal = below.to(parts.device), diagonal.to(parts.device)
    return (parts * below[:, None] + diagonal[:, None].float()).to(bf16)


def of_kernel(export: str, parameter: str, tensor: torch.Tensor) -> torch.Tensor:
    """The tensor in the dtype that the wrapper takes."""
    return tensor.to(declared(export, parameter, tensor.dtype))


@case(
    "others.fla.chunk_scaled_dot_kkt_fwd",
    f"{COMMON}.chunk_scaled_dot_kkt:chunk_scaled_dot_kkt_fwd_kernel",
)
def chunk_scaled_dot_kkt_fwd() -> Iterable[Call]:
    k, beta = keys(), strengths()
    yield Call(
        {
            **{"k": k, "g": None, "beta": beta, "A": poisoned(BATCH, LENGTH, HEADS, CHUNK)},
            **PACKED,
            **SIZES,
        },
        grid=(CHUNKS, BATCH * HEADS),
        apart={"A": 1e-5},
    )


@case(
    "others.fla.merge_16x16_to_64x64_inverse",
    "fla.ops.utils.solve_tril:merge_16x16_to_64x64_inverse_kernel",
)
def merge_16x16_to_64x64_inverse() -> Iterable[Call]:
    name = "others.fla.merge_16x16_to_64x64_inverse"
    unit = triangular().float()
    diagonal = torch.eye(CHUNK, device=unit.device).repeat(CHUNKS, 1)[:LENGTH, None]
    strict = unit - diagonal
    # One system for each chunk; the last is cut short.
    whole = torch.nn.functional.pad(unit, (0, 0, 0, 0, 0, CHUNKS * CHUNK - LENGTH))
    systems = whole.view(BATCH, CHUNKS, CHUNK, HEADS, CHUNK).transpose(2, 3).double()
    systems[:, -1, :, LENGTH % CHUNK :] = torch.eye(CHUNK, device=unit.device)[LENGTH % CHUNK :]
    solved = torch.linalg.inv(systems).transpose(2, 3).reshape(BATCH, -1, HEADS, CHUNK)
    result = of_kernel(name, "Ai", zeros(BATCH, LENGTH, HEADS, CHUNK, dtype=bf16))
    yield Call(
        {
            **{"A": strict, "Ai": result, **PACKED, "T": LENGTH, "H": HEADS, "BT": CHUNK},
            "USE_TMA": False,
        },
        grid=(CHUNKS, BATCH * HEADS),
        expected={"Ai": solved[:, :LENGTH]},
    )


@case("others.fla.recompute_w_u_fwd", f"{GATED}.wy_fast:recompute_w_u_fwd_kernel")
def recompute_w_u_fwd() -> Iterable[Call]:
    k, v, beta, a = keys(), values(), strengths(), triangular()
    yield Call(
        {
            **{"k": k, "v": v, "beta": beta, "A": a, "g": decays(), **PACKED, **SIZES},
            **{"w": poisoned(*k.shape, dtype=bf16), "u": poisoned(*v.shape, dtype=bf16)},
            **{"V": VALUES, "BK": 64, "BV": 64},
        },
        grid=(CHUNKS, BATCH * HEADS),
        apart=dict.fromkeys("wu", ROUNDED),
    )


@case(
    "others.fla.chunk_gated_delta_rule_fwd_kkt_solve",
    f"{GATED}.chunk_fwd:chunk_gated_delta_rule_fwd_kkt_solve_kernel",
)
def chunk_gated_delta_rule_fwd_kkt_solve() -> Iterable[Call]:
    yield Call(
        {
            **{"k": keys(), "g": decays(), "beta": strengths(), **PACKED, **SIZES, "BC": 16},
            "A": zeros(BATCH, LENGTH, HEADS, CHUNK, dtype=bf16),
        },
        grid=(CHUNKS, BATCH * HEADS),
        apart={"A": ROUNDED},
    )


@case(
    "others.fla.chunk_gated_delta_rule_fwd_h_blockdim64",
    f"{COMMON}.chunk_delta_h:chunk_gated_delta_rule_fwd_kernel_h_blockdim64",
)
def chunk_gated_delta_rule_fwd_h() -> Iterable[Call]:
    k, v = keys(), values()
    yield Call(
        {
            **{"k": k, "v": v, "w": (k / 2).to(bf16), "v_new": poisoned(*v.shape, dtype=bf16)},
            **{"g": decays(), "h": poisoned(BATCH, CHUNKS, HEADS, KEYS, VALUES, dtype=bf16)},
            **{"ht": poisoned(BATCH, HEADS, KEYS, VALUES, dtype=fp32)},
            **{**SIZES, "V": VALUES, "STATE_V_FIRST": False},
            **each(None, "gk h0 cu_seqlens chunk_offsets"),
        },
        grid=lambda META: (-(-VALUES // META["BV"]) * BATCH * HEADS,),
        apart={"v_new": ROUNDED, "h": ROUNDED, "ht": ROUNDED},
    )


@case("others.fla.chunk_fwd_o", f"{COMMON}.chunk_o:chunk_fwd_kernel_o")
def chunk_fwd_o() -> Iterable[Call]:
    q, k, v = keys(), keys(), values()
    yield Call(
        {
            **{"q": q, "k": k, "v": v, "g": decays(), "o": poisoned(*v.shape, dtype=bf16)},
            **{"h": normal(BATCH, CHUNKS, HEADS, KEYS, VALUES, dtype=bf16), "g_gamma": None},
            **{**PACKED, **SIZES, "V": VALUES, "scale": KEYS**-0.5, "STATE_V_FIRST": False},
        },
        grid=lambda META: (-(-VALUES // META["BV"]) * CHUNKS, BATCH * HEADS),
        apart={"o": ROUNDED},
    )


@case(
    "others.fla.fused_recurrent_gated_delta_rule_fwd",
    f"{GATED}.fused_recurrent:fused_recurrent_gated_delta_rule_fwd_kernel",
)
def fused_recurrent_gated_delta_rule_fwd() -> Iterable[Call]:
    name = "others.fla.fused_recurrent_gated_delta_rule_fwd"
    q, k, v, beta = keys(), keys(), values(), strengths()
    g = torch.nn.functional.logsigmoid(normal(BATCH, LENGTH, HEADS))
    width = pinned(name, "BV", 8)
    yield Call(
        {
            **{"q": q, "k": k, "v": v, "g": g, "beta": beta, "o": poisoned(*v.shape, dtype=bf16)},
            **{"ht": poisoned(BATCH, HEADS, KEYS, VALUES, dtype=fp32), "scale": KEYS**-0.5},
            **each(None, "gk gv A_log dt_bias h0 cu_seqlens"),
            **{"T": LENGTH, "H": HEADS, "HV": HEADS, "K": KEYS, "V": VALUES, "BK": KEYS},
            **{"BV": width, "IS_BETA_HEADWISE": True, "USE_QK_L2NORM_IN_KERNEL": False},
            **each(False, "APPLY_BETA_SIGMOID ALLOW_NEG_EIGVAL STATE_V_FIRST"),
        },
        grid=(-(-VALUES // width) * BATCH * HEADS,),
        options={"num_warps": 1, "num_stages": 3},
        expected=stepped(q, k, v, g, beta),
        apart={"ht": 1e-5},
    )


def stepped(
    q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, g: torch.Tensor, beta: torch.Tensor
) -> dict[str, torch.Tensor]:
    """The gated delta rule, one position after the other: what is written for a key is replaced."""
    q, k, v, g, beta = (tensor.double() for tensor in (q, k, v, g, beta))
    state = torch.zeros(BATCH, HEADS, KEYS, VALUES, device=q.device, dtype=q.dtype)
    outputs = []
    for t in range(LENGTH):
        state = state * g[:, t, :, None, None].exp()
        known = torch.einsum("bhk,bhkv->bhv", k[:, t], state)
        change = beta[:, t, :, None] * (v[:, t] - known)
        state = state + k[:, t, :, :, None] * change[:, :, None]
        outputs.append(torch.einsum("bhk,bhkv->bhv", q[:, t] * KEYS**-0.5, state))
    return {"o": torch.stack(outputs, 1), "ht": state}
