"""Triton's functions of ints that Python itself does not have."""

from __future__ import annotations


def cdiv(x: int, y: int) -> int:
    """`triton.cdiv`."""
    return (x + (y - 1)) // y


def next_power_of_2(n: int) -> int:
    """`triton.next_power_of_2`, which gives 0 for n <= 0."""
    return 1 << (n - 1).bit_length() if n > 0 else 0
