"""The one module that knows Triton's classes: what is put around their methods.

Nothing of Triton's is imported here. Its modules are changed right after the program has imported
them, or at once where it has. With no recorder they do what they did.
"""

from __future__ import annotations

import functools
from _thread import _local
from typing import Any

from tritonbind.grid_sources import KeptGrid
from tritonbind.import_hook import after_import
from tritonbind.recorder import Recorder


class _ThisThread(_local):
    """What the calls below are about."""

    measures = 0
    """Autotuners that measure now: their launches are not the program's."""
    key: tuple[Any, ...] | None = None
    """The key by which an autotuner has looked up a configuration last."""


_this_thread = _ThisThread()


_recorders: tuple[Recorder, ...] = ()


def watch() -> None:
    """Change Triton's classes, now or when the program imports them."""
    after_import("triton.runtime.jit", change_jit)
    after_import("triton.runtime.autotuner", change_autotuner)


def record_into(recorder: Recorder) -> None:
    """From now on the recorder is told of launches."""
    global _recorders
    _recorders = (*_recorders, recorder)


def record_no_more(recorder: Recorder) -> None:
    global _recorders
    _recorders = tuple(other for other in _recorders if other is not recorder)


def change_jit(module: Any) -> None:
    """Tell the recorders of what `JITFunction.run` launches."""
    original = module.JITFunction.run
    if getattr(original, "is_tritonbinds", False):
        return

    @functools.wraps(original)
    def run(self: Any, *args: Any, grid: Any, warmup: bool, **kwargs: Any) -> Any:
        if warmup or not _recorders or _this_thread.measures:
            return original(self, *args, grid=grid, warmup=warmup, **kwargs)
        if callable(grid):
            grid = KeptGrid(grid)
        compiled = original(self, *args, grid=grid, warmup=warmup, **kwargs)
        if compiled is not None:
            for recorder in _recorders:
                try:
                    recorder.launched(self, compiled, grid, args, kwargs)
                except Exception as error:
                    recorder.fail(self, error)
        return compiled

    run.is_tritonbinds = True  # type: ignore[attr-defined]
    module.JITFunction.run = run


def change_autotuner(module: Any) -> None:
    """Tell the recorders what `Autotuner.run` chose, and not of what it launches to measure."""
    run_of, bench_of = module.Autotuner.run, module.Autotuner._bench
    if getattr(run_of, "is_tritonbinds", False):
        return

    @functools.wraps(bench_of)
    def bench(self: Any, *args: Any, **kwargs: Any) -> Any:
        _this_thread.measures += 1
        try:
            return bench_of(self, *args, **kwargs)
        finally:
            _this_thread.measures -= 1

    @functools.wraps(run_of)
    def run(self: Any, *args: Any, **kwargs: Any) -> Any:
        if not _recorders or _this_thread.measures or kwargs.get("warmup"):
            return run_of(self, *args, **kwargs)
        if type(self.cache) is dict:
            self.cache = LookedUp(self.cache)
        outer, _this_thread.key = _this_thread.key, None
        try:
            result = run_of(self, *args, **kwargs)
            key = _this_thread.key
        finally:
            _this_thread.key = outer
        if key is not None and result is not None:
            for recorder in _recorders:
                try:
                    recorder.tuned(self, key)
                except Exception as error:
                    recorder.fail(self, error)
        return result

    run.is_tritonbinds = True  # type: ignore[attr-defined]
    module.Autotuner.run, module.Autotuner._bench = run, bench


class LookedUp(dict[Any, Any]):
    """An autotuner's configurations by key. It tells which key was looked up last."""

    def __getitem__(self, key: Any) -> Any:
        _this_thread.key = key
        return super().__getitem__(key)

    def __reduce__(self) -> tuple[Any, ...]:
        """Copies, and what other processes get, are plain."""
        return dict, (dict(self),)
