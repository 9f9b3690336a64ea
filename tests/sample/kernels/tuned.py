"""Kernels whose own decorators decide: autotuned ones, heuristics, and hints in several cases."""

import triton
import triton.language as tl

from codegen.export import export, sm_count


@export(
    "sample.heuristic",
    types={"x_ptr": "*fp32", "out_ptr": "*fp32", "bias_ptr": "*fp32 | None", "n": "i32"},
    constexprs={"BLOCK": [32, 128]},
    targets=["sm_90"],
    grid=lambda n, BLOCK: (triton.cdiv(n, BLOCK),),
)
@triton.heuristics(
    {
        "BLOCK": lambda args: max(32, triton.next_power_of_2(args["n"])),
        "EVEN": lambda args: args["n"] % args["BLOCK"] == 0,
        "HAS_BIAS": lambda args: args["bias_ptr"] is not None,
        "num_warps": lambda args: 2 if args["HAS_BIAS"] else 4,
    }
)
@triton.jit
def heuristic(
    x_ptr,
    out_ptr,
    bias_ptr,
    n,
    BLOCK: tl.constexpr,
    EVEN: tl.constexpr,
    HAS_BIAS: tl.constexpr,
):
    """Add a number to each element, if there is one."""
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    x = tl.load(x_ptr + offsets) if EVEN else tl.load(x_ptr + offsets, mask=offsets < n)
    if HAS_BIAS:
        x += tl.load(bias_ptr)
    tl.store(out_ptr + offsets, x, mask=offsets < n)


CONFIGURATIONS = [
    triton.Config({"BLOCK": 128}, num_warps=4),
    triton.Config({"BLOCK": 256}, num_warps=8, num_stages=2),
    triton.Config({"BLOCK": 64}, num_warps=2),
]


@export(
    "sample.tuned",
    types={"x_ptr": "*fp16 | *fp32", "out_ptr": "*fp16 | *fp32", "n": "i64", "flag": "i1"},
    targets=["sm_90"],
    tuned={
        (64, True, "torch.float16", "torch.float16"): {"BLOCK": 64},
        (64, True, "torch.float32", "torch.float32"): {"BLOCK": 256},
        (4096, False, "torch.float16", "torch.float16"): {"BLOCK": 256},
        (1 << 40, False, "torch.float16", "torch.float16"): {"BLOCK": 256},
    },
    grid=lambda META: (min(triton.cdiv(META["n"], META["BLOCK"]), 4 * sm_count()),),
)
@triton.autotune(CONFIGURATIONS, key=["n", "flag"])
@triton.heuristics({"EVEN": lambda args: args["n"] % args["BLOCK"] == 0})
@triton.jit
def tuned(x_ptr, out_ptr, n, flag, BLOCK: tl.constexpr, EVEN: tl.constexpr):
    """Copy, or double."""
    step = tl.num_programs(0) * BLOCK
    for start in range(tl.program_id(0) * BLOCK, n, step):
        offsets = start + tl.arange(0, BLOCK)
        x = tl.load(x_ptr + offsets, mask=None if EVEN else offsets < n)
        tl.store(out_ptr + offsets, x * 2 if flag else x, mask=None if EVEN else offsets < n)


@export(
    "sample.named",
    types={"x_ptr": "*fp32", "out_ptr": "*fp32", "stride": "i32 | i64"},
    targets=["sm_90"],
    configs=[{"BLOCK": 128}, {"BLOCK": 64, "num_warps": 2}],
    cases=[{"stride": 1}, {"stride": 16}, {"stride": 16, "x_ptr": None}],
    grid=lambda META: (triton.cdiv(META["x_ptr"].shape[0], META["BLOCK"]), META["out_ptr"].ndim),
)
@triton.autotune(CONFIGURATIONS, key=["stride"])
@triton.jit
def named(x_ptr, out_ptr, stride, BLOCK: tl.constexpr):
    """Spread the elements by a stride."""
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(out_ptr + offsets * stride, tl.load(x_ptr + offsets))
