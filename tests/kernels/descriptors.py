"""Kernels that take tensor descriptors: copies of every rank, a matmul, padding, tf32, fp4."""

import triton
import triton.language as tl
from triton import cdiv

from codegen.export import export


@export(
    "tests.descriptors.copy",
    types=dict.fromkeys(
        ("source", "target"),
        "tensordesc<fp16[ROWS, COLUMNS]> | tensordesc<fp32[ROWS, COLUMNS]>",
    ),
    constexprs={"ROWS": [32, 64], "COLUMNS": 64},
    grid=lambda rows, columns, ROWS, COLUMNS: (cdiv(rows, ROWS), cdiv(columns, COLUMNS)),
)
@triton.jit
def copy(
    source,  # read by blocks, with zeros beyond its ends
    target,  # written by blocks, of the same shape
    rows: tl.int32,
    columns: tl.int32,
    ROWS: tl.constexpr,
    COLUMNS: tl.constexpr,
):
    """Copy a matrix, whatever the distance of its rows."""
    place = [tl.program_id(0) * ROWS, tl.program_id(1) * COLUMNS]
    target.store(place, source.load(place))


@export(
    "tests.descriptors.matmul",
    types={
        "a_desc": "tensordesc<fp16[BLOCK_M, BLOCK_K]>",
        "b_desc": "tensordesc<fp16[BLOCK_K, BLOCK_N]>",
        "c_desc": "tensordesc<fp32[BLOCK_M, BLOCK_N // 2]>",
    },
    constexprs={"BLOCK_M": 128, "BLOCK_N": 128, "BLOCK_K": 64},
    grid=lambda m, n, BLOCK_M, BLOCK_N: (cdiv(m, BLOCK_M), cdiv(n, BLOCK_N)),
)
@triton.jit
def matmul(
    a_desc,  # [m, k]
    b_desc,  # [k, n]
    c_desc,  # [m, n]
    m: tl.int32,
    n: tl.int32,
    k: tl.int32,
    BLOCK_M: tl.constexpr,
    BLOCK_N: tl.constexpr,
    BLOCK_K: tl.constexpr,
):
    """c = a @ b, in fp32."""
    row = tl.program_id(0) * BLOCK_M
    column = tl.program_id(1) * BLOCK_N
    total = tl.zeros((BLOCK_M, BLOCK_N), dtype=tl.float32)
    for inner in range(0, k, BLOCK_K):
        total = tl.dot(a_desc.load([row, inner]), b_desc.load([inner, column]), total)
    halves = tl.permute(tl.reshape(total, (BLOCK_M, 2, BLOCK_N // 2)), (0, 2, 1))
    left, right = tl.split(halves)
    c_desc.store([row, column], left)
    c_desc.store([row, column + BLOCK_N // 2], right)


@export(
    "tests.descriptors.negate",
    types=dict.fromkeys(("source", "target"), "tensordesc<i32[1024]>"),
    grid=lambda source: (cdiv(source.shape[0], 1024),),
)
@triton.jit
def negate(source, target):
    """target = -source, of one dimension."""
    start = tl.program_id(0) * 1024
    target.store([start], -source.load([start]))


@export(
    "tests.descriptors.transpose",
    types={
        "source": "tensordesc<bf16[2, 32, 64]>",
        "target": "tensordesc<bf16[2, 64, 32]>",
    },
    grid=lambda planes, rows, columns: (cdiv(columns, 64), cdiv(rows, 32), cdiv(planes, 2)),
)
@triton.jit
def transpose(source, target, planes: tl.int32, rows: tl.int32, columns: tl.int32):
    """Transpose each plane of three dimensions."""
    plane, row, column = tl.program_id(2) * 2, tl.program_id(1) * 32, tl.program_id(0) * 64
    block = source.load([plane, row, column])
    target.store([plane, column, row], tl.permute(block, (0, 2, 1)))


@export(
    "tests.descriptors.pad",
    types={"source": "tensordesc<fp32[16, 32], padding=nan>", "out": "*fp32"},
    grid=lambda: (1,),
)
@triton.jit
def pad(
    source,  # of any shape
    out,  # [16, 32]
):
    """The first block of a matrix, with nan where the matrix has ended."""
    places = tl.arange(0, 16)[:, None] * 32 + tl.arange(0, 32)[None, :]
    tl.store(out + places, source.load([0, 0]))


@export(
    "tests.descriptors.rounded",
    types={"source": "tensordesc<fp32[16, 32], tf32>", "out": "*fp32"},
    grid=lambda: (1,),
)
@triton.jit
def rounded(source, out):
    """The first block of a matrix, rounded to tf32."""
    places = tl.arange(0, 16)[:, None] * 32 + tl.arange(0, 32)[None, :]
    tl.store(out + places, source.load([0, 0]))


@export(
    "tests.descriptors.facts",
    types={"source": "tensordesc<u8[1, 1, 2, 16, 32]>", "scale": "fp32", "out": "*i64"},
    grid=lambda: (1,),
)
@triton.jit
def facts(source, scale, out):
    """What a kernel reads of a descriptor of five dimensions, beside its elements."""
    tl.store(out, source.shape[0])
    tl.store(out + 1, source.shape[4])
    tl.store(out + 2, source.strides[0])
    tl.store(out + 3, source.strides[3])
    tl.store(out + 4, tl.sum(source.load([0, 0, 0, 0, 0]).to(tl.int64).reshape(1024), 0))
    tl.store(out + 5, scale * 2)


@export(
    "tests.descriptors.scaled",
    types={
        "a_desc": "tensordesc<fp8e4nv[128, 128]>",
        "a_scale": "*u8",
        "b_desc": "tensordesc<u8[128, 64]>",
        "b_scale": "*u8",
        "c_desc": "tensordesc<fp32[128, 128]>",
        "k": "i32",
    },
    grid=lambda: (1,),
    targets=["sm_100"],
)
@triton.jit
def scaled(
    a_desc,  # [128, k]
    a_scale,  # [128, 4], powers of two for 32 elements each
    b_desc,  # [128, k / 2], pairs of fp4
    b_scale,  # [128, 4]
    c_desc,  # [128, 128]
    k,
):
    """c = a @ b.T, fp8 times fp4, with the same scales for each 128 elements."""
    places = tl.arange(0, 128)[:, None] * 4 + tl.arange(0, 4)[None, :]
    total = tl.zeros((128, 128), dtype=tl.float32)
    for inner in range(0, k, 128):
        a, b = a_desc.load([0, inner]), b_desc.load([0, inner // 2])
        scales = tl.load(a_scale + places), tl.load(b_scale + places)
        total = tl.dot_scaled(a, scales[0], "e4m3", b.T, scales[1], "e2m1", total)
    c_desc.store([0, 0], total)
