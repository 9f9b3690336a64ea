"""The chain of gated_delta_rule.py in two kernels, for GPUs that copy tiles by themselves (TMA).

`local` does for every chunk and value head, all at once, what needs no other chunk; `carry` goes
from chunk to chunk with the state in its registers, and makes the outputs on the way. Of what the
seven kernels pass on in memory, two matrices of 64 x 64 and four numbers for each token are left:
no normalised copies of q, k and v, no w and u, and no state before each chunk. For that the rule
is written with q and k as they are:

    x = v - diag(exp(g) / |k|) k h      what the tokens should write, before they see each other
    v' = T x                            T = (I + A)^-1 diag(beta)
    o = diag(scale exp(g) / |q|) q h + P T x
                                        P[i, j] = scale exp(g_i - g_j) (q_i . k_j) / |q_i| |k_j|
    h = exp(g_last) h + k^T diag(exp(g_last - g) / |k|) v'

with g summed up from the start of the chunk and |k| = sqrt(sum of squares + 1e-12). T and P T are
rounded to bf16, as the factors of matrix products are.
"""

import triton
import triton.language as tl
from triton import cdiv
from triton.language.extra.cuda import gdc_launch_dependents, gdc_wait

from codegen.export import export
from kernels.qwen35.parts import softplus, times, turn

CHUNK = tl.constexpr(64)
DIM = tl.constexpr(128)
LOG2_E = tl.constexpr(1.4426950408889634)

SIZES = {"num_key_heads": "i32", "num_value_heads": "i32", "seq_len": "i32"}
MATRICES = ("cdiv(seq_len, 64)", "num_value_heads")


