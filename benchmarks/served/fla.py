"""flash-linear-attention: the gated delta rule, its convolution and its norm, as in a model."""

from __future__ import annotations

import torch

from benchmarks.served.inputs import normal, uniform
from benchmarks.served.parts import LeftOutError, Part, Results, Sizes

HEADS, WIDTH = 32, 128


def chunk(sizes: Sizes) -> Results:
    """A prefill, with all gates in the kernel."""
    from fla.ops.gated_delta_rule import chunk_gated_delta_rule

    results = []
    for tokens in sizes.tokens:
        for has_state in (False, True):
            q, k, v = (normal(1, tokens, HEADS, WIDTH) for _ in range(3))
            state = normal(1, HEADS, WIDTH, WIDTH, dtype=torch.float32) if has_state else None
            results += chunk_gated_delta_rule(
                q,
                k,
                v,
                normal(1, tokens, HEADS),
                normal(1, tokens, HEADS),
                initial_state=state,
                output_final_state=has_state,
                use_qk_l2norm_in_kernel=True,
                use_beta_sigmoid_in_kernel=True,
                use_gate_in_kernel=True,
                A_log=uniform(HEADS).log(),
                dt_bias=normal(HEADS, dtype=torch.float32),
            )
    return results


def chunk_backward(sizes: Sizes) -> Results:
    """Refused by the package where Triton 3.4 to 3.7.0 would compile it wrong on this GPU."""
    from fla import utils
    from fla.ops.gated_delta_rule import chunk_gated_delta_rule

    if utils.IS_NVIDIA_HOPPER and utils.TRITON_ABOVE_3_4_0 and not utils.TRITON_ABOVE_3_7_1:
        raise LeftOutError("the package refuses it on Hopper with this Triton")
    tokens = sizes.tokens[1]
    q, k, v = (normal(1, tokens, HEADS, WIDTH, requires_grad=True) for _ in range(3))
    gate = (-uniform(1, tokens, HEADS)).requires_grad_()
    beta = uniform(1, tokens, HEADS).requires_grad_()
    o, _ = chunk_gated_delta_rule(q, k, v, gate, beta, use_qk_l2norm_in_kernel=True)
    o.sum().backward()
    return [o, q.grad, k.grad, v.grad, gate.grad, beta.grad]


def recurrent(sizes: Sizes) -> Results:
    """A decode step: one token of each sequence."""
    from fla.ops.gated_delta_rule import fused_recurrent_gated_delta_rule

    results = []
    for batch in sizes.batches:
        q, k, v = (normal(batch, 1, HEADS, WIDTH) for _ in range(3))
        results += fused_recurrent_gated_delta_rule(
            q,
            k,
            v,
            -uniform(batch, 1, HEADS),
            beta=uniform(batch, 1, HEADS),
            initial_state=normal(batch, HEADS, WIDTH, WIDTH, dtype=torch.float32),
            output_final_state=True,
            use_qk_l2norm_in_kernel=True,
        )
    return results


def convolution(sizes: Sizes) -> Results:
    from fla.modules.causal_conv1d import causal_conv1d

    return [
        causal_conv1d(normal(1, tokens, 4096), normal(4096, 4), activation="silu")[0]
        for tokens in sizes.tokens
    ]


def gated_norm(sizes: Sizes) -> Results:
    from fla.modules.norm.fused_norm_gate import rms_norm_gated

    shapes = [(tokens, HEADS, WIDTH) for tokens in sizes.tokens]
    return [rms_norm_gated(normal(*s), normal(*s), normal(WIDTH), None) for s in shapes]


PARTS: dict[str, Part] = {
    "chunk_gated_delta_rule": chunk,
    "chunk_gated_delta_rule backward": chunk_backward,
    "fused_recurrent_gated_delta_rule": recurrent,
    "causal_conv1d": convolution,
    "rms_norm_gated": gated_norm,
}
