"""The gated delta rule in float64: token by token, and each stage of the chunked form.

Arrays are token-major as the kernels' tensors are: [S, H, 128], [S, H], and [S, H, 64] for the
rows of a chunk's matrices; a state is [H, 128 (key), 128 (value)].
"""

from __future__ import annotations

import numpy as np

CHUNK = 64


def recurrence(q, k, v, g, beta, initial_state, scale):
    """(outputs, final state) of the rule as it is defined, one token after the other."""
    h = initial_state.copy()
    outputs = np.empty_like(v)
    for t in range(len(q)):
        h *= np.exp(g[t])[:, None, None]
        written = beta[t][:, None] * (v[t] - np.einsum("hkv,hk->hv", h, k[t]))
        h += np.einsum("hk,hv->hkv", k[t], written)
        outputs[t] = scale * np.einsum("hkv,hk->hv", h, q[t])
    return outputs, h


def prepare(qkv, b, a, dt_bias, a_log, num_key_heads):
    """(q, k, v, g, beta) for every value head."""
    tokens, num_value_heads = b.shape
    heads = qkv.reshape(tokens, -1, 128)
    key_heads = np.arange(num_value_heads) * num_key_heads // num_value_heads
    q, k = heads[:, key_heads], heads[:, num_key_heads + key_heads]
    v = heads[:, 2 * num_key_heads :]
    q, k = (x / np.sqrt((x * x).sum(-1, keepdims=True) + 1e-12) for x in (q, k))
    g = -np.exp(a_log) * np.logaddexp(0.0, a + dt_bias)
    return q, k, v, g, 1.0 / (1.0 + np.exp(-b))


def cumsum(g):
    return np.concatenate([np.cumsum(g[chunk], axis=0) for chunk in _chunks(len(g))])


def interaction(k, g_cumsum, beta):
    a = np.zeros((*g_cumsum.shape, CHUNK))
    for chunk in _chunks(len(k)):
        products = _decayed_products(k[chunk], k[chunk], g_cumsum[chunk], -1)
        a[chunk, :, : products.shape[-1]] = beta[chunk][:, :, None] * products
    return a


def solve(a_tril):
    a_inv = np.zeros_like(a_tril)
    for chunk in _chunks(len(a_tril)):
        a = _square(a_tril[chunk])
        size = a.shape[-1]
        a_inv[chunk, :, :size] = np.linalg.inv(np.eye(size) + a).transpose(1, 0, 2)
    return a_inv


def solved(q, k, g_cumsum, beta, scale):
    """T = (I + A)^-1 diag(beta) and P T, both in rows [S, H, 64], which the fused kernels pass on.

    P[i, j] = scale exp(g_i - g_j) (q_i . k_j) for i >= j.
    """
    inverse = solve(interaction(k, g_cumsum, beta))
    through = np.zeros_like(inverse)
    for chunk in _chunks(len(q)):
        size = len(q[chunk])
        inverse[chunk, :, :size] *= beta[chunk].T
        scores = scale * _decayed_products(q[chunk], k[chunk], g_cumsum[chunk], 0)
        square = _square(inverse[chunk])
        through[chunk, :, :size] = np.einsum("ihj,hjk->ihk", scores, square)
    return inverse, through


def recompute(k, v, beta, a_inv, g_cumsum):
    """(w, u)."""
    w, u = np.empty_like(k), np.empty_like(v)
    for chunk in _chunks(len(k)):
        t = _square(a_inv[chunk])
        factors = (beta * np.exp(g_cumsum))[chunk][:, :, None]
        w[chunk] = np.einsum("hij,jhd->ihd", t, factors * k[chunk])
        u[chunk] = np.einsum("hij,jhd->ihd", t, beta[chunk][:, :, None] * v[chunk])
    return w, u


def state(k, w, u, g_cumsum, initial_state):
    """(chunk_state, v_new, final_state)."""
    h = initial_state.copy()
    before, v_new = [], np.empty_like(u)
    for chunk in _chunks(len(k)):
        before.append(h.copy())
        g = g_cumsum[chunk]
        v_new[chunk] = u[chunk] - np.einsum("thk,hkv->thv", w[chunk], h)
        decayed = np.exp(g[-1] - g)[:, :, None] * v_new[chunk]
        h = np.exp(g[-1])[:, None, None] * h + np.einsum("thk,thv->hkv", k[chunk], decayed)
    return np.stack(before), v_new, h


def outputs(q, k, v_new, chunk_state, g_cumsum, scale):
    o = np.empty_like(v_new)
    for chunk, h in zip(_chunks(len(q)), chunk_state, strict=True):
        scores = _decayed_products(q[chunk], k[chunk], g_cumsum[chunk], 0)
        inside = np.einsum("ihj,jhv->ihv", scores, v_new[chunk])
        before = np.exp(g_cumsum[chunk])[:, :, None] * np.einsum("thk,hkv->thv", q[chunk], h)
        o[chunk] = scale * (before + inside)
    return o


def _chunks(tokens):
    return [slice(i, min(i + CHUNK, tokens)) for i in range(0, tokens, CHUNK)]


def _square(rows):
    """[t, H, 64] rows of a chunk of t tokens as [H, t, t] matrices."""
    return rows.transpose(1, 0, 2)[:, :, : len(rows)]


def _decayed_products(x, y, g, diagonal):
    """exp(g_i - g_j) (x_i . y_j) as [i, H, j], zero above the diagonal."""
    lower = np.tri(len(x), k=diagonal, dtype=bool)[:, None, :]
    distance = np.where(lower, g[:, :, None] - g.T[None], -np.inf)
    return np.einsum("ihd,jhd->ihj", x, y) * np.exp(distance)
