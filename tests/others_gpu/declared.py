"""What a declaration says of a parameter, for inputs that have to follow it."""

from __future__ import annotations

import ast
from typing import Any

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


def pinned(export: str, constexpr: str, otherwise: Any) -> Any:
    """The value of a constexpr: `otherwise`, unless the wrapper was generated for others alone."""
    case = CASES[export]
    if not running.is_generated(case.project):
        return otherwise
    variants = running.entry_of(case)["variants"].values()
    texts = [v["constexprs"][constexpr] for v in variants if constexpr in v["constexprs"]]
    return otherwise if repr(otherwise) in texts or not texts else ast.literal_eval(texts[0])
