"""From Python call to numbers, without a GPU: the committed wrappers launch on a stand-in driver,
and what it decodes runs in Triton's interpreter on host memory.

The arguments reach the interpreter only through the launch: coerced and laid out by the generated
C, cut by the loaded cubin's own records. The oracle is float64 numpy.
"""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from generated.basics import softmax as softmax_module
from generated.basics import vector_add as vector_add_module
from generated.qwen35 import gated_delta_rule as wrappers
from generated.qwen35 import gated_delta_rule_fused as fused
from tests.support import oracle, standin
from tests.support.bfloat16 import BF16_NAN, from_bf16, to_bf16
from tests.support.fake_tensor import FakeTensor
from tests.support.replay import replay

PREFIX = "pegainfer.triton_cubin.qwen35.gated_delta_rule_chunk_"
SCALE = 128**-0.5
# Relative to the norm of the whole; every stage rounds to bf16 (2**-9) on the way.
CHAIN = 2e-2


@pytest.fixture(autouse=True)
def driver():
    standin.install()
    standin.reset()
    yield
    standin.reset()


class Tensor(FakeTensor):
    """Host memory that claims to be on a GPU, kept with its values."""

    def __init__(self, array, dtype=None):
        super().__init__(array, dtype)
        self.array = array
        self.is_bf16 = dtype == "bf16"

    def values(self):
        return (from_bf16(self.array) if self.is_bf16 else self.array).astype(np.float64)


def brain(values):
    return Tensor(to_bf16(values), "bf16")


def single(values):
    return Tensor(np.ascontiguousarray(values, dtype=np.float32))


def unwritten(*shape, bf16=False):
    if bf16:
        return Tensor(np.full(shape, BF16_NAN, np.uint16), "bf16")
    return Tensor(np.full(shape, np.nan, np.float32))


def call(name, function, *arguments):
    """Call a wrapper; run what it launched; the label of the variant that it picked comes back."""
    standin.reset()
    assert function(*arguments) is None
    return replay(name, standin.launch())


def stage(name, *arguments):
    return call(PREFIX + name, getattr(wrappers, f"gated_delta_rule_chunk_{name}"), *arguments)


def error(actual, expected):
    return np.linalg.norm(actual - expected) / np.linalg.norm(expected)


