"""The two fused kernels of the gated delta rule, interpreted: what they pass on, and the whole."""

from __future__ import annotations

import itertools
from types import SimpleNamespace

import numpy as np
import pytest

from tests.support import oracle
from tests.support.gated_delta_rule import check, prepared, raw_inputs
from tests.support.interpreter import HostTensor, grid_of, launch, load
from tests.support.places import REPOSITORY
from tests.support.reserved import reserved

KERNELS = load(REPOSITORY / "kernels/qwen35/gated_delta_rule_fused.py").declared
LOCAL, CARRY = KERNELS["local"], KERNELS["carry"]
SCALE = 128**-0.5
BF16 = np.uint16

# Bounds on the relative error of the worst row, about twice what is measured. T and P T are exact
# to fp16 (2**-11) at each of five steps before they are rounded to bf16.
SOLVED = 6e-3
CHAIN = 1e-2


@pytest.mark.parametrize("block_v", [32, 64])
@pytest.mark.parametrize(
    ("heads", "key_heads"), [(1, 1), (3, 2), pytest.param(6, 2, marks=pytest.mark.slow)]
)
@pytest.mark.parametrize("tokens", [1, 63, 64, 65, pytest.param(200, marks=pytest.mark.slow)])
def test_both_kernels_are_the_recurrence(tokens, heads, key_heads, block_v):
    x = raw_inputs(tokens, heads, key_heads, seed=tokens + heads)
    y = run(x, BLOCK_V=block_v)
    q, k, v, g, beta = prepared(x)
    o, h = oracle.recurrence(q, k, v, g, beta, x.initial_state.values(), SCALE)
    check("outputs", y.output.values(), o, CHAIN)
    check("final state", y.final_state.values(), h, CHAIN)


