"""Prefill of Qwen3.5's gated delta rule, in seven kernels over chunks of 64 tokens.

The rule keeps a [key, value] matrix h for each value head and does, token by token,
    h = exp(g) h;  v' = beta (v - h^T k);  h = h + k v'^T;  o = scale h^T q
(Yang, Kautz, Hatamizadeh: "Gated Delta Networks: Improving Mamba2 with Delta Rule"). Over a chunk
the same sums become matrix products, a form known from flash-linear-attention. With g summed up
from the start of the chunk, A[i, j] = beta_i exp(g_i - g_j) (k_i . k_j) for i > j and
T = (I + A)^-1, all the writes of a chunk are v' = T (beta v) - T (beta exp(g) k) h. So

    prepare              q, k, v, g and beta of every value head
    cumsum               g, summed up inside each chunk
    interaction, solve   A, then T
    recompute            u = T (beta v) and w = T (beta exp(g) k)
    state                h before each chunk, v' = u - w h, and h after the last chunk
    outputs              o, for all chunks at once

Rows are token-major, [S, H, ...]: S tokens, H value heads, any number of either from 1.
"""

import triton
import triton.language as tl
from triton import cdiv

from codegen.export import export
from kernels.qwen35.parts import invert_corners, join_inverses, nearby, softplus, wait_for_the_last

CHUNK = tl.constexpr(64)
KEY_DIM = VALUE_DIM = tl.constexpr(128)
LOG2_E = tl.constexpr(1.4426950408889634)

SIZES = {"seq_len": "i32", "num_value_heads": "i32"}
NUMBER = tuple(SIZES)
VECTOR, CHUNK_ROW = (*NUMBER, 128), (*NUMBER, 64)
MATRIX = ("num_value_heads", 128, 128)
MATRICES = ("cdiv(seq_len, 64)", *MATRIX)


def each(names, value):
    return dict.fromkeys(names.split(), value)


@export(
    "pegainfer.triton_cubin.qwen35.gated_delta_rule_chunk_prepare",
    types={
        **each("qkv b a dt_bias q_out k_out v_out", "*bf16"),
        **each("a_log g_out beta_out", "*fp32"),
        **SIZES,
        "num_key_heads": "i32",
        "qkv_dim": "i32:16",
    },
    shapes={
        "qkv": ("seq_len", "qkv_dim"),
        **each("dt_bias a_log", ("num_value_heads",)),
        **each("b a g_out beta_out", NUMBER),
        **each("q_out k_out v_out", VECTOR),
    },
    grid=lambda seq_len, num_value_heads, BLOCK_T: (cdiv(seq_len, BLOCK_T), num_value_heads),
    launch_pdl=True,
)
@triton.jit
def prepare(
    qkv,  # [S, qkv_dim], in each row the q heads, then the k heads, then the v heads
    b,  # [S, H], beta before its sigmoid
    a,  # [S, H], the decay before its softplus
    dt_bias,  # [H], added to a
    a_log,  # [H], logarithm of the decay rate
    q_out,  # [S, H, 128], of length 1
    k_out,  # [S, H, 128], of length 1
    v_out,  # [S, H, 128]
    g_out,  # [S, H], logarithm of the decay, 0 or less
    beta_out,  # [S, H], strength of the write, 0 to 1
    num_key_heads,  # value head h takes q and k of key head h * num_key_heads // H
    num_value_heads,  # H, the number of value heads
    qkv_dim,  # (2 * num_key_heads + H) * 128, the length of a row of qkv
    seq_len,  # S, the number of tokens
    BLOCK_T: tl.constexpr = 16,
):
    """Split and normalise the projected rows; compute each token's decay and write strength.

    q, k /= sqrt(sum of squares + 1e-12); g = -exp(a_log) softplus(a + dt_bias); beta = sigmoid(b).
    """
    wait_for_the_last()
    block, head = nearby(num_value_heads)
    first = block * BLOCK_T
    key_head = head * num_key_heads // num_value_heads
    tokens = tl.arange(0, BLOCK_T)
    inside = tokens < seq_len - first
    whole = inside[:, None]
    keys = tl.arange(0, KEY_DIM)[None, :]
    values = tl.arange(0, VALUE_DIM)[None, :]
    row = first.to(tl.int64) * qkv_dim + (tokens * qkv_dim)[:, None]
    at = row + key_head * KEY_DIM + keys
    q = tl.load(qkv + at, mask=whole, other=0.0).to(tl.float32)
    k = tl.load(qkv + at + num_key_heads * KEY_DIM, mask=whole, other=0.0).to(tl.float32)
    at = row + (2 * num_key_heads * KEY_DIM + head * VALUE_DIM) + values
    v = tl.load(qkv + at, mask=whole, other=0.0)
    q *= tl.rsqrt(tl.sum(q * q, axis=1) + 1e-12)[:, None]
    k *= tl.rsqrt(tl.sum(k * k, axis=1) + 1e-12)[:, None]
    number = first.to(tl.int64) * num_value_heads + (tokens * num_value_heads + head)
    tl.store(q_out + number[:, None] * KEY_DIM + keys, q.to(tl.bfloat16), mask=whole)
    tl.store(k_out + number[:, None] * KEY_DIM + keys, k.to(tl.bfloat16), mask=whole)
    tl.store(v_out + number[:, None] * VALUE_DIM + values, v, mask=whole)
    x = tl.load(a + number, mask=inside, other=0.0).to(tl.float32)
    x += tl.load(dt_bias + head).to(tl.float32)
    tl.store(g_out + number, -tl.exp(tl.load(a_log + head)) * softplus(x), mask=inside)
    x = tl.load(b + number, mask=inside, other=0.0).to(tl.float32)
    tl.store(beta_out + number, tl.sigmoid(x), mask=inside)


