"""Liger-Kernel: norms, rope, swiglu and cross entropy, forward and backward."""

from __future__ import annotations

import torch

from benchmarks.served.inputs import normal
from benchmarks.served.parts import Part, Results, Sizes

WIDTH, WORDS = 4096, 32000


def rms_norm(sizes: Sizes) -> Results:
    from liger_kernel.ops.rms_norm import LigerRMSNormFunction

    results = []
    for tokens in sizes.tokens:
        x, weight = normal(tokens, WIDTH, requires_grad=True), normal(WIDTH, requires_grad=True)
        y = LigerRMSNormFunction.apply(x, weight, 1e-6)
        y.sum().backward()
        results += [y, x.grad, weight.grad]
    return results


def layer_norm(sizes: Sizes) -> Results:
    from liger_kernel.ops.layer_norm import LigerLayerNormFunction

    results = []
    for tokens in sizes.tokens:
        x = normal(tokens, WIDTH, requires_grad=True)
        weight, bias = (normal(WIDTH, requires_grad=True) for _ in range(2))
        y = LigerLayerNormFunction.apply(x, weight, bias, 1e-6)
        y.sum().backward()
        results += [y, x.grad, weight.grad, bias.grad]
    return results


def rope(sizes: Sizes) -> Results:
    from liger_kernel.ops.rope import LigerRopeFunction

    results = []
    for tokens in sizes.tokens:
        q, k = normal(1, 32, tokens, 128), normal(1, 8, tokens, 128)
        results += LigerRopeFunction.apply(q, k, normal(1, tokens, 128), normal(1, tokens, 128))
    return results


def swiglu(sizes: Sizes) -> Results:
    from liger_kernel.ops.swiglu import LigerSiLUMulFunction

    results = []
    for tokens in sizes.tokens:
        a, b = (normal(tokens, WIDTH, requires_grad=True) for _ in range(2))
        y = LigerSiLUMulFunction.apply(a, b)
        y.sum().backward()
        results += [y, a.grad, b.grad]
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
