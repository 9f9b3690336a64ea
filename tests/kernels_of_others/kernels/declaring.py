"""What the declarations of this folder share; they are of kernels that packages hold."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import triton
from triton.runtime.jit import JITFunction


def jit(kernel: Any) -> JITFunction[Any]:
    """The `@triton.jit` function below autotuners and heuristics, whose choices are spelt out."""
    while not isinstance(kernel, JITFunction):
        kernel = kernel.fn
    return kernel


def derived(kernel: Any, **values: Callable[[dict[str, Any]], object]) -> Any:
    """The kernel, with what the package's host code computes from its arguments as heuristics."""
    return triton.heuristics(values)(kernel)


def rows(kernel: Any, columns: str, **values: Callable[[dict[str, Any]], object]) -> Any:
    """As `derived`, of a kernel of which a block holds a row; wide blocks get more warps."""
    return derived(
        kernel,
        **values,
        BLOCK_SIZE=lambda given: triton.next_power_of_2(given[columns]),
        num_warps=lambda given: warps(given["BLOCK_SIZE"]),
    )


def warps(size: int) -> int:
    """What Liger Kernel gives a block of this size."""
    if size >= 32768:
        return 32
    if size >= 8192:
        return 16
    return 8 if size >= 2048 else 4


def typed(*groups: str) -> dict[str, str]:
    """Types by parameter: `typed("*fp32: x y", "i32: n")` gives `x` and `y` the type `*fp32`."""
    types = {}
    for group in groups:
        type_, _, names = group.rpartition(": ")
        types.update(dict.fromkeys(names.split(), type_))
    return types


def each(value: object, names: str) -> dict[str, object]:
    """One value for several parameters: `each(1, "stride_ak stride_bn")`."""
    return dict.fromkeys(names.split(), value)
