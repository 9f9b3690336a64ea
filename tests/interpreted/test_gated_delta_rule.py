"""The seven kernels of the gated delta rule, interpreted: each stage, and all of them in a row."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from tests.support import oracle
from tests.support.gated_delta_rule import BF16, check, error, prepared, raw_inputs
from tests.support.interpreter import HostTensor, launch, load
from tests.support.places import REPOSITORY

KERNELS = load(REPOSITORY / "kernels/qwen35/gated_delta_rule.py").declared
SCALE = 128**-0.5

# Bounds on the relative error of the worst row, about twice what is measured at 200 tokens and 32
# heads. fp32 numbers are off by 6e-8 for each step of the way; a decay by up to 6e-6, because fp32
# rounds 1 + exp(x). One rounding to bf16 costs up to 2**-8 in an element. A product has a rounded
# factor and mostly a rounded result (5e-3 is measured), a state sums such products in fp32
# (2.5e-3), and the chain has several in a row (8e-3).
FP32 = 1e-6
FP32_DECAY = 1e-5
BF16_ROUNDED = 2.0**-8
BF16_PRODUCT = 1e-2
BF16_STATE = 5e-3
BF16_CHAIN = 1.6e-2


def test_the_chunked_form_is_the_recurrence():
    x = raw_inputs(tokens=200, heads=6, key_heads=2)
    q, k, v, g, beta = prepared(x)
    g_cumsum = oracle.cumsum(g)
    a_inv = oracle.solve(oracle.interaction(k, g_cumsum, beta))
    w, u = oracle.recompute(k, v, beta, a_inv, g_cumsum)
    chunk_state, v_new, h = oracle.state(k, w, u, g_cumsum, x.initial_state.values())
    o = oracle.outputs(q, k, v_new, chunk_state, g_cumsum, SCALE)

    expected = oracle.recurrence(q, k, v, g, beta, x.initial_state.values(), SCALE)
    assert error(o, expected[0]) < 1e-12
    assert error(h, expected[1]) < 1e-12


@pytest.mark.parametrize(
    ("heads", "key_heads"), [(1, 1), (3, 1), (3, 2), pytest.param(32, 16, marks=pytest.mark.slow)]
)
@pytest.mark.parametrize("tokens", [1, 63, 64, 65, pytest.param(200, marks=pytest.mark.slow)])
def test_each_stage_and_the_chain(tokens, heads, key_heads):
    x = raw_inputs(tokens, heads, key_heads, seed=tokens + heads)
    y = run_chain(x)
    v = SimpleNamespace(**{name: tensor.values() for name, tensor in vars(y).items()})

    q, k, values, g, beta = prepared(x)
    check("prepare q", v.q, q, BF16_ROUNDED)
    check("prepare k", v.k, k, BF16_ROUNDED)
    check("prepare v", v.v, values, 0.0)
    assert (abs(v.g - g) <= FP32_DECAY * abs(g)).all(), "prepare g"
    check("prepare beta", v.beta, beta, FP32)
    check("cumsum", v.g_cumsum, oracle.cumsum(v.g), FP32)
    check("a", v.a_tril, oracle.interaction(v.k, v.g_cumsum, v.beta), FP32)
    a_inv = oracle.solve(v.a_tril)
    assert (abs(v.a_inv - a_inv) <= BF16_ROUNDED * abs(a_inv) + FP32).all(), "solve"
    w, u = oracle.recompute(v.k, v.v, v.beta, v.a_inv, v.g_cumsum)
    check("recompute w", v.w, w, BF16_PRODUCT)
    check("recompute u", v.u, u, BF16_PRODUCT)
    chunk_state, v_new, h = oracle.state(v.k, v.w, v.u, v.g_cumsum, x.initial_state.values())
    assert np.array_equal(v.chunk_state[0], x.initial_state.array), "state, first chunk"
    check("state chunk_state", v.chunk_state, chunk_state, BF16_STATE)
    check("state v_new", v.v_new, v_new, BF16_STATE)
    check("state final_state", v.final_state, h, BF16_STATE)
    o = oracle.outputs(v.q, v.k, v.v_new, v.chunk_state, v.g_cumsum, SCALE)
    check("o", v.o, o, BF16_PRODUCT)

    o, h = oracle.recurrence(q, k, values, g, beta, x.initial_state.values(), SCALE)
    check("the chain's outputs", v.o, o, BF16_CHAIN)
    check("the chain's final state", v.final_state, h, BF16_CHAIN)


def run_chain(x):
    """All seven kernels, each on what the kernels before it wrote."""
    tokens, heads = x.b.array.shape
    sizes = {"seq_len": tokens, "num_value_heads": heads}
    new = HostTensor.unwritten
    q, k, v, w, u, v_new, o = (new(tokens, heads, 128, dtype=BF16) for _ in range(7))
    g, g_cumsum, beta = (new(tokens, heads) for _ in range(3))
    a_tril, a_inv = new(tokens, heads, 64), new(tokens, heads, 64, dtype=BF16)
    chunk_state, final_state = new(-(-tokens // 64), heads, 128, 128), new(heads, 128, 128)
    raw = {name: getattr(x, name) for name in ("qkv", "b", "a", "dt_bias", "a_log")}
    rows = {"num_key_heads": x.key_heads, "qkv_dim": x.qkv.array.shape[1]}
    result = {"q_out": q, "k_out": k, "v_out": v, "g_out": g, "beta_out": beta}
    launch(KERNELS["prepare"], {**raw, **result, **rows, **sizes})
    launch(KERNELS["cumsum"], {"g_in": g, "g_out": g_cumsum, **sizes})
    known = {"q": q, "k": k, "v": v, "g_cumsum": g_cumsum, "beta": beta}
    known |= {"a_tril": a_tril, "a_tril_ptr": a_tril, "a_inv": a_inv, "a_inv_ptr": a_inv}
    known |= {"w_out": w, "u_out": u, "w": w, "u": u, "v_new": v_new, "chunk_state": chunk_state}
    known |= {"initial_state": x.initial_state, "final_state": final_state, "output": o}
    known |= {"scale": SCALE, **sizes}
    for name in ("interaction", "solve", "recompute", "state", "outputs"):
        takes = KERNELS[name].kernel.arg_names
        launch(KERNELS[name], {name: known[name] for name in takes if name in known})
    return SimpleNamespace(
        **{"q": q, "k": k, "v": v, "g": g, "beta": beta, "g_cumsum": g_cumsum, "a_tril": a_tril},
        **{"a_inv": a_inv, "w": w, "u": u, "chunk_state": chunk_state, "v_new": v_new},
        **{"final_state": final_state, "o": o},
    )
