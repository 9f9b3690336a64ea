"""Kernels that tell of themselves: they print, assert, wait and hold assembly."""

import triton
import triton.language as tl

from codegen.export import export

N = tl.constexpr(32)


def one(name, **more):
    """A declaration with a grid of one program."""
    return export(f"tests.reports.{name}", grid=lambda: (1,), **more)


@one("device_print", types={"x": "*fp32", "n": "i32"})
@triton.jit
def device_print(x, n):
    """Values, a number and an address."""
    value = tl.load(x + tl.arange(0, 4))
    tl.device_print("values", value)
    tl.device_print("number and address", n, x, hex=True)


@one("python_print", types={"n": "i32"})
@triton.jit
def python_print(n):
    """Print is device_print in a kernel."""
    print("n is", n)


@triton.jit(noinline=True)
def told(n):
    tl.device_print("told", n)
    return n + 1


@one("helper_prints", types={"out": "*i32", "n": "i32"})
@triton.jit
def helper_prints(out, n):
    """A function that is not inlined prints."""
    tl.store(out, told(n))


@one("barrier_and_assembly", types={"x": "*fp32", "out": "*fp32"})
@triton.jit
def barrier_and_assembly(x, out):
    """Twice x, by an instruction of PTX."""
    i = tl.arange(0, N)
    value = tl.load(x + i)
    tl.debug_barrier()
    twice = tl.inline_asm_elementwise("add.f32 $0, $1, $1;", "=f,f", [value], tl.float32, True, 1)
    tl.store(out + i, twice)


@one("positive", types={"x": "*fp32", "out": "*fp32"}, debug=True)
@triton.jit
def positive(x, out):
    """A copy of x, which must be positive."""
    i = tl.arange(0, N)
    value = tl.load(x + i)
    tl.device_assert(value > 0, "not positive")
    tl.store(out + i, value)


@one("any_sign", types={"x": "*fp32", "out": "*fp32"})
@triton.jit
def any_sign(x, out):
    """A copy of x: without `debug` nothing is asserted."""
    i = tl.arange(0, N)
    value = tl.load(x + i)
    tl.device_assert(value > 0, "not positive")
    tl.store(out + i, value)


@one("checked_sum", types={"out": "*i32", "a": "i32", "b": "i32"})
@triton.jit(debug=True)
def checked_sum(out, a, b):
    """The sum, which must fit 32 bits."""
    tl.store(out, a + b)


@one("wrapped_sum", types={"out": "*i32", "a": "i32", "b": "i32"}, sanitize_overflow=False)
@triton.jit(debug=True)
def wrapped_sum(out, a, b):
    """The sum, in 32 bits."""
    tl.store(out, a + b)
