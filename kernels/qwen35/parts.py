"""What several kernels of the gated delta rule are made of."""

import triton
import triton.language as tl
from triton.language import target_info
from triton.language.extra.cuda import gdc_wait


@triton.jit
def wait_for_the_last():
    """Begin while the kernel before this one in the stream ends, where a GPU can, and wait for it.

    `gdc_launch_dependents()` would let the next begin even earlier. Its programs would wait among
    those of this one, which costs more than it saves.
    """
    if target_info.cuda_capability_geq(9, 0):
        gdc_wait()


@triton.jit
def nearby(num_value_heads, AXIS: tl.constexpr = 0):
    """(block of tokens, head) of a program, such that those that run together are near in memory.

    That is to say all heads of a block of tokens, and not a head of many blocks, whose rows are far
    apart. `AXIS` is the one of the grid that counts the blocks; the next one counts the heads.
    """
    program = tl.program_id(AXIS + 1) * tl.num_programs(AXIS) + tl.program_id(AXIS)
    return program // num_value_heads, program % num_value_heads


@triton.jit
def softplus(x):
    """log(1 + exp(x)), and x itself above 20."""
    power = tl.exp(x)
    # Near 1 a GPU's fast logarithm has an absolute error; the series keeps the digits.
    series = power * (1.0 - power * (0.5 - power / 3.0))
    return tl.where(power < 0.01, series, tl.where(x > 20.0, x, tl.log(1.0 + power)))


@triton.jit
def join_columns(left, right):
    """[rows, n] and [rows, n] to [rows, 2 n]."""
    ROWS: tl.constexpr = left.shape[0]
    WIDTH: tl.constexpr = 2 * left.shape[1]
    return tl.reshape(tl.permute(tl.join(left, right), [0, 2, 1]), [ROWS, WIDTH])


@triton.jit
def invert_corners(a, stride, remaining):
    """Inverses [4, 16, 16] of I + A for the 16 x 16 blocks on the diagonal of the 64 x 64 at `a`.

    With T = I + X, X = -A - X A, and column j of that needs only the columns of X to its right. As
    a row is loaded in four times four columns, two threads have all of it, and one exchange between
    them picks a column. What a row needs of the others it loads again.
    """
    row = tl.arange(0, 64)[:, None]
    column = tl.arange(0, 16)[None, :]
    quad = tl.arange(0, 4)[None, :]
    at = a + row * stride + row // 16 * 16 + quad
    inside = row < remaining
    left = join_columns(
        tl.load(at, mask=inside, other=0.0), tl.load(at + 4, mask=inside, other=0.0)
    )
    right = join_columns(
        tl.load(at + 8, mask=inside, other=0.0), tl.load(at + 12, mask=inside, other=0.0)
    )
    inverses = tl.where(row % 16 > column, -join_columns(left, right), 0.0)
    corner = 16 * tl.arange(0, 4)[:, None]
    at = a + corner * (stride + 1) + column
    for step in tl.static_range(14, 0, -1):
        factors = tl.load(at + step * stride, mask=step < remaining - corner, other=0.0)
        factors = tl.reshape(tl.broadcast_to(factors[:, None, :], [4, 16, 16]), [64, 16])
        # Adding -0 changes nothing, also in the compiler's eyes: this is one column.
        solved = tl.sum(tl.where(column == step, inverses, -0.0), axis=1, keep_dims=True)
        inverses = tl.where(column < step, inverses - solved * factors, inverses)
    return tl.reshape(tl.where(row % 16 == column, 1.0, inverses), [4, 16, 16])


@triton.jit
def join_inverses(inverses, below, PAIRS: tl.constexpr, SIDE: tl.constexpr):
    """Inverses [2 * PAIRS, SIDE, SIDE] of diagonal blocks to those of blocks twice as wide.

    The inverse of [[L, 0], [B, M]] is [[L', 0], [-M' B L', M']], with L', M' those of L and M.
    """
    pairs = tl.permute(tl.reshape(inverses, [PAIRS, 2, SIDE, SIDE]), [0, 2, 3, 1])
    upper, lower = tl.split(pairs)
    product = tl.dot(lower, below, input_precision="ieee")
    corner = -tl.dot(product, upper, input_precision="ieee")
    left = tl.join(upper, corner)
    right = tl.join(tl.zeros_like(upper), lower)
    whole = tl.permute(tl.join(left, right), [0, 3, 1, 4, 2])
    return tl.reshape(whole, [PAIRS, 2 * SIDE, 2 * SIDE])


@triton.jit
def times(left, right, sum, IS_TURNED: tl.constexpr):
    """sum + left right; of turned matrices, `right` and the result are given transposed."""
    return tl.dot(right, tl.trans(left), acc=sum) if IS_TURNED else tl.dot(left, right, acc=sum)


@triton.jit
def turn(matrix, IS_TURNED: tl.constexpr):
    """A matrix as `times` has it, or such a one as it is."""
    return tl.trans(matrix) if IS_TURNED else matrix
