"""Gluon kernels, whose layouts are constexprs."""

from triton import cdiv
from triton.experimental import gluon
from triton.experimental.gluon import language as gl
from triton.experimental.gluon.language.nvidia.hopper import fence_async_shared, mbarrier, tma

from codegen.export import export


@export(
    "tests.gluon.copy",
    types={"source": "*fp32", "target": "*fp32", "size": "i32:16"},
    constexprs={"BLOCK": 1024, "LAYOUT": gl.BlockedLayout([4], [32], [4], [0])},
    grid=lambda size, BLOCK: (cdiv(size, BLOCK),),
)
@gluon.jit
def copy(source, target, size, BLOCK: gl.constexpr, LAYOUT: gl.constexpr):
    offsets = gl.program_id(0) * BLOCK + gl.arange(0, BLOCK, layout=LAYOUT)
    mask = offsets < size
    gl.store(target + offsets, gl.load(source + offsets, mask=mask), mask=mask)


def copy_with(layout, name):
    return export(
        f"tests.gluon.{name}",
        types={"source": "*fp32", "target": "*fp32", "size": "i32:16"},
        constexprs={"BLOCK": 1024, "LAYOUT": layout},
        grid="explicit",
    )(copy)


copy_with(gl.BlockedLayout([1], [32], [4], [0]), "copy_by_ones")
copy_with(gl.BlockedLayout([1], [32], [4], [0], cga_layout=[]), "copy_by_ones_too")


@gluon.aggregate
class Twice:
    value: gl.tensor

    @gluon.jit
    def of(value):
        return Twice(value * 2)


@gluon.aggregate
class Thrice:
    value: gl.tensor

    @gluon.jit
    def of(value):
        return Thrice(value * 3)


@gluon.jit
def by_blocks(source, target, Changed: gl.constexpr, LAYOUT: gl.constexpr):
    """A block that the machine's own engine copies both ways, with a class among the constexprs."""
    row = gl.program_id(0) * source.block_type.shape[0]
    block = gl.allocate_shared_memory(source.dtype, source.block_type.shape, source.layout)
    arrived = gl.allocate_shared_memory(gl.int64, [1], mbarrier.MBarrierLayout())
    mbarrier.init(arrived, count=1)
    mbarrier.expect(arrived, source.block_type.nbytes)
    tma.async_load(source, [row, 0], arrived, block)
    mbarrier.wait(arrived, phase=0)
    mbarrier.invalidate(arrived)
    changed = Changed.of(block.load(LAYOUT))
    block.store(changed.value)
    fence_async_shared()
    tma.async_store(target, [row, 0], block)
    tma.store_wait(pendings=0)


def by_blocks_with(name, changed, columns, layout=""):
    block = f"tensordesc<fp32[16, {columns}]{layout}>"
    return export(
        f"tests.gluon.{name}",
        types={"source": block, "target": block},
        constexprs={"Changed": changed, "LAYOUT": gl.BlockedLayout([1, 4], [8, 4], [4, 1], [1, 0])},
        grid=lambda source: (cdiv(source.shape[0], 16),),
        targets=["sm_90"],
    )(by_blocks)


by_blocks_with("doubled", Twice, 64)
by_blocks_with("tripled", Thrice, 64)
by_blocks_with("doubled_narrow", Twice, 16)
by_blocks_with(
    "doubled_plain",
    Twice,
    64,
    ", NVMMASharedLayout(swizzle_byte_width=0, element_bitwidth=32, rank=2)",
)
