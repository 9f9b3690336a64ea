"""The tensors on the GPU that the programs' calls are given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

BF16 = torch.bfloat16


def normal(*shape: int, dtype: Any = BF16, **more: Any) -> Any:
    return torch.randn(*shape, device="cuda", dtype=dtype, **more)


def uniform(*shape: int, dtype: Any = torch.float32) -> Any:
    return torch.rand(*shape, device="cuda", dtype=dtype)


def integers(values: Sequence[int], dtype: Any = torch.int32) -> Any:
    return torch.tensor(values, device="cuda", dtype=dtype)
