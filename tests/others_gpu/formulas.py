"""What several kernels have to compute, in float64."""

from __future__ import annotations

import torch

from .cases import EPSILON


def silu(x: torch.Tensor) -> torch.Tensor:
    return x * torch.sigmoid(x)


def reciprocal_rms(x: torch.Tensor) -> torch.Tensor:
    return torch.rsqrt(x.double().square().mean(-1, keepdim=True) + EPSILON)


def mean_and_reciprocal_deviation(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    wide = x.double()
    return wide.mean(-1), torch.rsqrt(wide.var(-1, unbiased=False) + EPSILON)
