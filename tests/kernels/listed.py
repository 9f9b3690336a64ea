"""A kernel as a program had launched it: autotuned, with a heuristic, in three combinations."""

import triton
import triton.language as tl

from codegen.export import export


@triton.jit
def scaled(x, bias, out, n, factor, MODE: tl.constexpr, EPSILON: tl.constexpr, BLOCK: tl.constexpr):
    """out = factor * x + bias."""
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    value = tl.load(x + offsets, offsets < n).to(tl.float32) * factor + EPSILON
    if bias is not None:
        value += tl.load(bias + offsets, offsets < n)
    if MODE == "square":
        value *= value
    tl.store(out + offsets, value.to(out.dtype.element_ty), offsets < n)


@triton.jit
def dense(x, stride):
    """It can be compiled for a stride of 1 alone."""
    tl.static_assert(stride == 1)
    tl.store(x + tl.program_id(0) * stride, 1.0)


CONFIGURATIONS = [triton.Config({"BLOCK": 64}), triton.Config({"BLOCK": 128}, num_warps=8)]

export("program.scaled", grid="explicit", launches="scaled.launches.json")(
    triton.autotune(CONFIGURATIONS, key=["n"])(
        triton.heuristics({"MODE": lambda args: "plain"})(scaled)
    )
)

export("program.dense", grid="explicit", launches="dense.launches.json", optional_targets=True)(
    dense
)