@export(
    "pegainfer.triton_cubin.qwen35.gated_delta_rule_fused_local",
    types={
        **dict.fromkeys(("qkv", "b", "a", "dt_bias", "solved"), "*bf16"),
        **dict.fromkeys(("a_log", "factors"), "*fp32"),
        **SIZES,
    },
    shapes={
        "qkv": ("seq_len", "(2 * num_key_heads + num_value_heads) * 128"),
        **dict.fromkeys(("b", "a"), ("seq_len", "num_value_heads")),
        **dict.fromkeys(("dt_bias", "a_log"), ("num_value_heads",)),
        "solved": (*MATRICES, 128, 64),
        "factors": (*MATRICES, 4, 64),
    },
    grid=lambda seq_len, num_value_heads: (num_value_heads, cdiv(seq_len, 64)),
    maxnreg=168,
    targets=["sm_90", "sm_100"],
)
@triton.jit
def local(
    qkv,  # [S, (2 * num_key_heads + H) * 128], in each row the q heads, the k heads, the v heads
    b,  # [S, H], beta before its sigmoid
    a,  # [S, H], the decay before its softplus
    dt_bias,  # [H], added to a
    a_log,  # [H], logarithm of the decay rate
    solved,  # [chunks, H, 128, 64], T and below it P T
    factors,  # [chunks, H, 4, 64], what k h, q h, v' and h are multiplied with
    num_key_heads,  # value head h takes q and k of key head h * num_key_heads // H
    num_value_heads,  # H, the number of value heads
    seq_len,  # S, the number of tokens
    scale: tl.float32,  # 128 ** -0.5
):
    """T, P T and the factors of every chunk: all that needs no state."""
    gdc_launch_dependents()
    head, chunk = tl.program_id(0), tl.program_id(1)
    first = chunk * CHUNK
    key_head = head * num_key_heads // num_value_heads
    tokens = tl.arange(0, CHUNK)
    inside = tokens < seq_len - first
    row, column = tokens[:, None], tokens[None, :]

    # All loads come first: none waits for another.
    number = first.to(tl.int64) * num_value_heads + (tokens * num_value_heads + head)
    x = tl.load(a + number, mask=inside, other=0.0).to(tl.float32)
    x += tl.load(dt_bias + head).to(tl.float32)
    rate = tl.load(a_log + head)
    beta = tl.load(b + number, mask=inside, other=0.0).to(tl.float32)
    width = (2 * num_key_heads + num_value_heads) * DIM
    at = first.to(tl.int64) * width + (row * width + key_head * DIM + tl.arange(0, DIM)[None, :])
    k = tl.load(qkv + at + num_key_heads * DIM, mask=inside[:, None], other=0.0)
    q = tl.load(qkv + at, mask=inside[:, None], other=0.0)

    rate = tl.exp(rate) * LOG2_E
    g = tl.cumsum(tl.where(inside, -rate * softplus(x), 0.0), axis=0)
    g_last = tl.min(g, axis=0)
    beta = tl.sigmoid(beta)
    wide = q.to(tl.float32)
    q_factor = tl.rsqrt(tl.sum(wide * wide, axis=1) + 1e-12) * scale
    lower = tl.dot(k, tl.trans(k))
    squares = tl.sum(tl.where(row == column, lower, 0.0), axis=1)
    k_factor = tl.rsqrt(squares + 1e-12)
    matrix = chunk.to(tl.int64) * num_value_heads + head
    at = factors + matrix * (4 * CHUNK) + tokens
    grown = tl.exp2(g)
    tl.store(at, grown * k_factor)
    tl.store(at + CHUNK, grown * q_factor)
    tl.store(at + 2 * CHUNK, tl.exp2(g_last - g) * k_factor)
    tl.store(at + 3 * CHUNK, tl.exp2(g_last) + tl.zeros_like(g))

    decay = tl.exp2(tl.where(row >= column, g[:, None] - g[None, :], float("-inf")))
    decay *= k_factor[None, :]
    scores = tl.dot(q, tl.trans(k)) * (decay * q_factor[:, None])
    scores = scores.to(tl.float16)
    lower *= decay * (beta * k_factor)[:, None]
    lower = tl.where(row > column, lower, 0.0)

    # The inverse of [[L, 0], [B, M]] is [[L', 0], [-M' B L', M']]: blocks on the diagonal double
    # until one is left. With unit keys and 0 < beta < 1 nothing here is above 1, so fp16 serves.
    lower_half = lower.to(tl.float16)
    pair = tl.where(column % 2 == 0, column + 1, -1)
    inverse = tl.where(row == column, 1.0, tl.where(row == pair, -lower, 0.0))
    for level in tl.static_range(1, 6):
        half = inverse.to(tl.float16)
        product = tl.dot(tl.dot(half, lower_half).to(tl.float16), half)
        block = column >> level
        pair = tl.where(block % 2 == 0, block + 1, -1)
        inverse = tl.where((row >> level) == pair, -product, inverse)
    inverse *= beta[None, :]
    at = solved + matrix * (2 * CHUNK * CHUNK) + (row * CHUNK + column)
    tl.store(at, inverse.to(tl.bfloat16))
    tl.store(at + CHUNK * CHUNK, tl.dot(scores, inverse.to(tl.float16)).to(tl.bfloat16))