@pytest.mark.parametrize("tokens", [1, 63, 130])
def test_what_is_passed_on(tokens):
    x = raw_inputs(tokens, heads=3, key_heads=2, seed=tokens)
    y = run(x)
    q, k, _, g, beta = prepared(x)
    g = oracle.cumsum(g)
    inverse, through = oracle.solved(q, k, g, beta, SCALE)
    solved = y.solved.values()
    check("T", by_token(solved[:, :, :64], tokens), inverse, SOLVED)
    check("P T", by_token(solved[:, :, 64:], tokens), through, SOLVED)

    heads = x.qkv.values().reshape(tokens, -1, 128)
    of_key = np.arange(3) * 2 // 3
    q_length, k_length = (
        np.sqrt((heads[:, at + of_key] ** 2).sum(-1) + 1e-12) for at in (0, x.key_heads)
    )
    last = np.stack([g[min(t // 64 * 64 + 63, tokens - 1)] for t in range(tokens)])
    factors = y.factors.values()
    for row, expected in enumerate(
        (np.exp(g) / k_length, SCALE * np.exp(g) / q_length, np.exp(last - g) / k_length)
    ):
        found = by_token(factors[:, :, row, :, None], tokens)[:, :, 0]
        # g comes to -1600 here, of which fp32 keeps 1e-4.
        assert (abs(found - expected) <= 1e-3 * abs(expected) + 1e-9).all(), row
    ends = np.minimum(np.arange(63, tokens + 63, 64), tokens - 1)
    assert np.allclose(factors[:, :, 3, 0], np.exp(g[ends]), rtol=1e-3)


def test_keys_that_are_alike():
    """The blocks of T cancel each other.

    All tokens of a chunk see the same old value then, and what bf16 leaves of T multiplies it in
    each of them, so that the state is off by more than elsewhere; the seven kernels' is, too.
    """
    x = raw_inputs(tokens=128, heads=2, key_heads=1)
    rows = x.qkv.values().reshape(128, -1, 128)
    rows[:, 1] = rows[:1, 1] + 0.5 * rows[:, 1]
    x.qkv = HostTensor.of(rows.reshape(128, -1), BF16)
    x.b = HostTensor.of(np.full((128, 2), 6.0), BF16)
    y = run(x)
    o, h = oracle.recurrence(*prepared(x), x.initial_state.values(), SCALE)
    check("outputs", y.output.values(), o, CHAIN)
    check("final state", y.final_state.values(), h, 5e-2)


def test_a_decay_whose_inverse_overflows():
    x = raw_inputs(tokens=100, heads=2, key_heads=1)
    x.a = HostTensor.of(np.full((100, 2), 80.0), BF16)
    y = run(x)
    o, h = oracle.recurrence(*prepared(x), x.initial_state.values(), SCALE)
    check("outputs", y.output.values(), o, CHAIN)
    check("final state", y.final_state.values(), h, CHAIN)


@pytest.mark.parametrize("block_v", [32, 64])
def test_the_state_in_place(block_v):
    x = raw_inputs(tokens=130, heads=2, key_heads=1)
    expected = run(x, BLOCK_V=block_v).final_state
    found = run(x, BLOCK_V=block_v, final_state=x.initial_state).final_state
    assert np.array_equal(found.array, expected.array)


def test_few_heads_have_narrow_programs():
    for heads, programs in ((1, (4, 1)), (33, (4, 33)), (34, (2, 34)), (48, (2, 48))):
        assert grid_of(CARRY, {"num_value_heads": heads}) == programs


@pytest.mark.parametrize("block_v", [32, 64])
def test_offsets_beyond_32_bits(block_v):
    """The last head among many is as if it were alone with its key head."""
    heads, tokens = 140_000, 130
    alone = raw_inputs(tokens, heads=1, key_heads=1)
    expected = run(alone, BLOCK_V=block_v)
    rows = alone.qkv.array.reshape(tokens, 3, 128)
    x = SimpleNamespace(
        qkv=reserved((tokens, (2 + heads) * 128), BF16),
        key_heads=1,
        **{name: reserved((tokens, heads), BF16) for name in ("a", "b")},
        dt_bias=reserved((heads,), BF16),
        a_log=reserved((heads,), np.float32),
        initial_state=reserved((heads, 128, 128), np.float32),
    )
    x.qkv.array.reshape(tokens, -1, 128)[:, [0, 1, -1]] = rows
    for name in ("a", "b", "dt_bias", "a_log"):
        getattr(x, name).array[..., -1] = getattr(alone, name).array[..., -1]
    x.initial_state.array[-1] = alone.initial_state.array[0]
    assert x.qkv.array.size > 2**31
    made = {
        "solved": reserved((3, heads, 128, 64), BF16),
        "factors": reserved((3, heads, 4, 64), np.float32),
        "output": reserved((tokens, heads, 128), BF16),
        "final_state": reserved((heads, 128, 128), np.float32),
    }
    found = run(x, last_head=True, BLOCK_V=block_v, **made)
    for name in made:
        array, right = getattr(found, name).array, getattr(expected, name).array
        axis = array.shape.index(heads)
        assert np.array_equal(array.take(-1, axis), right.take(-1, axis)), name


def run(x, last_head=False, **given):
    """Both kernels; `given` has constexprs, and tensors to take in place of new ones."""
    tokens, heads = x.b.array.shape
    chunks, new = -(-tokens // 64), HostTensor.unwritten
    makes = {
        "solved": lambda: new(chunks, heads, 128, 64, dtype=BF16),
        "factors": lambda: new(chunks, heads, 4, 64),
        "output": lambda: new(tokens, heads, 128, dtype=BF16),
        "final_state": lambda: new(heads, 128, 128),
    }
    made = {name: given.pop(name, None) or make() for name, make in makes.items()}
    sizes = {"num_key_heads": x.key_heads, "num_value_heads": heads, "seq_len": tokens}
    raw = {name: getattr(x, name) for name in ("qkv", "b", "a", "dt_bias", "a_log")}
    passed = {name: made[name] for name in ("solved", "factors")}
    state = {"initial_state": x.initial_state, **given}
    width = given.get("BLOCK_V", 32)
    programs = [(heads - 1, chunk) for chunk in range(chunks)] if last_head else None
    launch(LOCAL, {**raw, **passed, **sizes, "scale": SCALE}, programs)
    programs = itertools.product(range(128 // width), [heads - 1]) if last_head else None
    launch(CARRY, {"qkv": x.qkv, "qkv_again": x.qkv, **made, **state, **sizes}, programs)
    return SimpleNamespace(**made)


def by_token(matrices, tokens):
    """[chunks, H, 64, n] as [S, H, n]; what is beyond the last token is left out."""
    rows = matrices.transpose(0, 2, 1, 3).reshape(-1, matrices.shape[1], matrices.shape[3])
    return rows[:tokens]
