"""The call that leads to a launch, as its frames show it: decorators, keyword arguments, grid."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import FrameType
from typing import Any

from tritonbind.kernel_identity import module_of

_WRAPPERS = {"Autotuner": "autotune", "Heuristics": "heuristics"}
_OURS = ("triton.", "tritonbind.")
"""Modules that are between a call of the program's and the launch."""


@dataclass(frozen=True)
class CallSite:
    """How a kernel is being called."""

    keywords: dict[str, Any] | None
    """What `JITFunction.run` was given by name; None where it is not in the way."""
    wrappers: tuple[str, ...]
    """The decorators, outermost first. A class of Triton's, or one derived from it, is called by
    the decorator, any other as `package.module:Class`."""
    grid: Any
    """The function that gave the grid; None where there is none."""


def call_site(kernel: Any) -> CallSite:
    """Of the kernel, a `JITFunction`, whose launch is below on the stack."""
    keywords: dict[str, Any] | None = None
    grid = None
    chain = [kernel]
    for frame in _frames_of(kernel, chain):
        found = frame.f_locals
        named = found.get("kwargs")
        if keywords is None and found.get("self") is kernel and isinstance(named, dict):
            keywords = named
        for candidate in (found, named):
            given = candidate.get("grid") if isinstance(candidate, Mapping) else None
            if grid is None and callable(given):
                grid = given
    return CallSite(keywords, tuple(map(_name, reversed(chain[1:]))), grid)


def _frames_of(kernel: Any, chain: list[Any]) -> Iterator[FrameType]:
    """Frames of Triton's and of what stands around the kernel, which is added to the chain."""
    frame: FrameType | None = sys._getframe(2)
    while frame is not None:
        owner = frame.f_locals.get("self")
        if owner is not None and getattr(owner, "__dict__", {}).get("fn") is chain[-1]:
            chain.append(owner)
        elif not (_module(frame).startswith(_OURS) or any(owner is one for one in chain)):
            return
        yield frame
        frame = frame.f_back


def _module(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__"))


def _name(wrapper: Any) -> str:
    for kind in type(wrapper).__mro__:
        if kind.__module__.partition(".")[0] == "triton" and kind.__name__ in _WRAPPERS:
            return _WRAPPERS[kind.__name__]
    return f"{module_of(type(wrapper))}:{type(wrapper).__qualname__}"