@export(
    "pegainfer.triton_cubin.qwen35.gated_delta_rule_fused_carry",
    types={
        "qkv": "tensordesc<bf16[64, 128]>",
        "qkv_again": "tensordesc<bf16[64, BLOCK_V]>",
        "solved": "tensordesc<bf16[1, 1, 128, 64]>",
        "output": "*bf16",
        **dict.fromkeys(("factors", "initial_state", "final_state"), "*fp32"),
        **SIZES,
    },
    constexprs={"BLOCK_V": [32, 64]},
    shapes={
        "factors": (*MATRICES, 4, 64),
        "output": ("seq_len", "num_value_heads", 128),
        **dict.fromkeys(("initial_state", "final_state"), ("num_value_heads", 128, 128)),
    },
    grid=lambda num_value_heads, BLOCK_V: (128 // BLOCK_V, num_value_heads),
    launch_pdl=True,
    targets=["sm_90", "sm_100"],
)
@triton.heuristics({"BLOCK_V": lambda args: 32 if args["num_value_heads"] <= 33 else 64})
@triton.jit
def carry(
    qkv,  # [S, (2 * num_key_heads + H) * 128], in each row the q heads, the k heads, the v heads
    qkv_again,  # qkv, to be read in narrower blocks
    solved,  # [chunks, H, 128, 64], T and below it P T
    factors,  # [chunks, H, 4, 64], what k h, q h, v' and h are multiplied with
    initial_state,  # [H, 128, 128], h before the first token
    output,  # [S, H, 128]
    final_state,  # [H, 128, 128], h after the last token; may be initial_state
    num_key_heads,  # value head h takes q and k of key head h * num_key_heads // H
    num_value_heads,  # H, the number of value heads
    seq_len,  # S, the number of tokens
    BLOCK_V: tl.constexpr,
):
    """Carry h from chunk to chunk, and make the outputs; a program has BLOCK_V columns of h.

    With 64 columns all is computed transposed: then h and x are left factors of the products, and
    stay in registers. 32 are too few for that, but give a few heads twice as many programs.
    """
    gdc_wait()
    TURNED: tl.constexpr = BLOCK_V == 64
    first_value, head = tl.program_id(0) * BLOCK_V, tl.program_id(1)
    key_head = head * num_key_heads // num_value_heads
    tokens = tl.arange(0, CHUNK)
    values = first_value + tl.arange(0, BLOCK_V)[None, :]
    cells = head.to(tl.int64) * (DIM * DIM) + (tl.arange(0, DIM)[:, None] * DIM + values)
    output_row = tokens[:, None] * (num_value_heads * DIM) + (head * DIM + values)
    h = turn(tl.load(initial_state + cells), TURNED)
    nothing = turn(tl.zeros([CHUNK, BLOCK_V], tl.float32), TURNED)
    nothing_twice = turn(tl.zeros([2 * CHUNK, BLOCK_V], tl.float32), TURNED)
    # With the number of stages said here, what is multiplied by later is fetched ahead, too.
    for chunk in tl.range(0, tl.cdiv(seq_len, CHUNK), num_stages=3):
        first = chunk * CHUNK
        k = qkv.load([first, (num_key_heads + key_head) * DIM])
        q = qkv.load([first, key_head * DIM])
        v = qkv_again.load([first, (2 * num_key_heads + head) * DIM + first_value])
        both = tl.reshape(solved.load([chunk, head, 0, 0]), [2 * CHUNK, CHUNK])
        at = factors + (tl.cast(chunk, tl.int64) * num_value_heads + head) * (4 * CHUNK)
        known_factor = turn(tl.load(at + tokens)[:, None], TURNED)
        seen_factor = turn(tl.load(at + CHUNK + tokens)[:, None], TURNED)
        written_factor = turn(tl.load(at + 2 * CHUNK + tokens)[:, None], TURNED)
        kept = tl.load(at + 3 * CHUNK)

        half = h.to(tl.bfloat16)
        known = times(k, half, nothing, TURNED) * known_factor
        seen = times(q, half, nothing, TURNED) * seen_factor
        missing = (turn(v, TURNED).to(tl.float32) - known).to(tl.bfloat16)
        pair = turn(times(both, missing, nothing_twice, TURNED), TURNED)
        pair = tl.permute(tl.reshape(pair, [2, CHUNK, BLOCK_V]), [1, 2, 0])
        written, through = tl.split(pair)
        written = (turn(written, TURNED) * written_factor).to(tl.bfloat16)
        h = times(tl.trans(k), written, h * kept, TURNED)
        result = (turn(seen, TURNED) + through).to(tl.bfloat16)
        row = tl.cast(first, tl.int64) * (num_value_heads * DIM)
        tl.store(output + row + output_row, result, mask=(tokens < seq_len - first)[:, None])
    tl.store(final_state + cells, turn(h, TURNED))
