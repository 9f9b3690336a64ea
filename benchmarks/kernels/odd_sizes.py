"""Kernels as libraries have them, each built by what its calls may assume of pointers and ints.

`benchmarks.odd_sizes` times calls with one odd int in each of the ways.
"""

from collections.abc import Mapping
from typing import Any

import triton
import triton.language as tl
from triton import cdiv

from codegen.export import export

WAYS = ("generic", "pointers", "ones", "others", "aligned")


def declare(kernel: Any, types: Mapping[str, str], odd: tuple[str, ...], grid: Any) -> None:
    """The kernel once in each way; `odd` are the ints that 16 does not divide in the calls."""
    hinted = {name: text.partition(":")[2] for name, text in types.items() if ":" in text}
    cases: dict[str, Any] = {
        "generic": [],
        "pointers": [dict.fromkeys(hinted)],
        "ones": [{name: None for name, hint in hinted.items() if hint == "16"}],
        "others": [dict.fromkeys(odd)],
        "aligned": None,
    }
    for way in WAYS:
        name = f"odd.{kernel.fn.__name__}_{way}"
        export(name, types=types, cases=cases[way], grid=grid)(kernel)


@triton.jit
def vector_add(x, y, out, size, BLOCK: tl.constexpr = 1024):
    """out = x + y."""
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = offsets < size
    total = tl.load(x + offsets, mask=mask) + tl.load(y + offsets, mask=mask)
    tl.store(out + offsets, total, mask=mask)


declare(
    vector_add,
    {"x": "*fp32", "y": "*fp32", "out": "*fp32", "size": "i32:16"},
    ("size",),
    lambda size, BLOCK: (cdiv(size, BLOCK),),
)


@triton.jit
def softmax(out, x, out_stride, x_stride, columns, rows, BLOCK: tl.constexpr = 4096):
    """Each row in one program."""
    row = tl.program_id(0)
    offsets = tl.arange(0, BLOCK)
    mask = offsets < columns
    values = tl.load(x + row * x_stride + offsets, mask=mask, other=-float("inf")).to(tl.float32)
    exponents = tl.exp(values - tl.max(values, axis=0))
    result = exponents / tl.sum(exponents, axis=0)
    tl.store(out + row * out_stride + offsets, result.to(out.dtype.element_ty), mask=mask)


declare(
    softmax,
    {
        **{"out": "*fp16", "x": "*fp16", "out_stride": "i32:16", "x_stride": "i32:16"},
        **{"columns": "i32:16", "rows": "i32:16"},
    },
    ("columns",),
    lambda rows: (rows,),
)


@triton.jit
def layer_norm(x, out, weight, bias, stride, columns, rows, eps, BLOCK: tl.constexpr = 1024):
    """Each row in one program, block by block."""
    row = tl.program_id(0).to(tl.int64)
    x += row * stride
    out += row * stride
    sums = tl.zeros([BLOCK], tl.float32)
    squares = tl.zeros([BLOCK], tl.float32)
    for start in range(0, columns, BLOCK):
        offsets = start + tl.arange(0, BLOCK)
        value = tl.load(x + offsets, mask=offsets < columns, other=0.0).to(tl.float32)
        sums += value
        squares += value * value
    mean = tl.sum(sums, axis=0) / columns
    scale = 1 / tl.sqrt(tl.sum(squares, axis=0) / columns - mean * mean + eps)
    for start in range(0, columns, BLOCK):
        offsets = start + tl.arange(0, BLOCK)
        mask = offsets < columns
        value = tl.load(x + offsets, mask=mask, other=0.0).to(tl.float32)
        factor = tl.load(weight + offsets, mask=mask).to(tl.float32)
        shift = tl.load(bias + offsets, mask=mask).to(tl.float32)
        result = (value - mean) * scale * factor + shift
        tl.store(out + offsets, result.to(out.dtype.element_ty), mask=mask)


declare(
    layer_norm,
    {
        **dict.fromkeys(("x", "out", "weight", "bias"), "*fp16"),
        **{"stride": "i32:16", "columns": "i32:16", "rows": "i32:16", "eps": "fp32"},
    },
    ("columns",),
    lambda rows: (rows,),
)


@triton.jit
def matmul(
    a, b, out, M, N, K,
    a_row, a_column, b_row, b_column, out_row, out_column,
    BLOCK_M: tl.constexpr = 128, BLOCK_N: tl.constexpr = 128, BLOCK_K: tl.constexpr = 64,
):  # fmt: skip
    """out = a @ b, with strides; rows beyond the last are read from the first."""
    rows = tl.program_id(0) * BLOCK_M + tl.arange(0, BLOCK_M)
    columns = tl.program_id(1) * BLOCK_N + tl.arange(0, BLOCK_N)
    inner = tl.arange(0, BLOCK_K)
    a_tile = a + (rows % M)[:, None] * a_row + inner[None, :] * a_column
    b_tile = b + inner[:, None] * b_row + (columns % N)[None, :] * b_column
    total = tl.zeros([BLOCK_M, BLOCK_N], tl.float32)
    for start in range(0, K, BLOCK_K):
        left = tl.load(a_tile, mask=inner[None, :] < K - start, other=0.0)
        right = tl.load(b_tile, mask=inner[:, None] < K - start, other=0.0)
        total = tl.dot(left, right, total)
        a_tile += BLOCK_K * a_column
        b_tile += BLOCK_K * b_row
    place = out + rows[:, None] * out_row + columns[None, :] * out_column
    mask = (rows[:, None] < M) & (columns[None, :] < N)
    tl.store(place, total.to(out.dtype.element_ty), mask=mask)


