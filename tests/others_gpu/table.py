"""All cases, by the names of their exports."""

from __future__ import annotations

from . import liger_losses, liger_norms, norms, optimisers, quantisation
from .cases import CASES, Case

FAMILIES = (liger_losses, liger_norms, norms, optimisers, quantisation)

__all__ = ["CASES", "FAMILIES", "Case"]
