"""Inputs of the gated delta rule, and how far results may be from the oracle's."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from tests.support import oracle
from tests.support.interpreter import HostTensor

BF16 = np.uint16


def raw_inputs(tokens, heads, key_heads, seed=0):
    """As the model's projections give them; per token h decays by a thousandth up to most of it."""
    random = np.random.default_rng(seed)
    qkv = random.standard_normal((tokens, (2 * key_heads + heads) * 128))
    a, b = random.standard_normal((2, tokens, heads))
    step = np.exp(random.uniform(np.log(1e-3), np.log(1e-1), heads))
    # A row so short that the 1e-12 beside its sum of squares counts, and a softplus out of range.
    qkv[tokens // 2] *= 3e-7
    a[tokens // 2, 0] = 100.0
    return SimpleNamespace(
        qkv=HostTensor.of(qkv, BF16),
        b=HostTensor.of(b, BF16),
        a=HostTensor.of(a, BF16),
        dt_bias=HostTensor.of(np.log(np.expm1(step)), BF16),
        a_log=HostTensor.of(np.log(random.uniform(1, 16, heads))),
        initial_state=HostTensor.of(0.1 * random.standard_normal((heads, 128, 128))),
        key_heads=key_heads,
    )


def prepared(x):
    """What `prepare` should make of these inputs."""
    tensors = (x.qkv, x.b, x.a, x.dt_bias, x.a_log)
    return oracle.prepare(*(tensor.values() for tensor in tensors), x.key_heads)


def error(actual, expected):
    """Of the worst row (the last axis), relative to its norm, or a typical one if that is more."""
    norms = np.linalg.norm(expected, axis=-1)
    typical = np.sqrt(np.mean(norms * norms))
    return np.max(np.linalg.norm(actual - expected, axis=-1) / np.maximum(norms, typical))


def check(what, actual, expected, bound):
    if not expected.any():
        assert not actual.any(), what
        return
    # Not `> bound`: NaN must fail.
    assert error(actual, expected) <= bound, what