@pytest.mark.parametrize(("tokens", "heads"), [(1, 3), (63, 1), (65, 3), (200, 2)])
def test_the_chain_of_seven_wrappers_is_the_recurrence(tokens, heads):
    random = np.random.default_rng(tokens)
    key_heads, chunks = 1, -(-tokens // 64)
    width = (2 * key_heads + heads) * 128
    qkv, b, a = (brain(random.standard_normal((tokens, size))) for size in (width, heads, heads))
    dt_bias = brain(random.standard_normal(heads))
    a_log = single(random.standard_normal(heads))
    initial = single(0.1 * random.standard_normal((heads, 128, 128)))
    q, k, v, w, u, v_new, output = (unwritten(tokens, heads, 128, bf16=True) for _ in range(7))
    g, beta, g_cumsum = (unwritten(tokens, heads) for _ in range(3))
    a_tril, a_inv = unwritten(tokens, heads, 64), unwritten(tokens, heads, 64, bf16=True)
    chunk_state, final = unwritten(chunks, heads, 128, 128), unwritten(heads, 128, 128)
    sizes = tokens, heads

    inputs = qkv, b, a, dt_bias, a_log
    stage("prepare", *inputs, q, k, v, g, beta, key_heads, heads, width, tokens)
    stage("cumsum", g, g_cumsum, *sizes)
    stage("a", k, g_cumsum, beta, a_tril, *sizes)
    stage("solve", a_tril, a_inv, *sizes)
    stage("recompute", k, v, beta, w, u, a_inv, g_cumsum, *sizes)
    stage("state", k, w, u, g_cumsum, initial, chunk_state, v_new, final, *sizes)
    stage("o", q, k, v_new, chunk_state, g_cumsum, output, *sizes, SCALE)

    prepared = oracle.prepare(*(tensor.values() for tensor in inputs), key_heads)
    expected, last = oracle.recurrence(*prepared, initial.values(), SCALE)
    assert error(output.values(), expected) < CHAIN
    assert error(final.values(), last) < CHAIN


@pytest.mark.parametrize(
    ("tokens", "heads"), [(1, 3), (65, 2), pytest.param(130, 34, marks=pytest.mark.slow)]
)
def test_the_two_fused_wrappers_are_the_recurrence(tokens, heads):
    """34 heads have the variant with wider programs."""
    random = np.random.default_rng(tokens)
    key_heads, chunks = 2, -(-tokens // 64)
    width = (2 * key_heads + heads) * 128
    qkv, b, a = (brain(random.standard_normal((tokens, size))) for size in (width, heads, heads))
    dt_bias = brain(random.standard_normal(heads))
    a_log = single(random.standard_normal(heads))
    initial = single(0.1 * random.standard_normal((heads, 128, 128)))
    solved = unwritten(chunks, heads, 128, 64, bf16=True)
    output = unwritten(tokens, heads, 128, bf16=True)
    factors, final = unwritten(chunks, heads, 4, 64), unwritten(heads, 128, 128)
    sizes = key_heads, heads, tokens

    inputs = qkv, b, a, dt_bias, a_log
    name = "pegainfer.triton_cubin.qwen35.gated_delta_rule_fused_"
    local, carry = fused.gated_delta_rule_fused_local, fused.gated_delta_rule_fused_carry
    assert call(name + "local", local, *inputs, solved, factors, *sizes, SCALE) == "aligned"
    state = initial, output, final
    label = call(name + "carry", carry, qkv, qkv, solved, factors, *state, *sizes)
    assert label == ("BLOCK_V_64-aligned" if heads > 33 else "BLOCK_V_32-aligned")

    prepared = oracle.prepare(*(tensor.values() for tensor in inputs), key_heads)
    expected, last = oracle.recurrence(*prepared, initial.values(), SCALE)
    assert error(output.values(), expected) < CHAIN
    assert error(final.values(), last) < CHAIN


def test_solve_by_addresses_is_solve_by_tensors():
    tokens, heads = 65, 2
    rows = np.random.default_rng(0).standard_normal((tokens, heads, 64)) * 0.1
    places = np.arange(tokens)[:, None] % 64 > np.arange(64)
    a_tril = single(rows * places[:, None, :])
    a_inv = unwritten(tokens, heads, 64, bf16=True)
    stage("solve", a_tril.address, a_inv.address, tokens, heads, 0)
    assert error(a_inv.values(), oracle.solve(a_tril.values())) < 4e-3


@pytest.mark.parametrize(("size", "shift"), list(itertools.product([1024, 1000], [0, 1])))
def test_vector_add_in_every_variant(size, shift):
    memory = np.random.default_rng(1).standard_normal((3, size + 16)).astype(np.float32)
    aligned = [-(row.ctypes.data // 4) % 4 for row in memory]
    x, y, out = (row[at + shift :][:size] for row, at in zip(memory, aligned, strict=True))
    label = call(
        "tritonbind.basics.vector_add",
        vector_add_module.vector_add,
        *(Tensor(one) for one in (x, y, out)),
        size,
    )
    assert label == ("aligned" if shift == 0 and size % 16 == 0 else "generic")
    np.testing.assert_array_equal(out, x + y)


def test_softmax():
    x = np.random.default_rng(2).standard_normal((5, 1100)).astype(np.float32)
    y = np.full_like(x, np.nan)
    call("tritonbind.basics.softmax", softmax_module.softmax, Tensor(x), Tensor(y), 5, 1100)
    expected = np.exp(x.astype(np.float64))
    expected /= expected.sum(1, keepdims=True)
    np.testing.assert_allclose(y, expected, rtol=1e-5)
