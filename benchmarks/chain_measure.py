"""The prefill's chain on the GPU, measured at each size, and the tables of docs/chain.md."""

from __future__ import annotations

import gc
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from types import SimpleNamespace

import torch

from benchmarks import chain_accuracy as accuracy
from benchmarks import chain_peer as peer
from benchmarks import chain_roofline as roofline
from benchmarks.timing import gpu_time, gpu_times, host_time, wall_time
from tests.support import chain

SIZES = [64, 512, 2048, 8192, 32768]
HEADS = [32, 48]
ALIGNMENT = 256
"""Bytes, of each part of a workspace, as an allocator's blocks have."""
AGREE = 2e-2
"""Of the norm: bf16 results of different orders of the same sums."""

RATIOS = "two / peer | seven / peer | two / split | seven / split"

Result = tuple[torch.Tensor, torch.Tensor]


@dataclass(frozen=True)
class Times:
    """Microseconds of a call that allocates all it returns and works with, but `prepared`."""

    host: float
    wall: float
    gpu: float
    prepared: float | None = None
    """The host's time when everything has been allocated before."""


@dataclass(frozen=True)
class Row:
    """What was measured at one size."""

    tokens: int
    heads: int
    fused: Times
    seven: Times
    peer: Times
    peer_on_split: Times
    """On q, k and v as tensors of their own: what is left of its work when another has copied."""
    stages: dict[str, float]
    """GPU time of each stage."""


def fused(x: SimpleNamespace) -> Callable[[], Result]:
    """A call of the two kernels that allocates its four outputs: a kernel needs their shapes."""

    def run() -> Result:
        y = chain.fused_workspace(x)
        chain.run(chain.fused_calls(x, y))
        return y.output, y.final_state

    return run


