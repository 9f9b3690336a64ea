"""Time of the GPU for kernels of others: `python -m benchmarks.same_cubin`.

Each kernel is launched on the same tensors by its generated wrapper, by Triton's launcher with the
very cubin that the wrapper holds, and by Triton's JIT, which compiles the package's kernel itself.
Launches are captured into graphs, whose replays take turns. Needs a GPU of compute capability 9.0,
torch, Triton, and what `make carry` packs. Writes `same_cubin.md` into docs/.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.command_line import parser_of, wrapped

if TYPE_CHECKING:
    from benchmarks.timing import Run
    from tests.others_gpu.cases import Call, Case

KERNELS = (
    "others.bitsandbytes.quantize_8bit_blockwise",
    "others.cut_cross_entropy.cce_lse_forward",
    "others.fla.chunk_gated_delta_rule_fwd_h_blockdim64",
    "others.fla.fused_recurrent_gated_delta_rule_fwd",
    "others.fla.recompute_w_u_fwd",
    "others.liger.cross_entropy",
    "others.liger.rms_norm_backward",
    "others.mlstm_kernels.lightning_attn2_fwd",
    "others.sageattention.qk_int8_per_block",
    "others.torchao.scaled_int8_mm",
)
CALLS, ROUNDS = 50, 30
WRAPPER, AGAIN = "generated", "generated, again"
SAME, PLAIN = "Triton's launcher, same cubin", "the same, loaded as by the wrapper"
JIT = "Triton's JIT"
Times = Mapping[str, Mapping[str, float]]
"""Microseconds by kernel and way."""


def main() -> int:
    parser = parser_of("same_cubin", __doc__)
    parser.add_argument("--out", type=Path, default=Path("docs"), help="default: docs")
    parser.add_argument("kernels", nargs="*", default=KERNELS, metavar="KERNEL")
    options = parser.parse_args()
    from tests.others_gpu.table import CASES

    times = {}
    for name in options.kernels:
        times[name] = measure(CASES[name])
        print(f"{name}: " + ", ".join(f"{way} {us:.2f}" for way, us in times[name].items()))
    from benchmarks.gpu import machine

    text = wrapped(f"{machine()}.\n\n{table(times)}\n{summary(times)}")
    print(f"\n{text}")
    (options.out / "same_cubin.md").write_text(text)
    return 0


def measure(case: Case) -> dict[str, float]:
    """The case's first call in each way, once the results agree."""
    import torch

    from benchmarks.capture import captured_shapes
    from benchmarks.timing import gpu_times
    from tests.others_gpu import comparing, running

    call, other = case.calls()[0], case.calls()[0]
    jit = running.jit_call(case, call)
    wrapper = wrapper_run(case, call, jit.grid)
    wrapper()
    same_cubin_run(case, other)()
    torch.cuda.synchronize()
    comparing.compare_with_each_other(case, call, other)
    same = same_cubin_run(case, call)
    shapes = [captured_shapes(run) for run in (wrapper, same)]
    assert len(shapes[0]) == 1 and shapes[0] == shapes[1], f"{case.name}: {shapes}"
    plain = same_cubin_run(case, call, is_loaded_plainly=True)
    ways = {WRAPPER: wrapper, SAME: same, PLAIN: plain, JIT: jit.launch, AGAIN: wrapper}
    for run in ways.values():
        run()
    return gpu_times(ways, calls=CALLS, rounds=ROUNDS)


def wrapper_run(case: Case, call: Call, grid: tuple[int, int, int]) -> Run:
    from tests.others_gpu import running

    return lambda: running.call_wrapper(case, call, grid, lambda tensor: tensor)


def same_cubin_run(case: Case, call: Call, *, is_loaded_plainly: bool = False) -> Run:
    """Triton's launcher with the wrapper's cubin, which takes what the manifest says."""
    from benchmarks import triton_launcher
    from tests.others_gpu import running

    jit = running.jit_call(case, call)
    variant = running.entry_of(case)["variants"][jit.variant]
    image = variant["images"]["sm_90"]
    folder, package = running.PROJECTS[case.project]
    content = (folder / package / image["file"]).read_bytes()
    names, types = zip(*variant["parameters"], strict=True)
    arguments = [jit.arguments[name] for name in names]
    return triton_launcher.launch_of(
        image, content, types, arguments, jit.grid, is_loaded_plainly=is_loaded_plainly
    )


def table(times: Times) -> str:
    """Markdown: microseconds, and the ratios that are to be 1."""
    ways = (WRAPPER, SAME, PLAIN, JIT)
    heads = ["microseconds of the GPU", *ways]
    heads += ["over Triton's launcher", "over the same, loaded alike", "over itself, again"]
    heads += ["over Triton's JIT"]
    lines = ["| " + " | ".join(heads) + " |", "|---" * len(heads) + "|"]
    for name, row in times.items():
        cells = [f"{row[way]:.2f}" for way in ways]
        cells += [f"{row[WRAPPER] / row[way]:.3f}" for way in (SAME, PLAIN, AGAIN, JIT)]
        lines.append("| " + " | ".join([name.removeprefix("others."), *cells]) + " |")
    return "\n".join(lines) + "\n"


def summary(times: Times) -> str:
    """The sentences below the table."""
    sentences = []
    for way, what in (
        (SAME, "Over Triton's launcher with the same cubin"),
        (PLAIN, "Over the same, loaded alike"),
        (AGAIN, "Over itself, which is the noise"),
    ):
        found = [row[WRAPPER] / row[way] for row in times.values()]
        median = statistics.median(found)
        sentences.append(f"{what}: {min(found):.3f} to {max(found):.3f}, median {median:.3f}.\n")
    return "".join(sentences)


if __name__ == "__main__":
    sys.exit(main())
