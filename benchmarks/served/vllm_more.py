"""vLLM's attention, experts, quantisation and sampling: see `benchmarks.served.vllm`."""

from __future__ import annotations

from typing import Any

import torch
import triton.language as tl

from benchmarks.served.inputs import BF16, integers, normal, uniform
from benchmarks.served.parts import Part, Results, Sizes
from benchmarks.served.vllm import LAYERS, _function

HEADS, KEY_HEADS, WIDTH, BLOCK = 16, 2, 256, 16
SEGMENTS = 16


def attention(sizes: Sizes) -> Results:
    """A prefill of two sequences: one kernel."""
    results = []
    for tokens in sizes.tokens:
        lengths = [tokens // 2, tokens - tokens // 2]
        results.append(_attention(lengths, [0, lengths[0], tokens], max(lengths)))
    return results


def attention_in_segments(sizes: Sizes) -> Results:
    """A decode step: parts of the keys at once, then their reduction."""
    results = []
    for batch in sizes.batches:
        lengths = [sizes.tokens[2] - 7 * number for number in range(batch)]
        results.append(_attention(lengths, list(range(batch + 1)), 1))
    return results


def _attention(lengths: list[int], starts: list[int], longest_query: int) -> Any:
    run = _function("vllm.v1.attention.ops.triton_unified_attention", "unified_attention")
    sequences, blocks = len(lengths), -(-max(lengths) // BLOCK)
    q = normal(starts[-1], HEADS, WIDTH)
    keys, values = (normal(sequences * blocks, BLOCK, KEY_HEADS, WIDTH) for _ in range(2))
    table = torch.randperm(sequences * blocks, device="cuda").to(torch.int32)
    out = torch.empty_like(q)
    parts = {}
    if longest_query == 1:
        parts = {
            "seq_threshold_3D": 64,
            "num_par_softmax_segments": SEGMENTS,
            "softmax_segm_output": uniform(starts[-1], HEADS, SEGMENTS, WIDTH),
            "softmax_segm_max": uniform(starts[-1], HEADS, SEGMENTS),
            "softmax_segm_expsum": uniform(starts[-1], HEADS, SEGMENTS),
        }
    run(
        *(q, keys, values, out, integers(starts), longest_query, integers(lengths), max(lengths)),
        *(WIDTH**-0.5, True, (-1, -1), table.view(sequences, blocks), 0.0, None, None, None),
        **parts,
    )
    return out


def experts(sizes: Sizes) -> Results:
    run = _function(f"{LAYERS}.fused_moe.fused_moe", "invoke_fused_moe_triton_kernel")
    count, top, wide, narrow = 16, 2, 512, 256
    block = 16
    config = {
        **{"BLOCK_SIZE_M": block, "BLOCK_SIZE_N": 64, "BLOCK_SIZE_K": 64, "GROUP_SIZE_M": 8},
        **{"num_warps": 4, "num_stages": 3},
    }
    weights = normal(count, narrow, wide)
    results = []
    for tokens in sizes.tokens:
        x, chosen = normal(tokens, wide), torch.randint(0, count, (tokens, top), device="cuda")
        of_tokens, of_blocks = [], []
        for expert in range(count):
            own = (chosen.flatten() == expert).nonzero().flatten().tolist()
            own += [tokens * top] * (-len(own) % block)
            of_tokens += own
            of_blocks += [expert] * (len(own) // block)
        out = torch.zeros(tokens, top, narrow, device="cuda", dtype=BF16)
        run(
            *(x, weights, out, None, None, uniform(tokens, top), integers(of_tokens)),
            *(integers(of_blocks), integers([len(of_tokens)]), True, top, config, tl.bfloat16),
            *(False, False, False, False, False),
        )
        results.append(out)
    return results


def quantisation(sizes: Sizes) -> Results:
    run = _function(f"{LAYERS}.quantization.utils.fp8_utils", "per_token_group_quant_fp8")
    results = []
    for tokens in sizes.tokens:
        x = normal(tokens, 2048)
        codes, scales = run(x, 128, dtype=torch.float8_e4m3fn, use_ue8m0=False)
        results += [codes, scales]
    return results


def sampling(sizes: Sizes) -> Results:
    run = _function("vllm.v1.sample.ops.topk_topp_triton", "apply_top_k_top_p_triton")
    results = []
    for batch in sizes.batches:
        logits = normal(batch, 32000, dtype=torch.float32)
        both = run(logits.clone(), integers([50] * batch), 0.5 + uniform(batch) / 2)
        results += [both.exp(), run(logits.clone(), integers([50] * batch), None).exp()]
    return results


PARTS: dict[str, Part] = {
    "unified_attention": attention,
    "unified_attention in segments": attention_in_segments,
    "fused_moe": experts,
    "per_token_group_quant": quantisation,
    "topk_topp": sampling,
}
