"""What `benchmarks.served.host_times` measures on the host: launches, and whole functions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

ELEMENTS = 1024


@dataclass(frozen=True)
class Call:
    """A call that launches kernels."""

    name: str
    run: Callable[[], object]
    calls: int
    """In a turn: so many that its median is sure, and so few that the GPU's queue never fills."""


def launches(tensors: Sequence[Any]) -> Iterator[Call]:
    """One launch, with a callable grid. `tensors`: five of fp32, with `ELEMENTS` elements."""
    import triton
    from triton import knobs

    from benchmarks.served.kernels import five, nineteen

    a, b, c, d, out = tensors
    bare = [_Bare(one) for one in (a, b, out)]
    hooks = knobs.runtime.launch_enter_hook

    def grid(meta: dict[str, int]) -> tuple[int]:
        return (triton.cdiv(ELEMENTS, meta["BLOCK"]),)

    def with_five() -> None:
        five[grid](a, b, out, ELEMENTS, 2.0, BLOCK=256)

    def with_nineteen() -> None:
        nineteen[grid](
            *(a, b, c, d, out, ELEMENTS, 1, 1, 1, 1, 1, 0, ELEMENTS, 3),
            BLOCK=256,
            HEADS=8,
            WIDTH=128,
            HAS_BIAS=True,
            IS_CAUSAL=False,
        )

    def without_dlpack() -> None:
        five[grid](*bare, ELEMENTS, 2.0, BLOCK=256)

    def with_a_hook() -> None:
        hooks.add(_read)
        five[grid](a, b, out, ELEMENTS, 2.0, BLOCK=256)
        hooks.remove(_read)

    yield Call("a launch with 5 arguments", with_five, 200)
    yield Call("a launch with 19 arguments", with_nineteen, 200)
    yield Call("one with 5, tensors without DLPack", without_dlpack, 200)
    yield Call("one with 5, a hook of launches", with_a_hook, 200)


class _Bare:
    """What Triton takes for a pointer, without DLPack."""

    def __init__(self, tensor: Any) -> None:
        self.dtype, self._tensor = tensor.dtype, tensor

    def data_ptr(self) -> int:
        return int(self._tensor.data_ptr())


def _read(metadata: Any) -> None:
    metadata.get()


def functions() -> Iterator[Call]:
    """Whole functions of packages, as they are. Needs a GPU, torch and the packages."""
    import torch
    from fla.ops.gated_delta_rule import chunk_gated_delta_rule, fused_recurrent_gated_delta_rule
    from liger_kernel.ops.rms_norm import LigerRMSNormFunction
    from liger_kernel.ops.swiglu import LigerSiLUMulFunction

    from benchmarks.served.inputs import normal, uniform

    tokens, heads, width = 64, 32, 128
    q, k, v = (normal(1, tokens, heads, width) for _ in range(3))
    gate, beta = normal(1, tokens, heads), normal(1, tokens, heads)
    logs, bias = uniform(heads).log(), normal(heads, dtype=torch.float32)

    def chunk() -> object:
        return chunk_gated_delta_rule(
            *(q, k, v, gate, beta),
            use_qk_l2norm_in_kernel=True,
            use_beta_sigmoid_in_kernel=True,
            use_gate_in_kernel=True,
            A_log=logs,
            dt_bias=bias,
        )

    step = [normal(8, 1, heads, width) for _ in range(3)]
    decay, rate = -uniform(8, 1, heads), uniform(8, 1, heads)
    state = normal(8, heads, width, width, dtype=torch.float32)

    def recurrent() -> object:
        return fused_recurrent_gated_delta_rule(
            *step,
            decay,
            beta=rate,
            initial_state=state,
            output_final_state=True,
            use_qk_l2norm_in_kernel=True,
        )

    x, other, weight = normal(tokens, 4096), normal(tokens, 4096), normal(4096)
    yield Call("chunk_gated_delta_rule, 64 tokens", chunk, 20)
    yield Call("fused_recurrent_gated_delta_rule, one token, batch 8", recurrent, 50)
    yield Call("Liger rms_norm", lambda: LigerRMSNormFunction.apply(x, weight, 1e-6), 100)
    yield Call("Liger swiglu", lambda: LigerSiLUMulFunction.apply(x, other), 100)
