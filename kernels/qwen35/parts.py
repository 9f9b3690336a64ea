"""What several kernels of the gated delta rule are made of."""

import triton
import triton.language as tl


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
