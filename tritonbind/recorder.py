"""What is counted while a program runs: its launches by kernel and specialisation.

A launch that was seen before costs a look into a dictionary and a set, and a count. All else is
done when something is seen for the first time.
"""

from __future__ import annotations

import json
import sys
import weakref
from _thread import RLock
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from tritonbind.arguments import arguments_of, options_of, target_of
from tritonbind.around import wrappers_around
from tritonbind.devices import current_device
from tritonbind.grid_sources import KeptGrid
from tritonbind.kernel_identity import KernelIdentity, identity_of, module_of
from tritonbind.notes import Binding, KernelNotes, LaunchNotes, TunedNotes
from tritonbind.recording import Device, MadeWith, NotRecorded, Recording, in_order

MOST_SEEN = 4096
"""How many different launches of one specialisation are remembered, before it begins anew."""


class Recorder:
    """All that a process launched. Its methods may be called by any thread."""

    def __init__(self, complain: Callable[[str], None]) -> None:
        """`complain` is told, once for each kernel and reason, what cannot be recorded."""
        self._complain = complain
        self.on_first: Callable[[], None] = _do_nothing
        """Called when there is something new."""
        self.restart()

    def restart(self) -> None:
        """Begin anew with nothing, as a process does that was forked."""
        self._lock = RLock()
        self._kernels: dict[KernelIdentity, KernelNotes] = {}
        self._compiled: dict[int, tuple[LaunchNotes, Any]] = {}
        self._autotuners: dict[int, tuple[TunedNotes, Any]] = {}
        self._devices: set[Device] = set()
        self._lost: dict[tuple[str, str], int] = {}
        self.news = 0
        """Grows with all that is new but counts."""

    def launched(
        self,
        function: Any,
        compiled: Any,
        grid: Any,
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
    ) -> None:
        """A `JITFunction` has launched a compiled kernel with these arguments."""
        found = self._compiled.get(id(compiled))
        notes = self._first(function, compiled, kwargs) if found is None else found[0]
        is_callable = type(grid) is KeptGrid
        blocks = tuple(grid.value if is_callable else grid)
        ints = [value for value in args if type(value) is int]
        named = [item for item in kwargs.items() if type(item[1]) is int]
        key = (blocks, *ints, *named)
        if notes.has_tuples:
            key = (*key, *_ints_in_tuples((*args, *kwargs.values())))
        if key in notes.seen:
            notes.count += 1
            return
        with self._lock:
            notes.note(blocks, args, kwargs)
            if is_callable:
                notes.kernel.see_grid(grid.function)
            if len(notes.seen) >= MOST_SEEN:
                notes.seen.clear()
            notes.seen.add(key)
            self.news += 1

    def _first(self, function: Any, compiled: Any, kwargs: Mapping[str, Any]) -> LaunchNotes:
        """The notes of a compiled kernel that is launched for the first time."""
        with self._lock:
            arguments = arguments_of(compiled.src)
            options = options_of(compiled, kwargs)
            target = target_of(compiled)
            kernel = self._kernel(function)
            kernel.see_wrappers(wrappers_around(function))
            key = json.dumps([arguments, options, target], sort_keys=True)
            if key not in kernel.launches:
                binding = Binding(function)
                kernel.launches[key] = LaunchNotes(kernel, binding, arguments, options, target)
            notes = kernel.launches[key]
            self._devices.add(Device(current_device(), target))
            self._compiled[id(compiled)] = notes, _forgetting(compiled, self._compiled)
            self.news += 1
            self.on_first()
            return notes

    def _kernel(self, function: Any) -> KernelNotes:
        identity = identity_of(function)
        if identity not in self._kernels:
            names = tuple(parameter.name for parameter in function.params)
            self._kernels[identity] = KernelNotes(identity, names)
        return self._kernels[identity]

    def tuned(self, autotuner: Any, key: tuple[Any, ...]) -> None:
        """A launch got a configuration from an `Autotuner` by a key."""
        found = self._autotuners.get(id(autotuner))
        if found is None:
            found = self._first_tuned(autotuner)
        with self._lock:
            self.news += found[0].note(key, dict.__getitem__(autotuner.cache, key))

    def _first_tuned(self, autotuner: Any) -> tuple[TunedNotes, Any]:
        function = _kernel_in(autotuner)
        names = tuple(name for name in autotuner.keys if name in autotuner.arg_names)
        with self._lock:
            notes = self._kernel(function).tuned.setdefault(names, TunedNotes(names))
            found = notes, _forgetting(autotuner, self._autotuners)
            self._autotuners[id(autotuner)] = found
        return found

    def lose(self, kernel: str, reason: str) -> None:
        """A launch cannot be recorded, for a reason that is a sentence."""
        with self._lock:
            lost = (kernel, reason)
            is_new = lost not in self._lost
            self._lost[lost] = self._lost.get(lost, 0) + 1
            self.news += is_new
        self.on_first()
        if is_new:
            self._complain(f"{kernel}: {reason}")

    def fail(self, launched: Any, error: Exception) -> None:
        """This recorder failed on a launch of a kernel, or of what stands around one."""
        try:
            function = _kernel_in(launched).fn
            name = f"{module_of(function)}:{function.__qualname__}"
        except Exception:
            name = type(launched).__name__
        self.lose(name, f"its launches cannot be recorded: {type(error).__name__}: {error}")

    @property
    def total(self) -> int:
        """How many launches there were: a count that says whether any count has changed."""
        with self._lock:
            launches = (
                n.count for kernel in self._kernels.values() for n in kernel.launches.values()
            )
            return sum(launches) + sum(self._lost.values())

    def recording(self, tritonbind: str) -> Recording:
        """What was recorded since the beginning, by a version of tritonbind."""
        triton = getattr(sys.modules.get("triton"), "__version__", "unknown")
        python = ".".join(map(str, sys.version_info[:3]))
        with self._lock:
            devices = tuple(sorted(self._devices, key=repr))
            return Recording(
                MadeWith((tritonbind,), (triton,), (python,), devices),
                in_order(kernel.frozen() for kernel in self._kernels.values()),
                in_order(NotRecorded(*lost, count) for lost, count in self._lost.items()),
            )


def _do_nothing() -> None:
    pass


def _kernel_in(wrapper: Any) -> Any:
    """The `JITFunction` below what stands around it."""
    while not hasattr(wrapper, "params"):
        wrapper = wrapper.fn
    return wrapper


def _ints_in_tuples(arguments: Iterable[Any]) -> Iterator[Any]:
    for argument in arguments:
        if isinstance(argument, tuple):
            yield from ((index, v) for index, v in enumerate(argument) if type(v) is int)
            yield from _ints_in_tuples(argument)


def _forgetting(thing: Any, table: dict[int, Any]) -> Any:
    """A reference whose end takes the thing out of a table: another may get its `id`."""
    number = id(thing)
    return weakref.ref(thing, lambda _: table.pop(number, None))