def seven(x: SimpleNamespace) -> Callable[[], Result]:
    """A call of the seven that allocates its results, and one workspace for all between them."""
    shapes = vars(chain.seven_workspace(x, partial(torch.empty, device="meta")))
    output, final_state = shapes.pop("output"), shapes.pop("final_state")
    offsets, size = {}, 0
    for name, part in shapes.items():
        offsets[name] = size
        size += -(-part.nbytes // ALIGNMENT) * ALIGNMENT

    def run() -> Result:
        workspace = chain.empty(size, dtype=torch.uint8)
        start = workspace.data_ptr()
        y = SimpleNamespace(
            output=chain.empty(*output.shape, dtype=output.dtype),
            final_state=chain.empty(*final_state.shape),
            **{name: start + offset for name, offset in offsets.items()},
        )
        stream = torch.cuda.current_stream().cuda_stream
        for function, arguments in chain.seven_calls(x, y).values():
            function(*arguments, stream)
        return y.output, y.final_state

    return run


def measure(tokens: int, heads: int) -> Row:
    x = chain.inputs(tokens, heads)
    two_kernels, seven_kernels = fused(x), seven(x)
    on_rows, on_split = peer.call(x), peer.call_on_split(x)
    peer.tune_again()
    expected = on_split()
    for result in (two_kernels(), seven_kernels(), on_rows()):
        _check(result, expected)
    del expected, result
    calls = 10 if tokens <= 2048 else 2
    two = chain.fused_calls(x, chain.fused_workspace(x))
    parts = chain.seven_calls(x, chain.seven_workspace(x))
    contenders = {
        "fused": two_kernels,
        "seven": seven_kernels,
        "peer": on_rows,
        "peer_on_split": on_split,
    }
    prepared = {"fused": two, "seven": parts}
    gpu = gpu_times(contenders, calls=calls)
    row = Row(
        tokens,
        heads,
        **{
            name: Times(
                host_time(run),
                wall_time(run),
                gpu[name],
                host_time(partial(chain.run, prepared[name])) if name in prepared else None,
            )
            for name, run in contenders.items()
        },
        stages={
            name: gpu_time(lambda call=call: call[0](*call[1]), calls=calls)
            for name, call in {**two, **parts}.items()
        },
    )
    del two, parts, prepared
    gc.collect()
    torch.cuda.empty_cache()
    return row


def _check(result: Result, expected: Result) -> None:
    for ours, theirs in zip(result, expected, strict=True):
        difference = (ours.float() - theirs.float().view(ours.shape)).norm() / theirs.float().norm()
        assert difference < AGREE, f"off by {difference:.1e} of the norm"


def tables(rows: list[Row], ceilings: roofline.Ceilings, errors: dict[str, list[float]]) -> str:
    """The tables of docs/chain.md."""
    lines = ["### GPU time, microseconds (replay of a captured graph)", ""]
    lines += _table(
        f"S, H | two kernels | seven kernels | peer | peer, split before | {RATIOS}",
        [
            f"{_size(r)} | {r.fused.gpu:.1f} | {r.seven.gpu:.1f} | {r.peer.gpu:.1f} "
            f"| {r.peer_on_split.gpu:.1f} | {_ratios(r, lambda times: times.gpu)}"
            for r in rows
        ],
    )
    lines += ["### Wall time, microseconds (from the call until the GPU is done)", ""]
    lines += _table(
        f"S, H | two kernels | seven kernels | peer | peer, split before | {RATIOS}",
        [
            f"{_size(r)} | {r.fused.wall:.0f} | {r.seven.wall:.0f} | {r.peer.wall:.0f} "
            f"| {r.peer_on_split.wall:.0f} | {_ratios(r, lambda times: times.wall)}"
            for r in rows
        ],
    )
    lines += ["### Host time, microseconds (until the call is back)", ""]
    lines += _table(
        "S, H | two kernels | with what is allocated | seven kernels | with what is allocated "
        "| peer | peer, split before",
        [
            f"{_size(r)} | {r.fused.host:.1f} | {r.fused.prepared:.1f} | {r.seven.host:.1f} "
            f"| {r.seven.prepared:.1f} | {r.peer.host:.0f} | {r.peer_on_split.host:.0f}"
            for r in rows
        ],
    )
    lines += ["### Each stage: GPU time, microseconds (and how much of it the floor is)", ""]
    lines += [
        f"Ceilings of this run: a copy of 4 GiB {ceilings.bytes / 1e12:.2f} TB/s, a bf16 product "
        f"of 8192 x 8192 matrices {ceilings.flops / 1e12:.0f} TFLOP/s.",
        "",
    ]
    lines += _table(
        "S, H | " + " | ".join(rows[0].stages),
        [
            f"{_size(r)} | "
            + " | ".join(
                f"{time:.1f} ({100 * _floor(r, name, ceilings) / time:.0f} %)"
                for name, time in r.stages.items()
            )
            for r in rows
        ],
    )
    lines += ["### The floor, microseconds", ""]
    lines += _table(
        "S, H | two kernels: memory, matrix units | seven kernels: memory, matrix units "
        "| inputs and outputs alone | two kernels, measured over their floor",
        [
            f"{_size(r)} | {_parts(r, roofline.FUSED, ceilings)} "
            f"| {_parts(r, roofline.SEVEN, ceilings)} "
            f"| {1e6 * roofline.least_bytes(r.tokens, r.heads) / ceilings.bytes:.1f} "
            f"| {r.fused.gpu / sum(_floor(r, name, ceilings) for name in roofline.FUSED):.2f}"
            for r in rows
        ],
    )
    lines += [
        f"### Error against float64, of the norm, {accuracy.TOKENS} tokens, {accuracy.HEADS} heads",
        "",
    ]
    lines += _table(
        "  | two kernels: output | last state | seven: output | last state "
        "| peer: output | last state",
        [f"{case} | {' | '.join(f'{one:.1e}' for one in found)}" for case, found in errors.items()],
    )
    return "\n".join(lines)


def _table(head: str, body: list[str]) -> list[str]:
    return [f"| {head} |", "|---" * head.count("|") + "|---|", *(f"| {r} |" for r in body), ""]


def _ratios(row: Row, time: Callable[[Times], float]) -> str:
    ours, peers = (row.fused, row.seven), (row.peer, row.peer_on_split)
    return " | ".join(f"{time(one) / time(other):.2f}" for other in peers for one in ours)


def _size(row: Row) -> str:
    return f"{row.tokens}, {row.heads}"


def _floor(row: Row, stage: str, ceilings: roofline.Ceilings) -> float:
    return ceilings.floor(roofline.work(stage, row.tokens, row.heads))


def _parts(row: Row, stages: tuple[str, ...], ceilings: roofline.Ceilings) -> str:
    works = [roofline.work(stage, row.tokens, row.heads) for stage in stages]
    memory = 1e6 * sum(work.bytes for work in works) / ceilings.bytes
    return f"{memory:.1f}, {1e6 * sum(work.flops for work in works) / ceilings.flops:.1f}"
