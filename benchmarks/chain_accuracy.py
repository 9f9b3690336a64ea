"""How far the prefills are from float64, also where keys are alike and the state forgets little."""

from __future__ import annotations

from types import SimpleNamespace
from unittest.mock import patch

import cupy
import torch

from benchmarks import chain_peer as peer
from tests.support import chain, oracle

TOKENS, HEADS = 2048, 32
CASES = {
    "keys at random": (None, False),
    "keys at random, nothing forgotten": (None, True),
    "keys alike to a tenth": (0.1, False),
    "keys alike to a tenth, nothing forgotten": (0.1, True),
    "keys alike to a hundredth, nothing forgotten": (0.01, True),
}
"""The noise of keys, and whether the state remembers: what is hardest for a chunked form."""


def measure() -> dict[str, list[float]]:
    """For each case the errors of output and last state: of the two, the seven, and the peer."""
    with patch.object(oracle, "np", cupy):
        return {name: _errors(_inputs(*case)) for name, case in CASES.items()}


def _inputs(noise: float | None, remembers: bool) -> SimpleNamespace:
    x = chain.inputs(TOKENS, HEADS)
    if noise is not None:
        chain.make_alike(x, noise)
    if remembers:
        chain.remember(x)
    return x


def _errors(x: SimpleNamespace) -> list[float]:
    rows = (x.qkv, x.b, x.a, x.dt_bias, x.a_log)
    prepared = oracle.prepare(*(_wide(one) for one in rows), x.key_heads)
    expected = oracle.recurrence(*prepared, _wide(x.initial_state), chain.SCALE)
    two, seven = chain.fused_workspace(x), chain.seven_workspace(x)
    chain.run(chain.fused_calls(x, two))
    chain.run(chain.seven_calls(x, seven))
    results = [two.output, two.final_state, seven.output, seven.final_state, *peer.call(x)()]
    return [
        float(cupy.linalg.norm(_wide(result).reshape(exact.shape) - exact))
        / float(cupy.linalg.norm(exact))
        for result, exact in zip(results, 3 * expected, strict=True)
    ]


def _wide(tensor: torch.Tensor) -> cupy.ndarray:
    return cupy.from_dlpack(tensor.double().contiguous())
