"""Kernels that need something of their launch: clusters, dependent launch, a cooperative grid,
scratch memory, more warps than are declared, a limit of registers, much shared memory.

What they compute is exact in whole numbers; tests/support/features.py has inputs and results.
"""

import triton
import triton.language as tl
from triton import cdiv
from triton.language.extra.cuda import gdc_launch_dependents, gdc_wait

from codegen.export import export

HOPPER = ["sm_90", "sm_100"]


def tiles(name, **more):
    return export(
        f"features.{name}",
        types={"x": "*fp32", "out": "*fp32", "batches": "i32", "rows": "i32", "columns": "i32:16"},
        constexprs={"ROWS": 16, "COLUMNS": 32},
        shapes={"x": ("batches", "rows", "columns"), "out": ("batches", "rows", "columns")},
        grid=lambda batches, rows, columns, ROWS, COLUMNS: (
            cdiv(columns, COLUMNS),
            cdiv(rows, ROWS),
            batches,
        ),
        **more,
    )


@tiles("tiles_in_clusters", num_ctas=2, targets=HOPPER)
@tiles("tiles_dependent", launch_pdl=True, targets=HOPPER)
@tiles("tiles")
@triton.jit
def tiles_kernel(x, out, batches, rows, columns, ROWS: tl.constexpr, COLUMNS: tl.constexpr):
    """out = 2 * x + 1, by descriptors that each program makes; columns % 4 == 0"""
    batch = tl.program_id(2).to(tl.int64) * rows * columns
    x += batch
    out += batch
    source = tl.make_tensor_descriptor(x, [rows, columns], [columns, 1], [ROWS, COLUMNS])
    target = tl.make_tensor_descriptor(out, [rows, columns], [columns, 1], [ROWS, COLUMNS])
    row, column = tl.program_id(1) * ROWS, tl.program_id(0) * COLUMNS
    target.store([row, column], source.load([row, column]) * 2 + 1)


def weigh(name, **more):
    return export(
        f"features.{name}",
        types={"x": "*fp32", "out": "*fp32", "rows": "i32", "columns": "i32:16"},
        constexprs={"BLOCK": 8192},
        shapes={"x": ("rows", "columns"), "out": ("rows", "columns")},
        grid=lambda rows: (rows,),
        targets=["sm_90"],
        **more,
    )


@weigh("weigh_16", num_ctas=16)
@weigh("weigh_2", num_ctas=2)
@triton.jit
def weigh_kernel(x, out, rows, columns, BLOCK: tl.constexpr):
    """Each row times its sum, which the blocks of a cluster add up together."""
    offsets = tl.program_id(0).to(tl.int64) * columns + tl.arange(0, BLOCK)
    mask = tl.arange(0, BLOCK) < columns
    values = tl.load(x + offsets, mask=mask, other=0.0)
    tl.store(out + offsets, values * tl.sum(values), mask=mask)


@export(
    "features.advance",
    types={"x": "*fp32", "size": "i32:16"},
    shapes={"x": ("size",)},
    grid=lambda size, BLOCK: (cdiv(size, BLOCK),),
    launch_pdl=True,
    targets=["sm_90"],
)
@triton.jit
def advance(x, size, BLOCK: tl.constexpr = 256):
    """x = 2 * x + 1, again in each of many launches that overlap"""
    gdc_launch_dependents()
    offsets = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    mask = offsets < size
    gdc_wait()
    tl.store(x + offsets, tl.load(x + offsets, mask=mask) * 2 + 1, mask=mask)


@export(
    "features.times_total",
    types={"x": "*fp32", "total": "*fp32", "arrived": "*i32", "out": "*fp32", "size": "i32:16"},
    shapes={"x": ("size",), "total": (1,), "arrived": (1,), "out": ("size",)},
    grid=lambda size, BLOCK: (cdiv(size, BLOCK),),
    launch_cooperative_grid=True,
)
@triton.jit
def times_total(
    x,
    total,  # 0 at first
    arrived,  # 0 at first
    out,
    size,
    BLOCK: tl.constexpr = 1024,
):
    """out = x * sum(x), in one launch: each program waits for all others."""
    offsets = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    mask = offsets < size
    values = tl.load(x + offsets, mask=mask, other=0.0)
    tl.atomic_add(total, tl.sum(values))
    count = tl.atomic_add(arrived, 1) + 1
    while count < tl.num_programs(0):
        count = tl.atomic_add(arrived, 0)
    tl.store(out + offsets, values * tl.atomic_add(total, 0.0), mask=mask)