declare(
    matmul,
    {
        **dict.fromkeys(("a", "b", "out"), "*fp16"),
        **dict.fromkeys(("M", "N", "K", "a_row", "b_row", "out_row"), "i32:16"),
        **dict.fromkeys(("a_column", "b_column", "out_column"), "i32:1"),
    },
    ("M",),
    lambda M, N, BLOCK_M, BLOCK_N: (cdiv(M, BLOCK_M), cdiv(N, BLOCK_N)),
)


@triton.jit
def quantise_rows(x, out, scales, tokens, x_stride, out_stride, WIDTH: tl.constexpr = 4096):
    """Rows of tokens to int8 with a scale for each, as servers do it before a product."""
    token = tl.program_id(0).to(tl.int64)
    offsets = tl.arange(0, WIDTH)
    values = tl.load(x + token * x_stride + offsets, mask=token < tokens, other=0.0)
    values = values.to(tl.float32)
    scale = tl.maximum(tl.max(tl.abs(values), axis=0), 1e-10) / 127
    rounded = tl.floor(values / scale + 0.5).to(tl.int8)
    tl.store(out + token * out_stride + offsets, rounded, mask=token < tokens)
    tl.store(scales + token, scale, mask=token < tokens)


declare(
    quantise_rows,
    {
        **{"x": "*fp16", "out": "*i8", "scales": "*fp32", "tokens": "i32:16"},
        **{"x_stride": "i32:16", "out_stride": "i32:16"},
    },
    ("tokens",),
    lambda tokens: (tokens,),
)


@triton.jit
def state_update(
    state, x, dt, decay, b, c, out, heads, dim, ratio,
    state_batch, state_head, state_dim, state_column,
    x_batch, x_head, x_dim, dt_batch, dt_head,
    b_batch, b_group, b_column, c_batch, c_group, c_column,
    out_batch, out_head, out_dim,
    BLOCK: tl.constexpr = 16, STATES: tl.constexpr = 128,
):  # fmt: skip
    """One step of a state space model, `ratio` heads to a group, everything by strides."""
    block, batch, head = tl.program_id(0), tl.program_id(1).to(tl.int64), tl.program_id(2)
    rows = block * BLOCK + tl.arange(0, BLOCK)
    states = tl.arange(0, STATES)
    place = state + batch * state_batch + head * state_head
    place += rows[:, None] * state_dim + states[None, :] * state_column
    mask = rows[:, None] < dim
    old = tl.load(place, mask=mask, other=0.0).to(tl.float32)
    step = tl.load(dt + batch * dt_batch + head * dt_head).to(tl.float32)
    rate = tl.load(decay + head).to(tl.float32)
    group = head // ratio
    given = tl.load(x + batch * x_batch + head * x_head + rows * x_dim, mask=rows < dim, other=0.0)
    into = tl.load(b + batch * b_batch + group * b_group + states * b_column).to(tl.float32)
    outof = tl.load(c + batch * c_batch + group * c_group + states * c_column).to(tl.float32)
    new = old * tl.exp(rate * step) + (given.to(tl.float32) * step)[:, None] * into[None, :]
    tl.store(place, new.to(state.dtype.element_ty), mask=mask)
    result = tl.sum(new * outof[None, :], axis=1)
    place = out + batch * out_batch + head * out_head + rows * out_dim
    tl.store(place, result.to(out.dtype.element_ty), mask=rows < dim)


STRIDES = {
    **dict.fromkeys(("state_batch", "state_head", "state_dim", "x_batch", "x_head"), "i32:16"),
    **dict.fromkeys(("dt_batch", "b_batch", "b_group", "c_batch", "c_group"), "i32:16"),
    **dict.fromkeys(("out_batch", "out_head"), "i32:16"),
    **dict.fromkeys(("state_column", "x_dim", "dt_head", "b_column", "c_column"), "i32:1"),
    **{"out_dim": "i32:1"},
}

declare(
    state_update,
    {
        **dict.fromkeys(("state", "decay"), "*fp32"),
        **dict.fromkeys(("x", "dt", "b", "c", "out"), "*fp16"),
        **{"heads": "i32:16", "dim": "i32:16", "ratio": "i32:16", **STRIDES},
    },
    ("ratio",),
    "explicit",
)
