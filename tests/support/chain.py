"""The prefill on a GPU: random inputs, and the calls of the seven kernels and of the two."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import torch

from generated.qwen35 import gated_delta_rule as seven
from generated.qwen35 import gated_delta_rule_fused as fused

SCALE = 128**-0.5
KEY_HEADS = 16
Make = Callable[..., torch.Tensor]
Call = tuple[Callable[..., None], list[Any]]


def inputs(tokens: int, heads: int, seed: int = 0) -> SimpleNamespace:
    """Random inputs of the prefill, of the size that a model's projections have."""
    generator = torch.Generator("cuda").manual_seed(seed)
    key_heads = min(KEY_HEADS, heads)
    width = (2 * key_heads + heads) * 128

    def random(*shape: int, dtype: torch.dtype = torch.bfloat16) -> torch.Tensor:
        return torch.randn(*shape, device="cuda", generator=generator).to(dtype)

    return SimpleNamespace(
        tokens=tokens,
        heads=heads,
        key_heads=key_heads,
        width=width,
        qkv=random(tokens, width),
        b=random(tokens, heads),
        a=random(tokens, heads),
        dt_bias=random(heads),
        a_log=random(heads, dtype=torch.float32),
        initial_state=0.1 * random(heads, 128, 128, dtype=torch.float32),
    )


def make_alike(x: SimpleNamespace, noise: float) -> None:
    """Make all keys of a head one, but for noise of that part of it."""
    size = x.key_heads * 128
    keys = x.qkv[:, size : 2 * size]
    generator = torch.Generator("cuda").manual_seed(1)
    keys.copy_(torch.randn(size, device="cuda", generator=generator) + noise * keys)


def remember(x: SimpleNamespace) -> None:
    """Let each write replace what its key had (beta near 1), and the state hardly decay."""
    x.b += 6
    x.a.fill_(-6)
    x.dt_bias.zero_()


def empty(*shape: int, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    return torch.empty(shape, device="cuda", dtype=dtype)


def seven_workspace(x: SimpleNamespace, make: Make = empty) -> SimpleNamespace:
    """Every output of the seven kernels."""
    tokens, heads, brain = x.tokens, x.heads, torch.bfloat16
    return SimpleNamespace(
        **{name: make(tokens, heads, 128, dtype=brain) for name in
           ("q", "k", "v", "w", "u", "v_new", "output")},
        **{name: make(tokens, heads) for name in ("g", "beta", "g_cumsum")},
        a_tril=make(tokens, heads, 64),
        a_inv=make(tokens, heads, 64, dtype=brain),
        chunk_state=make((tokens + 63) // 64, heads, 128, 128),
        final_state=make(heads, 128, 128),
    )  # fmt: skip


def seven_calls(x: SimpleNamespace, y: SimpleNamespace) -> dict[str, Call]:
    """Function and arguments of each stage, in order."""
    sizes = x.tokens, x.heads
    return {
        "prepare": (
            seven.gated_delta_rule_chunk_prepare,
            [x.qkv, x.b, x.a, x.dt_bias, x.a_log, y.q, y.k, y.v, y.g, y.beta,
             x.key_heads, x.heads, x.width, x.tokens],
        ),
        "cumsum": (seven.gated_delta_rule_chunk_cumsum, [y.g, y.g_cumsum, *sizes]),
        "a": (seven.gated_delta_rule_chunk_a, [y.k, y.g_cumsum, y.beta, y.a_tril, *sizes]),
        "solve": (seven.gated_delta_rule_chunk_solve, [y.a_tril, y.a_inv, *sizes]),
        "recompute": (
            seven.gated_delta_rule_chunk_recompute,
            [y.k, y.v, y.beta, y.w, y.u, y.a_inv, y.g_cumsum, *sizes],
        ),
        "state": (
            seven.gated_delta_rule_chunk_state,
            [y.k, y.w, y.u, y.g_cumsum, x.initial_state, y.chunk_state, y.v_new, y.final_state,
             *sizes],
        ),
        "o": (
            seven.gated_delta_rule_chunk_o,
            [y.q, y.k, y.v_new, y.chunk_state, y.g_cumsum, y.output, *sizes, SCALE],
        ),
    }  # fmt: skip


def fused_workspace(x: SimpleNamespace, make: Make = empty) -> SimpleNamespace:
    """Every output of the two kernels."""
    tokens, heads, brain = x.tokens, x.heads, torch.bfloat16
    return SimpleNamespace(
        solved=make((tokens + 63) // 64, heads, 128, 64, dtype=brain),
        factors=make((tokens + 63) // 64, heads, 4, 64),
        output=make(tokens, heads, 128, dtype=brain),
        final_state=make(heads, 128, 128),
    )


def fused_calls(x: SimpleNamespace, y: SimpleNamespace) -> dict[str, Call]:
    """Function and arguments of both, in order."""
    sizes = x.key_heads, x.heads, x.tokens
    return {
        "local": (
            fused.gated_delta_rule_fused_local,
            [x.qkv, x.b, x.a, x.dt_bias, x.a_log, y.solved, y.factors, *sizes, SCALE],
        ),
        "carry": (
            fused.gated_delta_rule_fused_carry,
            [x.qkv, x.qkv, y.solved, y.factors, x.initial_state, y.output, y.final_state, *sizes],
        ),
    }  # fmt: skip


def run(calls: dict[str, Call]) -> None:
    for function, arguments in calls.values():
        function(*arguments)
