"""What serving puts in the place of Triton's methods, and takes away again."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

from tritonbind.serve.kernel import ServedKernel
from tritonbind.serve.wrappers import Served, ServedHeuristics, ServedTuner

_SERVED = "_tritonbind_served"
"""Attribute of an object that was launched: what serves its launches, or None."""

_Settle = Callable[[Any], Served | None]


class Kernels(Protocol):
    """Which kernels are served."""

    def served(self, kernel: Any, runtime: Any) -> ServedKernel | None:
        """A kernel that is launched for the first time."""
        ...


class Patches:
    """Triton's classes while kernels are served.

    A class's `run` is called for the first launch of an object alone: a served object then has a
    `run` of its own, which no subclass's `run` comes before.
    """

    def __init__(self, kernels: Kernels) -> None:
        from triton import knobs
        from triton.runtime import autotuner, jit

        self._kernels, self._runtime = kernels, knobs.runtime
        self._lock = threading.RLock()
        self._undo: list[Callable[[], None]] = []
        self._settled: list[Any] = []
        self._kinds: list[tuple[Any, _Settle]] = [
            (jit.JITFunction, self._settle_kernel),
            (autotuner.Autotuner, self._settle_tuner),
            (autotuner.Heuristics, self._settle_heuristics),
        ]
        for root, settle in self._kinds:
            self._put(root, "__getitem__", _getitem(root.__getitem__))
            self._put_runs(root, settle)
        of_ints = getattr(jit, "ConstexprFunction", None)  # since Triton 3.5
        if of_ints is not None:
            self._put(of_ints, "__call__", _call_of_ints(of_ints.__call__))

    def remove(self) -> None:
        """Triton's own methods again."""
        for undo in reversed(self._undo):
            undo()
        for settled in self._settled:
            for name in ("run", _SERVED):
                settled.__dict__.pop(name, None)

    def _put(self, owner: Any, name: str, value: Any) -> None:
        if name in vars(owner):
            self._undo.append(partial(setattr, owner, name, vars(owner)[name]))
        else:
            self._undo.append(partial(delattr, owner, name))
        setattr(owner, name, value)

    def _put_runs(self, root: Any, settle: _Settle) -> None:
        """Before the `run` of a class and of all that inherit from it, now and later."""

        def put(owner: Any) -> None:
            if "run" in vars(owner):
                self._put(owner, "run", self._first_run(vars(owner)["run"], settle))

        def init_subclass(cls: Any, /, **options: Any) -> None:
            super(root, cls).__init_subclass__(**options)
            put(cls)

        for owner in _classes(root):
            put(owner)
        self._put(root, "__init_subclass__", classmethod(init_subclass))

    def _first_run(self, original: Callable[..., Any], settle: _Settle) -> Callable[..., Any]:
        """A `run` that is Triton's own, but for the first launch of an object that is served."""

        @functools.wraps(original)
        def run(launched: Any, /, *args: Any, **kwargs: Any) -> Any:
            if _SERVED not in launched.__dict__:
                served = self._settle(launched, settle)
                if served is not None:
                    return served.run(*args, **kwargs)
            return original(launched, *args, **kwargs)

        return run

    def _settle(self, launched: Any, settle: _Settle) -> Served | None:
        """Decide once, whichever thread comes first, whether an object's launches are served."""
        with self._lock:
            if _SERVED not in launched.__dict__:
                served = settle(launched)
                self._settled.append(launched)
                if served is not None:
                    launched.__dict__["run"] = served.run
                launched.__dict__[_SERVED] = served
            found: Served | None = launched.__dict__[_SERVED]
            return found

    def _settle_kernel(self, kernel: Any) -> Served | None:
        return self._kernels.served(kernel, self._runtime)

    def _settle_heuristics(self, heuristics: Any) -> Served | None:
        inner = self._inner(heuristics)
        return None if inner is None else ServedHeuristics(heuristics, inner)

    def _settle_tuner(self, tuner: Any) -> Served | None:
        inner = self._inner(tuner)
        return None if inner is None else ServedTuner(tuner, inner)

    def _inner(self, wrapper: Any) -> Served | None:
        """What serves the function that an autotuner or heuristics stand around."""
        inner = wrapper.fn
        settle = next((one for root, one in self._kinds if isinstance(inner, root)), None)
        return None if settle is None else self._settle(inner, settle)


def _getitem(original: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """`kernel[grid]`: of what is served, its own launcher with the grid in the first place."""

    def getitem(kernel: Any, grid: Any) -> Any:
        served = kernel.__dict__.get(_SERVED)
        return original(kernel, grid) if served is None else partial(served.launch, grid)

    return getitem


def _call_of_ints(original: Callable[..., Any]) -> Callable[..., Any]:
    """`triton.cdiv(...)` and the like, as grids call them: of ints there is nothing to unwrap."""

    def call(function: Any, /, *args: Any, **kwargs: Any) -> Any:
        if not kwargs:
            for value in args:
                if value.__class__ is not int:
                    break
            else:
                return function.fn(*args)
        return original(function, *args, **kwargs)

    return call


def _classes(root: type) -> list[type]:
    """A class and all that inherit from it."""
    found: list[Any] = [root]
    for one in found:  # which grows on the way
        found += [child for child in one.__subclasses__() if child not in found]
    return found