@export(
    "pegainfer.triton_cubin.qwen35.gated_delta_rule_chunk_cumsum",
    types={"g_in": "*fp32", "g_out": "*fp32", **SIZES},
    shapes={"g_in": NUMBER, "g_out": NUMBER},
    grid=lambda seq_len, num_value_heads, HEADS: (cdiv(seq_len, 64), cdiv(num_value_heads, HEADS)),
    launch_pdl=True,
)
@triton.jit
def cumsum(
    g_in,  # [S, H], logarithm of each token's decay
    g_out,  # [S, H], summed up inside the chunk; may be g_in
    seq_len,  # S, the number of tokens
    num_value_heads,  # H, the number of value heads
    HEADS: tl.constexpr = 8,
):
    """g_out[t] is the sum of g_in from the first token of t's chunk to t, t included."""
    wait_for_the_last()
    first = tl.program_id(0) * CHUNK
    tokens = tl.arange(0, CHUNK)[:, None]
    heads = tl.program_id(1) * HEADS + tl.arange(0, HEADS)[None, :]
    inside = (tokens < seq_len - first) & (heads < num_value_heads)
    at = (first + tokens).to(tl.int64) * num_value_heads + heads
    g = tl.load(g_in + at, mask=inside, other=0.0)
    tl.store(g_out + at, tl.cumsum(g, axis=0), mask=inside)


@export(
    "pegainfer.triton_cubin.qwen35.gated_delta_rule_chunk_a",
    types={"k": "*bf16", "g_cumsum": "*fp32", "beta": "*fp32", "a_tril": "*fp32", **SIZES},
    shapes={"k": VECTOR, "g_cumsum": NUMBER, "beta": NUMBER, "a_tril": CHUNK_ROW},
    grid=lambda seq_len, num_value_heads: (cdiv(seq_len, 64), num_value_heads),
    launch_pdl=True,
)
@triton.jit
def interaction(
    k,  # [S, H, 128], of length 1
    g_cumsum,  # [S, H], summed up inside the chunk
    beta,  # [S, H]
    a_tril,  # [S, H, 64], a row for each token, with a column for each token of its chunk
    seq_len,  # S, the number of tokens
    num_value_heads,  # H, the number of value heads
):
    """A[i, j] = beta_i exp(g_i - g_j) (k_i . k_j) for i > j inside a chunk, 0 elsewhere."""
    wait_for_the_last()
    chunk, head = nearby(num_value_heads)
    first = chunk * CHUNK
    tokens = tl.arange(0, CHUNK)
    inside = tokens < seq_len - first
    whole = inside[:, None]
    start = first.to(tl.int64) * num_value_heads + head
    row = tokens * num_value_heads
    key_at = start * KEY_DIM + (row[:, None] * KEY_DIM + tl.arange(0, KEY_DIM)[None, :])
    keys = tl.load(k + key_at, mask=whole, other=0.0)
    g = tl.load(g_cumsum + start + row, mask=inside, other=0.0)
    strength = tl.load(beta + start + row, mask=inside, other=0.0)
    a_at = start * CHUNK + (row[:, None] * CHUNK + tokens[None, :])
    products = tl.dot(keys, tl.trans(keys))
    earlier = tokens[:, None] > tokens[None, :]
    # Above the diagonal the difference is above 0, and its power might overflow.
    decay = tl.exp2(tl.minimum(g[:, None] - g[None, :], 0.0) * LOG2_E)
    products = tl.where(earlier, products * decay * strength[:, None], 0.0)
    tl.store(a_tril + a_at, products, mask=whole)


