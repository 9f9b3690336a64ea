"""vLLM's kernels of a layer of Qwen3.5, called by vLLM's own functions, from its .py files alone.

Most of vLLM cannot be imported without its extensions, so each function is taken from its file with
the definitions that it needs. Where vLLM would ask its platform, it hears of one with CUDA and
without its extensions.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
import triton

from benchmarks.served.inputs import BF16, integers, normal, uniform
from benchmarks.served.parts import Part, Results, Sizes
from codegen.read.needed_parts import Missing, kernel_of

LAYERS = "vllm.model_executor.layers"
HEADS, VALUE_HEADS, WIDTH = 16, 32, 128
CHANNELS = (2 * HEADS + VALUE_HEADS) * WIDTH


class _Platform:
    """The answers of `current_platform` that the functions here ask for."""

    def is_cuda(self) -> bool:
        return False  # its own extension would be called

    def is_rocm(self) -> bool:
        return False

    is_cuda_alike = is_xpu = is_rocm

    def fp8_dtype(self) -> Any:
        return torch.float8_e4m3fn

    def has_device_capability(self, capability: int) -> bool:
        return True


def _function(module: str, name: str) -> Any:
    function = kernel_of(f"{module}:{name}", Path())
    known = function.__globals__
    if isinstance(known.get("current_platform"), Missing):
        known["current_platform"] = _Platform()
    if "num_compute_units" in known:
        known["num_compute_units"] = _sms
    return function


def _sms(device: int = 0) -> int:
    return torch.cuda.get_device_properties(device or 0).multi_processor_count


def convolution(sizes: Sizes) -> Results:
    run = _function(f"{LAYERS}.mamba.ops.causal_conv1d", "causal_conv1d_fn")
    results = []
    for tokens in sizes.tokens:
        states = normal(8, 3, CHANNELS).transpose(1, 2)
        x = normal(tokens, CHANNELS).transpose(0, 1)
        starts, slots = integers([0, tokens // 2, tokens]), integers([1, 3])
        has_state = torch.tensor([True, False], device="cuda")
        weight = normal(CHANNELS, 4)
        out = run(x, weight, None, states, starts, slots, has_state, activation="silu")
        results += [out, states]
    return results


def convolution_step(sizes: Sizes) -> Results:
    run = _function(f"{LAYERS}.mamba.ops.causal_conv1d", "causal_conv1d_update")
    results = []
    for batch in sizes.batches:
        states = normal(16, 3, CHANNELS).transpose(1, 2)
        slots = integers(range(1, batch + 1))
        x = normal(batch, CHANNELS)
        out = run(x, states, normal(CHANNELS, 4), None, "silu", conv_state_indices=slots)
        results += [out, states]
    return results


def _allocated(size: int, alignment: int, stream: int | None) -> Any:
    """For descriptors that kernels make: tensors are aligned far enough."""
    return torch.empty(size, device="cuda", dtype=torch.int8)


def chunk(sizes: Sizes) -> Results:
    triton.set_allocator(_allocated)  # as vLLM does as it starts
    run = _function(f"{LAYERS}.fla.ops.chunk", "chunk_gated_delta_rule")
    results = []
    for tokens in sizes.tokens:
        q, k = (normal(1, tokens, HEADS, WIDTH) for _ in range(2))
        v = normal(1, tokens, VALUE_HEADS, WIDTH)
        results += run(
            q,
            k,
            v,
            -uniform(1, tokens, VALUE_HEADS),
            uniform(1, tokens, VALUE_HEADS).to(BF16),
            initial_state=normal(2, VALUE_HEADS, WIDTH, WIDTH, dtype=torch.float32),
            output_final_state=True,
            cu_seqlens=integers([0, tokens // 2, tokens]),
            use_qk_l2norm_in_kernel=True,
        )
    return results


def packed_step(sizes: Sizes) -> Results:
    run = _function(
        f"{LAYERS}.fla.ops.fused_recurrent", "fused_recurrent_gated_delta_rule_packed_decode"
    )
    results = []
    for batch in sizes.batches:
        state = normal(16, VALUE_HEADS, WIDTH, WIDTH, dtype=torch.float32)
        out = torch.empty(batch, 1, VALUE_HEADS, WIDTH, device="cuda", dtype=BF16)
        results += run(
            normal(batch, CHANNELS),
            normal(batch, VALUE_HEADS),
            normal(batch, VALUE_HEADS),
            uniform(VALUE_HEADS).log(),
            normal(VALUE_HEADS, dtype=torch.float32),
            WIDTH**-0.5,
            state,
            out,
            integers(range(batch)),
            use_qk_l2norm_in_kernel=True,
        )
    return results


def gated_norm(sizes: Sizes) -> Results:
    run = _function(f"{LAYERS}.fla.ops.layernorm_guard", "layer_norm_fwd")
    results = []
    for tokens in sizes.tokens:
        x, z = (normal(tokens * VALUE_HEADS, WIDTH) for _ in range(2))
        results += run(x, normal(WIDTH), None, 1e-6, z=z, is_rms_norm=True)
    return [one for one in results if one is not None]


def rope(sizes: Sizes) -> Results:
    run = _function(f"{LAYERS}.rotary_embedding.mrope", "triton_mrope")
    results = []
    for tokens in sizes.tokens:
        q, k = normal(tokens, 16 * 256), normal(tokens, 2 * 256)
        cos, sin = (normal(3, tokens, 32) for _ in range(2))
        results += run(q, k, cos, sin, [11, 11, 10], 256, 64, True)
    return results


def cache(sizes: Sizes) -> Results:
    run = _function(
        "vllm.v1.attention.ops.triton_reshape_and_cache_flash", "triton_reshape_and_cache_flash"
    )
    results = []
    for tokens in sizes.tokens:
        key, value = (normal(tokens, 2, 256) for _ in range(2))
        keys, values = (torch.zeros(128, 16, 2, 256, device="cuda", dtype=BF16) for _ in range(2))
        slots = torch.randperm(128 * 16, device="cuda")[:tokens]
        one = torch.ones(1, device="cuda")
        run(key, value, keys, values, slots, "auto", one, one)
        results += [keys, values]
    return results


PARTS: dict[str, Part] = {
    "causal_conv1d_fn": convolution,
    "causal_conv1d_update": convolution_step,
    "chunk_gated_delta_rule": chunk,
    "fused_recurrent packed decode": packed_step,
    "layer_norm_fwd gated": gated_norm,
    "mrope": rope,
    "reshape_and_cache": cache,
}
