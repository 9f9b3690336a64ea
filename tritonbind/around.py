"""What stands around a kernel that is being launched, as the frames of the call show it."""

from __future__ import annotations

import sys
from typing import Any

_NAMES = {"Autotuner": "autotune", "Heuristics": "heuristics"}
_DEPTH = 40
"""Frames that are looked at: there are few between a decorator and the kernel."""


def wrappers_around(kernel: Any) -> tuple[str, ...]:
    """The decorators through which the kernel is called now, outermost first.

    A class of Triton's, or one derived from it, is called by the decorator: `autotune`,
    `heuristics`; any other by its name, as `package.module:Class`.
    """
    found: list[Any] = [kernel]
    frame = sys._getframe(1)
    for _ in range(_DEPTH):
        caller = frame.f_back
        if caller is None:
            break
        frame = caller
        owner = frame.f_locals.get("self")
        if owner is not None and _inside(owner) is found[-1] and owner is not found[-1]:
            found.append(owner)
    return tuple(_name(wrapper) for wrapper in reversed(found[1:]))


def _inside(owner: Any) -> Any:
    """What a decorator stands around."""
    return getattr(owner, "__dict__", {}).get("fn")


def _name(wrapper: Any) -> str:
    for kind in type(wrapper).__mro__:
        if kind.__module__.partition(".")[0] == "triton" and kind.__name__ in _NAMES:
            return _NAMES[kind.__name__]
    return f"{type(wrapper).__module__}:{type(wrapper).__qualname__}"