@export(
    "pegainfer.triton_cubin.qwen35.gated_delta_rule_chunk_solve",
    types={"a_tril_ptr": "*fp32", "a_inv_ptr": "*bf16", **SIZES},
    shapes={"a_tril_ptr": CHUNK_ROW, "a_inv_ptr": CHUNK_ROW},
    grid=lambda seq_len, num_value_heads: (cdiv(seq_len, 64), num_value_heads),
    launch_pdl=True,
)
@triton.jit
def solve(
    a_tril_ptr,  # [S, H, 64], strictly lower triangular inside each chunk
    a_inv_ptr,  # [S, H, 64], written as a whole, zeros above the diagonal too
    seq_len,  # S, the number of tokens
    num_value_heads,  # H, the number of value heads
):
    """T = (I + A)^-1 of the 64 x 64 unit lower triangular matrix of each chunk, in fp32.

    Substitution inverts the four 16 x 16 blocks on the diagonal, block formulas join them to two
    of 32 x 32, and those to the whole.
    """
    wait_for_the_last()
    first = tl.program_id(0) * 64
    remaining = seq_len - first
    start = (first.to(tl.int64) * num_value_heads + tl.program_id(1)) * 64
    stride = num_value_heads * 64

    inverses = invert_corners(a_tril_ptr + start, stride, remaining)
    row = tl.arange(16, 32)[None, :, None]
    column = tl.arange(0, 16)[None, None, :]
    corner = tl.arange(0, 2)[:, None, None] * 32
    at = a_tril_ptr + start + (corner * (stride + 1) + row * stride + column)
    below = tl.load(at, mask=row < remaining - corner, other=0.0)
    inverses = join_inverses(inverses, below, 2, 16)
    row = tl.arange(32, 64)[None, :, None]
    at = a_tril_ptr + start + row * stride + tl.arange(0, 32)[None, None, :]
    below = tl.load(at, mask=row < remaining, other=0.0)
    inverse = tl.reshape(join_inverses(inverses, below, 1, 32), [64, 64])
    row = tl.arange(0, 64)[:, None]
    at = a_inv_ptr + start + row * stride + tl.arange(0, 64)[None, :]
    tl.store(at, inverse.to(tl.bfloat16), mask=row < remaining)


