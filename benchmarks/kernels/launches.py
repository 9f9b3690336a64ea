"""Kernels with 0, 5, 19 and 40 arguments, for measurements of what a launch costs the host."""

import triton
import triton.language as tl
from triton import cdiv

from codegen.export import export


@export("launches.arguments_0", grid=lambda: (1,))
@triton.jit
def arguments_0():
    """Nothing."""
    pass


@export(
    "launches.arguments_5",
    types={"x": "*fp32", "y": "*fp32", "out": "*fp32", "size": "i32:16", "alpha": "fp32"},
    grid=lambda size, BLOCK: (cdiv(size, BLOCK),),
)
@triton.jit
def arguments_5(x, y, out, size, alpha, BLOCK: tl.constexpr = 1024):
    """out = x + alpha * y."""
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = offsets < size
    total = tl.load(x + offsets, mask=mask) + alpha * tl.load(y + offsets, mask=mask)
    tl.store(out + offsets, total, mask=mask)


# fmt: off
@export(
    "launches.arguments_19",
    types={
        **dict.fromkeys(("p0", "p1", "p2", "p3", "p4"), "*fp32"),
        **dict.fromkeys(("n0", "n1", "n2", "n3", "n4", "n5", "n6", "n7", "n8"), "i32"),
    },
    constexprs={name: [0, 1] for name in ("C0", "C1", "C2", "C3", "C4")},
    cases=[],
    grid=lambda: (1,),
)
@triton.jit
def arguments_19(
    p0, p1, p2, p3, p4,
    n0, n1, n2, n3, n4, n5, n6, n7, n8,
    C0: tl.constexpr, C1: tl.constexpr, C2: tl.constexpr, C3: tl.constexpr, C4: tl.constexpr,
):
    """Nothing, of 5 tensors, 9 ints and 5 constexprs."""
    pass


@export(
    "launches.arguments_40",
    types={**{f"p{i}": "*fp32" for i in range(10)}, **{f"n{i}": "i32" for i in range(30)}},
    cases=[],
    grid=lambda: (1,),
)
@triton.jit
def arguments_40(
    p0, p1, p2, p3, p4, p5, p6, p7, p8, p9,
    n0, n1, n2, n3, n4, n5, n6, n7, n8, n9,
    n10, n11, n12, n13, n14, n15, n16, n17, n18, n19,
    n20, n21, n22, n23, n24, n25, n26, n27, n28, n29,
):
    """Nothing, of 10 tensors and 30 ints."""
    pass
