"""Matrix products of Triton's own tutorials."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import torch

from .cases import DEVICE, Call, Descriptor, Off, fp16, normal, poisoned
from .tutorials import of_tutorial

# As declared: of an H100 and an H200.
NUM_SMS = 132
# More tiles than programs, and none of the sizes a whole number of tiles.
M, N, K = 2000, 2064, 336
SIZES = {"M": M, "N": N, "K": K}
STRIDES = {
    **{"stride_am": K, "stride_ak": 1, "stride_bk": N, "stride_bn": 1},
    **{"stride_cm": N, "stride_cn": 1},
}


def tiles(META: Mapping[str, Any]) -> int:
    return -(-META["M"] // META["BLOCK_SIZE_M"]) * -(-META["N"] // META["BLOCK_SIZE_N"])


def one_each(META: Mapping[str, Any]) -> tuple[int]:
    return (tiles(META),)


def persistent(META: Mapping[str, Any]) -> tuple[int]:
    return (min(META["NUM_SMS"], tiles(META)),)


def factors(dtype: torch.dtype = fp16) -> tuple[torch.Tensor, torch.Tensor]:
    """Two matrices, the second transposed."""
    return normal(M, K).to(dtype), normal(N, K).to(dtype)


@of_tutorial("matmul", "03-matrix-multiplication:matmul_kernel")
def matmul() -> Iterable[Call]:
    for dtype, activation, config in (
        (fp16, "", 0),
        (fp16, "leaky_relu", 1),
        (torch.float8_e5m2, "", 1),
    ):
        a, b = normal(M, K).to(dtype), normal(K, N).to(dtype)
        product = a.double() @ b.double()
        yield Call(
            {
                **{"a_ptr": a, "b_ptr": b, "c_ptr": poisoned(M, N, dtype=fp16)},
                **{**SIZES, **STRIDES, "ACTIVATION": activation},
            },
            grid=one_each,
            expected={
                "c_ptr": product if not activation else product.where(product >= 0, product / 100)
            },
            config=config,
        )


def grouped_call(is_transposed: bool, dtype: torch.dtype, config: int, **constexprs: Any) -> Call:
    """Four products of different sizes, reached through tables of addresses."""
    sizes = [(384, 256, 128), (128, 384, 256), (256, 128, 320), (128, 128, 128)]
    a = [normal(m, k).to(dtype) for m, _, k in sizes]
    b = [normal(*((n, k) if is_transposed else (k, n))).to(dtype) for _, n, k in sizes]
    c = [poisoned(m, n).to(dtype) for m, n, _ in sizes]
    steps = [t.stride(0) for matrices in zip(a, b, c, strict=True) for t in matrices]
    products = [
        x.double() @ (y.T if is_transposed else y).double() for x, y in zip(a, b, strict=True)
    ]

    def addresses(matrices: list[torch.Tensor]) -> torch.Tensor:
        return torch.tensor([t.data_ptr() for t in matrices], device=DEVICE)

    def numbers(rows: list[int]) -> torch.Tensor:
        return torch.tensor(rows, device=DEVICE, dtype=torch.int32).view(-1, 3)

    eighth = dtype.itemsize == 1
    return Call(
        {
            **{"group_a_ptrs": addresses(a), "group_b_ptrs": addresses(b)},
            **{"group_c_ptrs": addresses(c), "group_size": len(sizes), **constexprs},
            **{"group_gemm_sizes": numbers([n for size in sizes for n in size])},
            "g_lds": numbers(steps),
        },
        grid=lambda META: (META["NUM_SM"],),
        expected={
            f"c{n}": Off(product, 4e-2 if eighth else None) for n, product in enumerate(products)
        },
        apart={f"c{n}": 1e-2 if eighth else 2e-4 for n in range(len(sizes))},
        others={
            **{f"a{n}": t for n, t in enumerate(a)},
            **{f"b{n}": t for n, t in enumerate(b)},
            **{f"c{n}": t for n, t in enumerate(c)},
        },
        addresses=("group_a_ptrs", "group_b_ptrs", "group_c_ptrs"),
        config=config,
    )


@of_tutorial("grouped_matmul", "08-grouped-gemm:grouped_matmul_kernel")
def grouped_matmul() -> Iterable[Call]:
    # Whole tiles, as the kernel wants them.
    for config in (0, 1):
        yield grouped_call(False, fp16, config)


@of_tutorial("grouped_matmul_tma", "08-grouped-gemm:grouped_matmul_tma_kernel")
def grouped_matmul_tma() -> Iterable[Call]:
    for dtype in (fp16, torch.float8_e4m3fn):
        for config in (0, 1):
            yield grouped_call(
                True, dtype, config, FP8=dtype is torch.float8_e4m3fn, NUM_SM=NUM_SMS
            )


@of_tutorial("matmul_naive", "09-persistent-matmul:matmul_kernel")
def matmul_naive() -> Iterable[Call]:
    for config in (0, 1):
        a, b = normal(M, K, dtype=fp16), normal(K, N, dtype=fp16)
        yield Call(
            {**{"a_ptr": a, "b_ptr": b, "c_ptr": poisoned(M, N, dtype=fp16)}, **SIZES, **STRIDES},
            grid=one_each,
            expected={"c_ptr": a.double() @ b.double()},
            config=config,
        )


@of_tutorial("matmul_persistent", "09-persistent-matmul:matmul_kernel_persistent")
def matmul_persistent() -> Iterable[Call]:
    for config in (0, 1):
        a, b = normal(M, K, dtype=fp16), normal(K, N, dtype=fp16)
        yield Call(
            {
                **{"a_ptr": a, "b_ptr": b, "c_ptr": poisoned(M, N, dtype=fp16)},
                **{**SIZES, **STRIDES, "NUM_SMS": NUM_SMS},
            },
            grid=persistent,
            expected={"c_ptr": a.double() @ b.double()},
            config=config,
        )


def described_call(config: int, grid: Any, **constexprs: Any) -> Call:
    """A call of a kernel that takes descriptors; the result's block may be half as wide."""
    a, b = factors()
    c = poisoned(M, N, dtype=fp16)

    def block(rows: str, columns: str) -> Any:
        return lambda META: [META[f"BLOCK_SIZE_{rows}"], META[f"BLOCK_SIZE_{columns}"]]

    def of_result(META: Mapping[str, Any]) -> list[int]:
        width = META["BLOCK_SIZE_N"] // (2 if META.get("EPILOGUE_SUBTILE") else 1)
        return [META["BLOCK_SIZE_M"], width]

    return Call(
        {
            **{"a_desc": Descriptor(a, block("M", "K")), "b_desc": Descriptor(b, block("N", "K"))},
            **{"c_desc": Descriptor(c, of_result), **SIZES, "FP8_OUTPUT": False, **constexprs},
        },
        grid=grid,
        expected={"c_desc": a.double() @ b.double().T},
        config=config,
    )


