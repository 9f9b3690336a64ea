"""Kernels that some supported version of Triton compiles and another does not."""

import triton
import triton.language as tl

from codegen.export import export


def of_some_version(kernel):
    types = {"x": "*fp32", "n": "i32"}
    return export(f"tests.versions.{kernel.__name__}", grid="explicit", types=types)(kernel)


@of_some_version
@triton.jit
def block_pointer(x, n):
    tile = tl.make_block_ptr(x, (n,), (1,), (0,), (64,), (0,))
    tl.store(tile, tl.load(tile) + 1)


@of_some_version
@triton.jit
def advance(x, n):
    tl.static_assert(tl.advance is not None)
    tl.store(x, n)


@of_some_version
@triton.jit
def boundary_check_of_load(x, n):
    tl.store(x, tl.load(x, boundary_check=()) + n)


@of_some_version
@triton.jit
def boundary_check_of_store(x, n):
    tl.store(x, n, boundary_check=())


@of_some_version
@triton.jit
def padding_option(x, n):
    tl.store(x, tl.load(x, padding_option="") + n)


@of_some_version
@triton.jit
def atomic_load(x, n):
    tl.store(x, tl.atomic_load(x + n))


@of_some_version
@triton.jit
def atomic_store(x, n):
    tl.atomic_store(x + n, 1.0)


@of_some_version
@triton.jit
def atomic_poll(x, n):
    tl.atomic_poll(x.to(tl.pointer_type(tl.int32)), n)


@of_some_version
@triton.jit
def approximate_division(x, n):
    tl.store(x, tl.fdiv(tl.load(x), n.to(tl.float32), approx=True))


@of_some_version
@triton.jit
def chain_of_comparisons(x, n):
    if 0 <= n < 64:
        tl.store(x + n, 1)