def product(name, num_warps, targets, **more):
    return export(
        f"features.{name}",
        types={
            **dict.fromkeys(("left", "right", "out"), "*fp16"),
            **dict.fromkeys(("rows", "columns", "depth"), "i32:16"),
        },
        constexprs={"ROWS": 128, "COLUMNS": 128, "DEPTH": 64},
        shapes={
            "left": ("rows", "depth"),
            "right": ("columns", "depth"),
            "out": ("rows", "columns"),
        },
        grid=lambda rows, columns, ROWS, COLUMNS: (cdiv(rows, ROWS), cdiv(columns, COLUMNS)),
        num_warps=num_warps,
        num_stages=3,
        targets=targets,
        **more,
    )


@product("product_in_few_registers", 8, ["sm_90"], maxnreg=96)
@product("product_in_much_shared", 4, ["sm_90"])
@triton.jit
def product_kernel(
    left,
    right,
    out,
    rows,
    columns,
    depth,
    ROWS: tl.constexpr,
    COLUMNS: tl.constexpr,
    DEPTH: tl.constexpr,
):
    """out = left @ right.T"""
    row = (tl.program_id(0) * ROWS + tl.arange(0, ROWS))[:, None]
    column = (tl.program_id(1) * COLUMNS + tl.arange(0, COLUMNS))[:, None]
    total = tl.zeros((ROWS, COLUMNS), dtype=tl.float32)
    for start in range(0, depth, DEPTH):
        k = (start + tl.arange(0, DEPTH))[None, :]
        a = tl.load(left + row * depth + k, mask=(row < rows) & (k < depth), other=0.0)
        b = tl.load(right + column * depth + k, mask=(column < columns) & (k < depth), other=0.0)
        total = tl.dot(a, b.T, total)
    across = column.T
    mask = (row < rows) & (across < columns)
    tl.store(out + row * columns + across, total.to(tl.float16), mask=mask)


@product("product_by_specialists", 4, HOPPER)
@triton.jit
def specialists_kernel(
    left,
    right,
    out,
    rows,
    columns,
    depth,
    ROWS: tl.constexpr,
    COLUMNS: tl.constexpr,
    DEPTH: tl.constexpr,
):
    """out = left @ right.T, where some warps only load; all but rows % 8 == 0"""
    a = tl.make_tensor_descriptor(left, [rows, depth], [depth, 1], [ROWS, DEPTH])
    b = tl.make_tensor_descriptor(right, [columns, depth], [depth, 1], [COLUMNS, DEPTH])
    c = tl.make_tensor_descriptor(out, [rows, columns], [columns, 1], [ROWS, COLUMNS])
    row, column = tl.program_id(0) * ROWS, tl.program_id(1) * COLUMNS
    total = tl.zeros((ROWS, COLUMNS), dtype=tl.float32)
    for start in tl.range(0, depth, DEPTH, warp_specialize=True):
        total = tl.dot(a.load([row, start]), b.load([column, start]).T, total)
    c.store([row, column], total.to(tl.float16))


def line(name, **more):
    return export(
        f"features.{name}",
        types={"x": "*fp32", "out": "*fp32", "size": "i32:16"},
        grid="explicit",
        targets=["sm_90"],
        **more,
    )


@line("line")
@line("line_p", launch_pdl=True)
@line("line_g", launch_cooperative_grid=True)
@line("line_pg", launch_pdl=True, launch_cooperative_grid=True)
@line("line_c", num_ctas=2)
@line("line_cp", num_ctas=2, launch_pdl=True)
@line("line_cg", num_ctas=2, launch_cooperative_grid=True)
@line("line_cpg", num_ctas=2, launch_pdl=True, launch_cooperative_grid=True)
@triton.jit
def line_kernel(x, out, size, BLOCK: tl.constexpr = 1024):
    """out = 2 * x + 1, with each combination of what a launch can be asked for"""
    offsets = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    mask = offsets < size
    gdc_wait()
    tl.store(out + offsets, tl.load(x + offsets, mask=mask) * 2 + 1, mask=mask)