@of_tutorial("matmul_tma", "09-persistent-matmul:matmul_kernel_tma")
def matmul_tma() -> Iterable[Call]:
    for config in (0, 1):
        yield described_call(config, one_each, WARP_SPECIALIZE=False)


@of_tutorial("matmul_tma_specialized", "09-persistent-matmul:matmul_kernel_tma")
def matmul_tma_specialized() -> Iterable[Call]:
    yield described_call(0, one_each, WARP_SPECIALIZE=True)


@of_tutorial("matmul_tma_persistent", "09-persistent-matmul:matmul_kernel_tma_persistent")
def matmul_tma_persistent() -> Iterable[Call]:
    for config, is_specialized in ((0, False), (1, False), (2, False), (3, False), (3, True)):
        yield described_call(config, persistent, WARP_SPECIALIZE=is_specialized, NUM_SMS=NUM_SMS)


@of_tutorial(
    "matmul_descriptor_persistent", "09-persistent-matmul:matmul_kernel_descriptor_persistent"
)
def matmul_descriptor_persistent() -> Iterable[Call]:
    for dtype in (fp16, torch.float8_e4m3fn):
        for config, is_specialized in ((0, False), (1, False), (2, False), (3, False), (3, True)):
            a, b = factors(dtype)
            c = poisoned(M, N).to(dtype)
            is_eighth = dtype.itemsize == 1
            yield Call(
                {
                    **{"a_ptr": a, "b_ptr": b, "c_ptr": c, **SIZES, "NUM_SMS": NUM_SMS},
                    **{"WARP_SPECIALIZE": is_specialized, "FLATTEN": not is_specialized},
                },
                grid=persistent,
                expected={"c_ptr": Off(a.double() @ b.double().T, 4e-2 if is_eighth else None)},
                apart={"c_ptr": 1e-2 if is_eighth else 2e-4},
                config=config,
            )
