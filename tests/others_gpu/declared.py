"""What a declaration says of a parameter, for inputs that have to follow it."""

from __future__ import annotations

import torch

from . import running
from .cases import CASES


def declared(export: str, parameter: str, otherwise: torch.dtype) -> torch.dtype:
    """The dtype that the wrapper takes; `otherwise` where that is one of several, or unknown."""
    case = CASES[export]
    if not running.is_generated(case.project):
        return otherwise
    variants = running.entry_of(case)["variants"].values()
    types = {dict(variant["parameters"]).get(parameter) for variant in variants}
    found = [dtype for dtype, label in running.LABELS.items() if f"*{label}" in types]
    return found[0] if len(found) == 1 else otherwise
