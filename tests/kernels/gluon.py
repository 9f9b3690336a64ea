"""Gluon kernels, whose layouts are constexprs."""

from triton import cdiv
from triton.experimental import gluon
from triton.experimental.gluon import language as gl

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
