"""The seven kernels of the gated delta rule, interpreted, against float64."""

from __future__ import annotations

import mmap
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from tests.support import oracle
from tests.support.interpreter import BF16_NAN, HostTensor, launch, load, to_bf16

KERNELS = load(Path(__file__).parent.parent / "kernels/qwen35/gated_delta_rule.py").declared
SCALE = 128**-0.5

FP32 = 2e-6
BF16 = 4e-3
BF16_PRODUCT = 2e-2


def single(array):
    """A tensor of fp32."""
    return HostTensor(np.ascontiguousarray(array, dtype=np.float32))


def half(array):
    """A tensor of bf16."""
    return HostTensor(to_bf16(array))


def unwritten(*shape, dtype=np.float32):
    """An output, NaN all over: what a kernel leaves out cannot pass for a result."""
    return HostTensor(np.full(shape, BF16_NAN if dtype is np.uint16 else np.nan, dtype))


def raw_inputs(tokens, heads, key_heads, seed=0):
    """What the projections of the model give, with decays from 1 in 1000 to most of the state."""
    random = np.random.default_rng(seed)
    step = np.exp(random.uniform(np.log(1e-3), np.log(1e-1), heads))
    return SimpleNamespace(
        tokens=tokens,
        heads=heads,
        key_heads=key_heads,
        qkv=half(random.standard_normal((tokens, (2 * key_heads + heads) * 128))),
        b=half(random.standard_normal((tokens, heads))),
        a=half(random.standard_normal((tokens, heads))),
        dt_bias=half(np.log(np.expm1(step))),
        a_log=single(np.log(random.uniform(1, 16, heads))),
        initial_state=single(0.1 * random.standard_normal((heads, 128, 128))),
    )


def run_chain(x):
    """All seven kernels, each on what those before it wrote."""
    sizes = {"seq_len": x.tokens, "num_value_heads": x.heads}
    vectors, numbers = (x.tokens, x.heads, 128), (x.tokens, x.heads)
    y = SimpleNamespace(
        **{name: unwritten(*vectors, dtype=np.uint16) for name in ("q", "k", "v", "w", "u", "o")},
        v_new=unwritten(*vectors, dtype=np.uint16),
        **{name: unwritten(*numbers) for name in ("g", "g_cumsum", "beta")},
        a_tril=unwritten(*numbers, 64),
        a_inv=unwritten(*numbers, 64, dtype=np.uint16),
        chunk_state=unwritten(-(-x.tokens // 64), x.heads, 128, 128),
        final_state=unwritten(x.heads, 128, 128),
    )
    launch(
        KERNELS["prepare"],
        {
            **{name: getattr(x, name) for name in ("qkv", "b", "a", "dt_bias", "a_log")},
            **{f"{name}_out": getattr(y, name) for name in ("q", "k", "v", "g", "beta")},
            **sizes,
            "num_key_heads": x.key_heads,
            "qkv_dim": x.qkv.array.shape[1],
        },
    )
    launch(KERNELS["cumsum"], {"g_in": y.g, "g_out": y.g_cumsum, **sizes})
    for name, arguments in (
        ("interaction", {"k": y.k, "g_cumsum": y.g_cumsum, "beta": y.beta, "a_tril": y.a_tril}),
        ("solve", {"a_tril_ptr": y.a_tril, "a_inv_ptr": y.a_inv}),
        (
            "recompute",
            {
                **{name: getattr(y, name) for name in ("k", "v", "beta", "a_inv", "g_cumsum")},
                "w_out": y.w,
                "u_out": y.u,
            },
        ),
    ):
        launch(KERNELS[name], {**arguments, **sizes})
    return y


def error(actual, expected):
    """The norm of the worst row (the last axis) of the difference, relative to a typical row's."""
    rows = np.linalg.norm(actual - expected, axis=-1)
    return rows.max() / np.sqrt(np.mean(np.sum(expected * expected, axis=-1)))
