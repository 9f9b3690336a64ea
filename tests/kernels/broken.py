"""Kernels that do not compile, each for a reason of its own."""

# ruff: noqa: F821

import os

import triton
import triton.language as tl

from codegen.export import export

TYPES = {"out": "*i32", "n": "i32"}


def broken(kernel):
    return export(f"tests.broken.{kernel.__name__}", grid="explicit", types=TYPES)(kernel)


@broken
@triton.jit
def unknown_name(out, n):
    tl.store(out, missing)


@broken
@triton.jit
def unknown_function(out, n):
    tl.store(out, tl.frobnicate(n))


@broken
@triton.jit
def unknown_argument(out, n):
    tl.store(out, n, colour=3)


@broken
@triton.jit
def static_assertion(out, n, size: tl.constexpr = 4):
    tl.static_assert(size == 3, "size must be 3")


@broken
@triton.jit
def bare_static_assertion(out, n, size: tl.constexpr = 4):
    tl.static_assert(size == 3)


@triton.jit
def helper(n):
    return tl.arange(0, 3) + n


@broken
@triton.jit
def bad_helper(out, n):
    if n > 1:
        tl.store(out + 1, helper(n))


@broken
@triton.jit
def bad_axis(out, n):
    tl.store(out, tl.sum(n, axis=4))


@broken
@triton.jit
def bad_assembly(out, n):
    value = tl.inline_asm_elementwise(
        "frobnicate.s32 $0, $1;", "=r,r", [n], dtype=tl.int32, is_pure=True, pack=1
    )
    tl.store(out, value)


@broken
@triton.jit
def much_tensor_memory(out, n):
    row, column, inner = tl.arange(0, 128), tl.arange(0, 256), tl.arange(0, 16)
    one = tl.zeros((128, 256), dtype=tl.float32)
    two, three = one + 1, one + 2
    for step in range(n):
        left = tl.load(out + row[:, None] * 16 + inner[None, :] + step)
        right = tl.load(out + inner[:, None] * 256 + column[None, :] + step)
        one, two = tl.dot(left, right, one), tl.dot(left, right * 2, two)
        three = tl.dot(left, right * 3, three)
    tl.store(out + row[:, None] * 256 + column[None, :], one + two * three)


@broken
@triton.jit(repr=lambda proxy: os.abort())
def aborts(out, n):
    tl.store(out, n)


@broken
@triton.jit
def sound(out, n):
    tl.store(out, n)


ANNOTATED: tl.constexpr = 3


@export("tests.broken.global_variable", types={"out": "*i32", "n": "i32"}, grid="explicit")
@triton.jit
def global_variable(out, n):
    tl.store(out, n + ANNOTATED)


class Methods:
    @staticmethod
    @triton.jit
    def helper(value):
        return value + 1


@export("tests.broken.global_class", types={"out": "*i32", "n": "i32"}, grid="explicit")
@triton.jit
def global_class(out, n):
    tl.store(out, Methods.helper(n))


@broken
@triton.jit
def library_function(out, n):
    tl.store(out, tl.extra.libdevice.tanh(n.to(tl.bfloat16)))


@broken
@triton.jit
def reads_none(out, n, table=None):
    tl.store(out, tl.load(table + n))


@broken
@triton.jit
def reads_nones(out, n, table=None, other=None):
    tl.store(out, tl.load(table + n) + tl.load(other + n))


class Tensor:
    pass


@broken
@triton.jit
def class_annotation(out: Tensor, n):
    tl.store(out, n)


@broken
@triton.jit
def class_annotation_inside(out, n):
    value: Tensor = n
    tl.store(out, value)


@broken
@triton.jit
def method_of_one(out, n, one):
    tl.store(out, n + one.to(tl.int32))


@broken
@triton.jit
def item_of_one(out, n, one):
    tl.store(out, n + one.item)


@triton.constexpr_function
def silent():
    raise MemoryError


@broken
@triton.jit
def silent_failure(out, n):
    tl.store(out, silent())
