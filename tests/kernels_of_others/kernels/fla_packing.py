"""Sequences as flash-linear-attention passes them: in rows of one length, or packed into one row.

Packed ones come with the offset of each, and with a table of their chunks.
"""

from __future__ import annotations

from typing import Any

from triton import cdiv

PACKED = ("*i64 | None: cu_seqlens", "*i64 | None with cu_seqlens: chunk_indices")
STATES = ("*i64 | None: cu_seqlens", "*i64 | None with cu_seqlens: chunk_offsets")


def sequences(x: Any, cu_seqlens: Any) -> int:
    """How many sequences there are, `x` being `[rows, length, ...]`."""
    return x.shape[0] if cu_seqlens is None else len(cu_seqlens) - 1


def chunks(T: int, BT: int, chunk_indices: Any) -> int:
    """How many chunks of `BT` a row of `T` has, or all packed sequences have together."""
    return cdiv(T, BT) if chunk_indices is None else len(chunk_indices)
