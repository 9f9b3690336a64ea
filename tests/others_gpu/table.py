"""All cases, by the names of their exports."""

from __future__ import annotations

from . import (
    fla_chunks,
    fla_rows,
    liger_losses,
    liger_norms,
    norms,
    optimisers,
    products,
    quantisation,
    tutorials,
    tutorials_products,
)
from .cases import CASES, Case

FAMILIES = (
    fla_chunks,
    fla_rows,
    liger_losses,
    liger_norms,
    norms,
    optimisers,
    products,
    quantisation,
    tutorials,
    tutorials_products,
)

__all__ = ["CASES", "FAMILIES", "Case"]
