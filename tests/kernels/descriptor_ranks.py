"""Copies of the first block of a tensor, of any element type and each number of dimensions."""

import triton

from codegen.export import export


def declared(rank):
    block = ", ".join(["1"] * (rank - 1) + ["16"])
    types = dict.fromkeys(("source", "target"), f"tensordesc<fp32[{block}]>")
    return export(f"tests.descriptor_ranks.copy{rank}", types=types, grid=lambda: (1,))


@declared(1)
@triton.jit
def copy1(source, target):
    target.store([0], source.load([0]))


@declared(2)
@triton.jit
def copy2(source, target):
    target.store([0, 0], source.load([0, 0]))


@declared(3)
@triton.jit
def copy3(source, target):
    target.store([0, 0, 0], source.load([0, 0, 0]))


@declared(4)
@triton.jit
def copy4(source, target):
    target.store([0, 0, 0, 0], source.load([0, 0, 0, 0]))


@declared(5)
@triton.jit
def copy5(source, target):
    target.store([0, 0, 0, 0, 0], source.load([0, 0, 0, 0, 0]))
