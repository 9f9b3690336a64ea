"""flash-linear-attention's `chunk_gated_delta_rule` on our inputs, tuned anew for each size."""

from __future__ import annotations

import gc
import subprocess
import sys
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import torch
from fla.ops.gated_delta_rule import chunk_gated_delta_rule
from triton.runtime.autotuner import Autotuner

from benchmarks.timing import gpu_time
from tests.support import chain

PROCESSES = 7
CALLS, ROUNDS = 20, 5
"""Of each configuration that its autotuner measures: calls in a graph, and replays of it."""


def views(x: SimpleNamespace) -> tuple[torch.Tensor, ...]:
    """q, k and v in the rows that hold them."""
    sizes = [x.key_heads * 128, x.key_heads * 128, x.heads * 128]
    return tuple(part.view(1, x.tokens, -1, 128) for part in x.qkv.split(sizes, dim=1))


def call(x: SimpleNamespace) -> Callable[[], tuple[torch.Tensor, torch.Tensor]]:
    """A call on rows of q, k and v, as ours: views of them, which the peer copies."""
    return lambda: _peer(x, *views(x))


def call_on_split(x: SimpleNamespace) -> Callable[[], tuple[torch.Tensor, torch.Tensor]]:
    """A call on q, k and v that have been made tensors of their own already."""
    given = [view.contiguous() for view in views(x)]
    return lambda: _peer(x, *given)


def _peer(x: SimpleNamespace, *qkv: torch.Tensor) -> Any:
    return chunk_gated_delta_rule(
        *qkv,
        g=x.a[None],
        beta=x.b[None],
        scale=chain.SCALE,
        initial_state=x.initial_state[None],
        output_final_state=True,
        use_qk_l2norm_in_kernel=True,
        use_gate_in_kernel=True,
        use_beta_sigmoid_in_kernel=True,
        A_log=x.a_log,
        dt_bias=x.dt_bias,
    )


def autotuners() -> list[Autotuner]:
    return [one for one in gc.get_objects() if issubclass(type(one), Autotuner)]


def tune_again() -> None:
    """Let the next call choose the best configurations for its size.

    Without this it keeps those of the first call, whatever its size, also in a file.
    """
    for one in autotuners():
        one.cache.clear()
        one.cache_results = False
        one.do_bench = _bench


def _bench(kernel: Callable[[], None], quantiles: Sequence[float]) -> list[float]:
    """GPU time alone, as it is measured afterwards: events around a call see a slow host, too."""
    kernel()  # what does not fit the GPU says so here, and not in the capture
    return [gpu_time(kernel, calls=CALLS, rounds=ROUNDS)] * len(quantiles)


def compile_all(heads: list[int]) -> None:
    """Fill Triton's cache, in several processes: its autotuner compiles one after the other."""
    workers = [
        subprocess.Popen([sys.executable, "-m", "benchmarks.chain_compile", str(head), str(part)])
        for head in heads
        for part in range(PROCESSES)
    ]
    for worker in workers:
        if worker.wait():
            raise RuntimeError(f"{worker.args!r} failed")


def compile_part(heads: int, part: int) -> None:
    tune_again()
    for one in autotuners():
        one.configs = one.configs[part::PROCESSES] or one.configs[:1]
    with torch.inference_mode():
        call(chain.inputs(64, heads))()
