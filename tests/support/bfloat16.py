"""bf16 in numpy, which has no such type: its bits, as uint16."""

from __future__ import annotations

import numpy as np

BF16_NAN = 0xFFFF


def to_bf16(values: np.ndarray) -> np.ndarray:
    """Round to the nearest bf16, ties to even; the bits, as uint16."""
    values = np.asarray(values, dtype=np.float32)
    bits = values.view(np.uint32)
    rounded = (bits + (0x7FFF + ((bits >> np.uint32(16)) & np.uint32(1)))) >> np.uint32(16)
    return np.where(np.isnan(values), BF16_NAN, rounded).astype(np.uint16)


def from_bf16(bits: np.ndarray) -> np.ndarray:
    """The float32 values of bf16 bits."""
    return (np.asarray(bits, dtype=np.uint16).astype(np.uint32) << np.uint32(16)).view(np.float32)
