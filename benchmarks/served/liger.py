"""Liger-Kernel: norms, rope, swiglu and cross entropy, forward and backward."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from benchmarks.served.inputs import normal
from benchmarks.served.parts import Part, Results, Sizes

WIDTH, WORDS = 4096, 32000


def rms_norm(sizes: Sizes) -> Results:
    from liger_kernel.ops.rms_norm import LigerRMSNormFunction as Function

    shapes = ([(tokens, WIDTH), (WIDTH,)] for tokens in sizes.tokens)
    return [one for each in shapes for one in _both_ways(Function, each, 1e-6)]


def layer_norm(sizes: Sizes) -> Results:
    from liger_kernel.ops.layer_norm import LigerLayerNormFunction as Function

    shapes = ([(tokens, WIDTH), (WIDTH,), (WIDTH,)] for tokens in sizes.tokens)
    return [one for each in shapes for one in _both_ways(Function, each, 1e-6)]


def swiglu(sizes: Sizes) -> Results:
    from liger_kernel.ops.swiglu import LigerSiLUMulFunction as Function

    shapes = ([(tokens, WIDTH), (tokens, WIDTH)] for tokens in sizes.tokens)
    return [one for each in shapes for one in _both_ways(Function, each)]


def _both_ways(function: Any, shapes: Sequence[tuple[int, ...]], *more: object) -> Results:
    """Of tensors of these shapes: the result, then their gradients."""
    inputs = [normal(*shape, requires_grad=True) for shape in shapes]
    result = function.apply(*inputs, *more)
    result.sum().backward()
    return [result, *(one.grad for one in inputs)]


def rope(sizes: Sizes) -> Results:
    from liger_kernel.ops.rope import LigerRopeFunction

    results = []
    for tokens in sizes.tokens:
        q, k = normal(1, 32, tokens, 128), normal(1, 8, tokens, 128)
        results += LigerRopeFunction.apply(q, k, normal(1, tokens, 128), normal(1, tokens, 128))
    return results


def cross_entropy(sizes: Sizes) -> Results:
    from liger_kernel.ops.cross_entropy import LigerCrossEntropyFunction

    results = []
    for tokens in sizes.tokens:
        x = normal(tokens, WORDS, requires_grad=True)
        target = torch.randint(0, WORDS, (tokens,), device="cuda")
        loss = LigerCrossEntropyFunction.apply(x, target, None)[0]
        loss.backward()
        results += [loss, x.grad]
    return results


PARTS: dict[str, Part] = {
    "rms_norm": rms_norm,
    "layer_norm": layer_norm,
    "rope": rope,
    "swiglu": swiglu,
    "cross_entropy": cross_entropy,
}