@export(
    "pegainfer.triton_cubin.qwen35.gated_delta_rule_chunk_recompute",
    types={**each("k v w_out u_out a_inv", "*bf16"), **each("beta g_cumsum", "*fp32"), **SIZES},
    shapes={**each("k v w_out u_out", VECTOR), **each("beta g_cumsum", NUMBER), "a_inv": CHUNK_ROW},
    grid=lambda seq_len, num_value_heads: (2 * cdiv(seq_len, 64), num_value_heads),
    launch_pdl=True,
)
@triton.jit
def recompute(
    k,  # [S, H, 128], of length 1
    v,  # [S, H, 128]
    beta,  # [S, H]
    w_out,  # [S, H, 128]
    u_out,  # [S, H, 128]
    a_inv,  # [S, H, 64], T
    g_cumsum,  # [S, H], summed up inside the chunk
    seq_len,  # S, the number of tokens
    num_value_heads,  # H, the number of value heads
):
    """u = T (beta v) and w = T (beta exp(g) k): what a chunk writes is u - w h.

    A program makes one of them. The factors go to the columns of T: it is half as wide as k and v,
    which stay as they are.
    """
    wait_for_the_last()
    chunk, half = nearby(2 * num_value_heads)
    head = half // 2
    first = chunk * CHUNK
    tokens = tl.arange(0, CHUNK)
    inside = tokens < seq_len - first
    whole = inside[:, None]
    start = first.to(tl.int64) * num_value_heads + head
    row = tokens * num_value_heads
    if half % 2:
        source, target = k, w_out
        g = tl.load(g_cumsum + start + row, mask=inside, other=0.0)
    else:
        source, target = v, u_out
        g = tl.zeros([CHUNK], tl.float32)
    factors = tl.load(beta + start + row, mask=inside, other=0.0) * tl.exp2(g * LOG2_E)
    at = start * CHUNK + (row[:, None] * CHUNK + tokens[None, :])
    inverse = tl.load(a_inv + at, mask=whole, other=0.0).to(tl.float32)
    inverse = (inverse * factors[None, :]).to(tl.bfloat16)
    at = start * KEY_DIM + (row[:, None] * KEY_DIM + tl.arange(0, KEY_DIM)[None, :])
    result = tl.dot(inverse, tl.load(source + at, mask=whole, other=0.0))
    tl.store(target + at, result.to(tl.bfloat16), mask=whole)


