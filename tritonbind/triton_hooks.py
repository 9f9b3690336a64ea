"""The one module that knows Triton's classes: what is put around what they do.

Nothing of Triton's is imported here. Its modules are changed right after the program has imported
them, or at once where it has. Without a recorder they do what they did.
"""

from __future__ import annotations

import functools
import weakref
from _thread import _local, get_ident
from collections.abc import Callable
from typing import Any

from tritonbind.import_hook import after_import
from tritonbind.recorder import Recorder

_COUNTED = "_tritonbind_counts"
"""The attribute of what was put around something of Triton's."""
_launchers: dict[int, Callable[..., Any]] = {}
"""What counts the launches of a compiled kernel, by its `id`, as long as it lives. It is not in the
kernel itself, which others take apart and pickle."""
_recorder: Recorder | None = None


class _ThisThread(_local):
    measures = 0
    """Autotuners that measure now: what they launch are not the program's launches."""
    has_measured = False
    """Whether the next configuration to be looked up is looked up by who measured."""


_this_thread = _ThisThread()
_measuring: set[int] = set()
"""Threads of which `_this_thread` has something to tell: to ask it at each launch costs."""


def watch() -> None:
    """Change Triton's classes, now or when the program imports them."""
    after_import("triton.compiler.compiler", change_compiler)
    after_import("triton.runtime.autotuner", change_autotuner)


def record_into(recorder: Recorder | None) -> None:
    """From now on this recorder, or none, is told of launches."""
    global _recorder
    _recorder = recorder


def change_compiler(module: Any) -> None:
    """Have the launches of compiled kernels counted."""
    kind = module.CompiledKernel
    if isinstance(vars(kind).get("run"), property):
        kind.run = _counting_property(kind.run)
    else:  # Triton 3.4 keeps the launcher in the attribute `run`, which this sets before each use
        kind._init_handles = _counting_start(kind._init_handles)


def _counting_property(launcher: property) -> property:
    if hasattr(launcher.fget, _COUNTED):
        return launcher
    launcher_of: Any = launcher.fget

    def run(self: Any) -> Any:
        if _recorder is None:
            return launcher_of(self)
        counted = _launchers.get(id(self))
        if counted is None:
            counted = _launchers[id(self)] = _counted(self, launcher_of(self))
        return counted

    setattr(run, _COUNTED, True)
    return property(run, doc=launcher.__doc__)


def _counting_start(start: Any) -> Any:
    if hasattr(start, _COUNTED):
        return start

    def _init_handles(self: Any) -> None:
        start(self)
        own = vars(self)
        if _recorder is not None and not hasattr(own["run"], _COUNTED):
            own["run"] = _counted(self, own["run"])

    setattr(_init_handles, _COUNTED, True)
    return _init_handles


def _counted(compiled: Any, launcher: Callable[..., Any]) -> Callable[..., Any]:
    """A launcher that tells the recorder, too. It is in the way of every launch."""
    recorder: Any = _recorder
    kernel = weakref.ref(compiled, functools.partial(_forget, id(compiled)))
    notes: Any = None
    lost: tuple[str, str] | None = None

    key_of: Any = None
    seen: Any = None

    def launch(*given: Any, **named: Any) -> Any:
        result = launcher(*given, **named) if named else launcher(*given)
        if _measuring and _this_thread.measures:
            return result
        try:
            if key_of is not None and key_of(given) in seen:
                notes.count += 1
            else:
                note(given)
        except Exception as error:
            recorder.fail(kernel(), error)
        return result

    def note(given: tuple[Any, ...]) -> None:
        nonlocal notes, lost, key_of, seen
        if notes is not None:
            recorder.note(notes, key_of(given), given)
        elif lost is not None:
            recorder.lose(*lost)
        else:
            notes, lost = recorder.first(kernel(), given)
            if notes is not None:
                seen, key_of = notes.seen, notes.key

    vars(launch).update(getattr(launcher, "__dict__", {}))  # for those who read them
    setattr(launch, _COUNTED, True)
    return launch


def _forget(number: int, _: object) -> None:
    _launchers.pop(number, None)


def change_autotuner(module: Any) -> None:
    """Have what autotuners choose counted, and what they launch to measure left out."""
    kind = module.Autotuner
    if hasattr(kind._bench, _COUNTED):
        return
    measure = kind._bench

    def _bench(self: Any, *args: Any, **kwargs: Any) -> Any:
        _measuring.add(get_ident())
        _this_thread.measures += 1
        try:
            return measure(self, *args, **kwargs)
        finally:
            _this_thread.measures -= 1
            _this_thread.has_measured = not _this_thread.measures

    setattr(_bench, _COUNTED, True)
    kind._bench = _bench
    kind.cache = property(_configurations, _set_configurations)


def _configurations(autotuner: Any) -> Any:
    """An autotuner's configurations by key; while there is a recorder, with a count."""
    try:
        held = autotuner.__dict__["cache"]
    except KeyError:
        raise AttributeError("cache") from None
    if held.__class__ is dict and _recorder is not None:
        held = autotuner.__dict__["cache"] = LookedUp(held, autotuner)
    return held


def _set_configurations(autotuner: Any, value: Any) -> None:
    autotuner.__dict__["cache"] = value


_item = dict.__getitem__


def _is_of_who_measures() -> bool:
    """Whether a look-up is no launch's: this thread measures, or has just done so."""
    if _this_thread.measures:
        return True
    _measuring.discard(get_ident())
    has_measured = _this_thread.has_measured
    _this_thread.has_measured = False  # to restore tensors; the launch looks it up again
    return has_measured


class LookedUp(dict[Any, Any]):
    """An autotuner's configurations by key, which counts those that launches look up."""

    def __init__(self, configurations: dict[Any, Any], autotuner: Any) -> None:
        super().__init__(configurations)
        self._autotuner = autotuner
        self._notes: Any = None
        self._rows: dict[Any, list[Any]] = {}
        """Those of the notes: a key, its configuration, and a count, by key."""

    def __getitem__(self, key: Any) -> Any:
        config = _item(self, key)
        if _recorder is None or (_measuring and _is_of_who_measures()):
            return config
        row = self._rows.get(key)
        if row is not None and row[1] is config:
            row[2] += 1
            return config
        try:
            if self._notes is None:
                self._notes = _recorder.tuned(self._autotuner)
                self._rows = self._notes.last
            self._notes.note(key, config)
        except Exception as error:
            _recorder.fail(self._autotuner, error)
        return config

    def __reduce__(self) -> tuple[Any, ...]:
        """Copies, and what other processes get, are plain."""
        return dict, (dict(self),)
