"""Kernels that write where they said that they only read."""

import triton
import triton.language as tl

from codegen.export import export


@triton.jit
def put(target):
    address = (target.to(tl.int64) | 1) ^ 1
    tl.store(address.to(tl.pointer_type(tl.float32)), 1.0)


@export("tests.const.declared", types={"x": "const *fp32"}, grid=lambda: (1,))
@triton.jit
def declared(x):
    put(x)


@export("tests.const.annotated", types={"x": "*fp32", "n": "i32"}, grid=lambda: (1,))
@triton.jit
def annotated(x: tl.const, n):
    address = ((x + n).to(tl.int64) | 1) ^ 1
    tl.atomic_add(address.to(tl.pointer_type(tl.float32)), 1.0 + 2.0 + 3.0 + 4.0, sem="relaxed")


@export("tests.const.stored", types={"x": "const *fp32"}, grid=lambda: (1,))
@triton.jit
def stored(x):
    tl.store(x, 1.0)


@export("tests.const.cast", types={"x": "const *fp32"}, grid=lambda: (1,))
@triton.jit
def cast(x):
    tl.store(x.to(tl.int64).to(tl.pointer_type(tl.float32)), 1.0)