@export(
    "pegainfer.triton_cubin.qwen35.gated_delta_rule_chunk_state",
    types={
        **each("k w u v_new", "*bf16"),
        **each("g_cumsum initial_state chunk_state final_state", "*fp32"),
        **SIZES,
    },
    shapes={
        **each("k w u v_new", VECTOR),
        "g_cumsum": NUMBER,
        **each("initial_state final_state", MATRIX),
        "chunk_state": MATRICES,
    },
    grid=lambda num_value_heads, BLOCK_V: (128 // BLOCK_V, num_value_heads),
    constexprs={"BLOCK_V": [32, 64]},
    launch_pdl=True,
)
# A program is fastest with 32 columns; with 64 a GPU of about 132 SMs runs them all at once.
@triton.heuristics({"BLOCK_V": lambda args: 32 if args["num_value_heads"] <= 33 else 64})
@triton.heuristics({"num_stages": lambda args: 4 if args["BLOCK_V"] == 32 else 3})
@triton.jit
def state(
    k,  # [S, H, 128], of length 1
    w,  # [S, H, 128]
    u,  # [S, H, 128]
    g_cumsum,  # [S, H], summed up inside the chunk
    initial_state,  # [H, 128, 128], h before the first token
    chunk_state,  # [chunks, H, 128, 128], h before each chunk
    v_new,  # [S, H, 128], what each token writes
    final_state,  # [H, 128, 128], h after the last token; may be initial_state
    seq_len,  # S, the number of tokens
    num_value_heads,  # H, the number of value heads
    BLOCK_V: tl.constexpr,
):
    """Carry h from chunk to chunk; each program keeps BLOCK_V columns of it in registers.

    v_new = u - w h, then h = exp(g_last) h + k^T (exp(g_last - g) v_new), g_last: g at the end.
    """
    wait_for_the_last()
    head = tl.program_id(1)
    tokens = tl.arange(0, CHUNK)
    keys = tl.arange(0, KEY_DIM)
    values = tl.program_id(0) * BLOCK_V + tl.arange(0, BLOCK_V)[None, :]
    row = tokens * num_value_heads
    key_row = row[:, None] * KEY_DIM + keys[None, :]
    value_row = row[:, None] * VALUE_DIM + values
    matrix = head.to(tl.int64) * (KEY_DIM * VALUE_DIM)
    cells = keys[:, None] * VALUE_DIM + values
    h = tl.load(initial_state + matrix + cells)
    for chunk in tl.range(0, tl.cdiv(seq_len, CHUNK)):
        matrices = tl.cast(chunk, tl.int64) * num_value_heads * (KEY_DIM * VALUE_DIM)
        first = chunk * CHUNK
        last = tl.minimum(seq_len - first, CHUNK) - 1
        inside = tokens <= last
        whole = inside[:, None]
        start = first.to(tl.int64) * num_value_heads + head
        key_at = start * KEY_DIM + key_row
        value_at = start * VALUE_DIM + value_row
        weights = tl.load(w + key_at, mask=whole, other=0.0)
        written = tl.load(u + value_at, mask=whole, other=0.0).to(tl.float32)
        key_tile = tl.load(k + key_at, mask=whole, other=0.0)
        g = tl.load(g_cumsum + start + row, mask=inside, other=0.0)
        g_last = tl.load(g_cumsum + start + last * num_value_heads)
        decay = tl.exp2(tl.where(inside, g_last - g, float("-inf")) * LOG2_E)
        written -= tl.dot(weights, h.to(tl.bfloat16))
        kept = (written * decay[:, None]).to(tl.bfloat16)
        tl.store(v_new + value_at, written.to(tl.bfloat16), mask=whole)
        # Earlier, h would wait to be stored behind the tiles that are on their way in.
        tl.store(chunk_state + (matrices + (matrix + cells)), h)
        h = tl.dot(tl.trans(key_tile), kept, acc=h * tl.exp2(g_last * LOG2_E))
    tl.store(final_state + matrix + cells, h)


@export(
    "pegainfer.triton_cubin.qwen35.gated_delta_rule_chunk_o",
    types={**each("q k v_new output", "*bf16"), **each("chunk_state g_cumsum", "*fp32"), **SIZES},
    shapes={**each("q k v_new output", VECTOR), "chunk_state": MATRICES, "g_cumsum": NUMBER},
    grid=lambda seq_len, num_value_heads, BLOCK_V: (
        128 // BLOCK_V,
        cdiv(seq_len, 64),
        num_value_heads,
    ),
    launch_pdl=True,
)
@triton.jit
def outputs(
    q,  # [S, H, 128], of length 1
    k,  # [S, H, 128], of length 1
    v_new,  # [S, H, 128], what each token writes
    chunk_state,  # [chunks, H, 128, 128], h before each chunk
    g_cumsum,  # [S, H], summed up inside the chunk
    output,  # [S, H, 128]
    seq_len,  # S, the number of tokens
    num_value_heads,  # H, the number of value heads
    scale: tl.float32,  # 128 ** -0.5
    BLOCK_V: tl.constexpr = 64,
    BLOCK_K: tl.constexpr = 32,
):
    """o = scale (exp(g) q h + P v_new), P[i, j] = exp(g_i - g_j) (q_i . k_j) for i >= j, else 0."""
    wait_for_the_last()
    values = tl.program_id(0) * BLOCK_V + tl.arange(0, BLOCK_V)[None, :]
    chunk, head = nearby(num_value_heads, 1)
    first = chunk * CHUNK
    tokens = tl.arange(0, CHUNK)
    inside = tokens < seq_len - first
    whole = inside[:, None]
    start = first.to(tl.int64) * num_value_heads + head
    row = tokens * num_value_heads
    matrix = (chunk.to(tl.int64) * num_value_heads + head) * (KEY_DIM * VALUE_DIM)
    before = tl.zeros([CHUNK, BLOCK_V], tl.float32)
    scores = tl.zeros([CHUNK, CHUNK], tl.float32)
    for block in tl.range(0, KEY_DIM, BLOCK_K):
        keys = block + tl.arange(0, BLOCK_K)
        at = start * KEY_DIM + (row[:, None] * KEY_DIM + keys[None, :])
        queries = tl.load(q + at, mask=whole, other=0.0)
        key_tile = tl.load(k + at, mask=whole, other=0.0)
        h = tl.load(chunk_state + matrix + (keys[:, None] * VALUE_DIM + values))
        before = tl.dot(queries, h.to(tl.bfloat16), acc=before)
        scores = tl.dot(queries, tl.trans(key_tile), acc=scores)
    g = tl.load(g_cumsum + start + row, mask=inside, other=0.0)
    scores *= tl.exp2(tl.minimum(g[:, None] - g[None, :], 0.0) * LOG2_E)
    scores = tl.where(tokens[:, None] >= tokens[None, :], scores, 0.0)
    at = start * VALUE_DIM + (row[:, None] * VALUE_DIM + values)
    written = tl.load(v_new + at, mask=whole, other=0.0)
    result = tl.dot(scores.to(tl.bfloat16), written, acc=before * tl.exp2(g * LOG2_E)[:, None])
    tl.store(output + at, (result * scale).to(tl.bfloat16), mask=whole)
