"""Host time of calls that launch Triton kernels: `python -m benchmarks.served.host_times`.

Run as it is, the JIT launches; under `tritonbind serve`, the library does; with
`--without-launches` nobody does, and what is left is the program's own. Prints JSON, microseconds
by call: medians of bursts, with nothing in the GPU's queue at the start of each.
`python -m benchmarks.served.table` puts such files side by side. Needs a GPU, torch, Triton,
flash-linear-attention and Liger-Kernel.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.command_line import parser_of

ELEMENTS, BURST = 1024, 100
Calls = Iterator[tuple[str, Callable[[], object], int]]
"""What is called, and how often in a burst: so often that the GPU's queue never fills."""


def main() -> int:
    parser = parser_of("served.host_times", __doc__)
    parser.add_argument("--out", type=Path, metavar="FILE", help="default: stdout")
    parser.add_argument("--without-launches", action="store_true", help="launch nothing")
    options = parser.parse_args()
    if options.without_launches:
        launch_nothing()

    import torch

    from benchmarks.timing import host_time

    times = {}
    with torch.no_grad():
        for name, run, burst in [*launches(), *functions()]:
            for _ in range(5):
                run()
            times[name] = host_time(run, burst=burst, rounds=100)
    text = json.dumps(times, indent=1)
    if options.out:
        options.out.write_text(text + "\n")
    else:
        print(text)
    return 0


def launch_nothing() -> None:
    """Have `kernel[grid](...)` do nothing, also through autotuners and heuristics."""
    from triton.runtime import autotuner, jit

    def run(self: object, *args: object, **kwargs: object) -> None:
        pass

    for kind in (jit.JITFunction, autotuner.Autotuner, autotuner.Heuristics):
        kind.run = run


def launches() -> Calls:
    """One launch, with a callable grid."""
    import torch
    import triton

    from benchmarks.served.kernels import five, nineteen

    a, b, c, d, out = (torch.zeros(ELEMENTS, device="cuda") for _ in range(5))

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

    yield "a launch with 5 arguments", with_five, BURST
    yield "a launch with 19 arguments", with_nineteen, BURST


def functions() -> Calls:
    """Whole functions of packages, as they are."""
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
    yield "chunk_gated_delta_rule, 64 tokens", chunk, 5
    yield "fused_recurrent_gated_delta_rule, one token, batch 8", recurrent, 20
    yield "Liger rms_norm", lambda: LigerRMSNormFunction.apply(x, weight, 1e-6), 50
    yield "Liger swiglu", lambda: LigerSiLUMulFunction.apply(x, other), 50


if __name__ == "__main__":
    sys.exit(main())
