"""Kernels that read and write memory by every road there is, for the tests of `pointer_uses`."""

import triton
import triton.language as tl

from codegen.export import export

N = tl.constexpr(16)


def one(name, **types):
    """A declaration with a grid of one program."""
    return export(f"tests.uses.{name}", types=types, grid=lambda: (1,))


@one("copy", x="const *fp32", out="*fp32")
@triton.jit
def copy(x, out):
    i = tl.arange(0, N)
    tl.store(out + i, tl.load(x + i))


@one("in_place", x="*fp32", unused="*fp32")
@triton.jit
def in_place(x, unused):
    i = tl.arange(0, N)[:, None]
    tl.store(x + i, tl.load(x + i) + 1)


@one("atomics", total="*fp32", best="*i32", lock="*i32", seen="*i32", flag="*i32")
@triton.jit
def atomics(total, best, lock, seen, flag):
    tl.atomic_add(total, 1.0)
    tl.atomic_max(best, 3)
    tl.store(seen, tl.atomic_cas(lock, 0, 1))
    tl.atomic_xchg(flag, 7)


@one("carried", x="*fp32", out="*fp32", limit="*i32")
@triton.jit
def carried(x, out, limit):
    """The addresses go around loops."""
    source = x
    for _ in range(4):
        tl.store(out, tl.load(source))
        source += 1
        out += 1
    while tl.load(limit) > 2:
        limit += 1
    tl.store(out, tl.load(x), mask=tl.load(limit) < 9)


@one("exchanged", x="*fp32", y="*fp32", z="*fp32", n="i32")
@triton.jit
def exchanged(x, y, z, n):
    """Only x and y are ever stored to, in turn."""
    for _ in range(n):
        tl.store(x, 1.0)
        x, y = y, x
    tl.store(x + 1, tl.load(z))


@one("chosen", x="*fp32", y="*fp32", a="*fp32", b="*fp32", n="i32")
@triton.jit
def chosen(x, y, a, b, n):
    """By `where` it is x or y that is written, by `if` it is a or b that is read."""
    i = tl.arange(0, N)
    target = tl.where(i < 8, x + i, y + i)
    if n > 3:  # noqa: SIM108
        source = a
    else:
        source = b
    tl.store(target, tl.load(source + i))


@one("early", x="*fp32", y="*fp32", a="*fp32", n="i32")
@triton.jit
def early(x, y, a, n):
    """Returns amid the choice make the control flow one of blocks, and not of regions."""
    if n == 4:
        return
    target = x
    if n > 3:
        target = y
    else:
        if n < -9:
            return
    tl.store(target, tl.load(a))


@triton.jit(noinline=True)
def put(target, value):
    if tl.program_id(0) == 3:
        return
    tl.store(target, value)


@triton.jit(noinline=True)
def shifted(source, by):
    return source + tl.load(by)


@one("calling", x="*fp32", out="*fp32", by="*i32")
@triton.jit
def calling(x, out, by):
    """The store, a load and the sum of the address are in functions that are not inlined."""
    put(out, tl.load(shifted(x, by)))
    put(out + 1, tl.load(x))


@one("table", pointers="*i64", index="*i32", x="*fp32")
@triton.jit
def table(pointers, index, x):
    """`pointers` holds addresses, and what is stored goes there."""
    target = tl.load(pointers + tl.load(index)).to(tl.pointer_type(tl.float32))
    tl.store(target + tl.load(index), tl.load(x))


@one("address", where="i64", x="*fp32")
@triton.jit
def address(where, x):
    """The address comes as an int."""
    tl.store(where.to(tl.pointer_type(tl.float32)), tl.load(x))


@one("escaped", x="*fp32", slots="*i64")
@triton.jit
def escaped(x, slots):
    """The address of x goes to memory and comes back, and x is written by it."""
    tl.store(slots, x.to(tl.int64))
    tl.store(tl.load(slots).to(tl.pointer_type(tl.float32)), 1.0)


@one("hidden", x="*fp32", y="*fp32", n="i64")
@triton.jit
def hidden(x, y, n):
    """The write to x is behind a cast to int and back."""
    number = ((x.to(tl.int64) | 1) ^ 1) + n * 4
    tl.store(number.to(tl.pointer_type(tl.float32)), tl.load(y))


@export(
    "tests.uses.optional",
    types={"x": "*fp32", "log": "*fp32"},
    constexprs={"LOG": [False, True]},
    grid=lambda: (1,),
)
@triton.jit
def optional(x, log, LOG: tl.constexpr):
    """`log` is written in one variant and untouched in the other."""
    tl.atomic_add(x, 1.0)
    if LOG:
        tl.store(log, 1.0)


@one("descriptors", x="*fp16", out="*fp16", n="i32")
@triton.jit
def descriptors(x, out, n):
    source = tl.make_tensor_descriptor(x, [n, 16], [16, 1], [16, 16])
    target = tl.make_tensor_descriptor(out, [n, 16], [16, 1], [16, 16])
    target.store([0, 0], source.load([0, 0]))


@one("reduced", total="*fp16", n="i32")
@triton.jit
def reduced(total, n):
    sums = tl.make_tensor_descriptor(total, [n, 16], [16, 1], [16, 16])
    sums.atomic_add([0, 0], tl.full([16, 16], 1.0, tl.float16))


@one("joined", x="*fp32", y="*fp32", a="*fp32")
@triton.jit
def joined(x, y, a):
    """The addresses of x and y are one tensor for a while, and the same tensor later."""
    i = tl.arange(0, N)
    both = tl.trans(tl.join(x + i, y + i))
    tl.store(tl.reshape(both, [2 * N]), 1.0)
    tl.store(a + tl.arange(0, 2)[:, None] + tl.zeros([2, N], tl.int32), tl.load(both))


@one("assembly", x="*fp32", out="*i64")
@triton.jit
def assembly(x, out):
    """Nobody reads what inline assembly does with an address."""
    number = tl.inline_asm_elementwise(
        "add.s64 $0, $1, 0;", "=l,l", [x.to(tl.int64)], tl.int64, is_pure=False, pack=1
    )
    tl.store(out, number)


@one("printing", x="*fp32", out="*fp32")
@triton.jit
def printing(x, out):
    """An address is printed and compared, and nothing is read there."""
    tl.device_print("x", x)
    if x.to(tl.int64) % 16 == 0:
        tl.store(out, 1.0)
