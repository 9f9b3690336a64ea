"""What is counted while a program runs: its launches by kernel and specialisation.

A launch that was seen before costs a look into a set, and a count. All else is done when something
is seen for the first time.
"""

from __future__ import annotations

import json
import sys
import weakref
from _thread import RLock
from collections.abc import Callable
from typing import Any

from tritonbind.arguments import arguments_of, options_of, target_of
from tritonbind.call_site import call_site
from tritonbind.devices import current_device
from tritonbind.kernel_identity import KernelIdentity, identity_of, is_jit_function, module_of
from tritonbind.notes import FIRST_ARGUMENT, KernelNotes, LaunchNotes, TunedNotes
from tritonbind.recording import Device, MadeWith, NotRecorded, Recording, merged_by_key

MOST_SEEN = 4096
"""How many different launches of one specialisation are remembered, before it begins anew."""
MOST_SITES = 16
"""How many different launches of one specialisation are asked where their grid comes from."""
Lost = tuple[str, str]
"""A kernel, and why its launches cannot be recorded."""


class Recorder:
    """All that a process launched. Its methods may be called by any thread."""

    def __init__(self, complain: Callable[[str], None], on_news: Callable[[], None]) -> None:
        """`complain` is told, once for each kernel and reason, what cannot be recorded; `on_news`
        is called when something was seen for the first time."""
        self._complain = complain
        self._on_news = on_news
        self._kernels: dict[KernelIdentity, KernelNotes] = {}
        self._identities: dict[int, tuple[Callable[[], Any], KernelIdentity]] = {}
        """By a function's `id`, as long as it lives."""
        self.restart()

    def restart(self) -> None:
        """Begin anew with nothing, as a process does that was forked."""
        self._lock = RLock()
        self._lost: dict[Lost, int] = {}
        for kernel in self._kernels.values():  # which compiled kernels refer to
            kernel.restart()
        self.news = 0
        """Grows with all that is new but counts."""

    def first(
        self, compiled: Any, given: tuple[Any, ...]
    ) -> tuple[LaunchNotes, None] | tuple[None, Lost]:
        """A compiled kernel was launched for the first time: its notes, or why there are none.

        `given` is what the launcher got: a grid, six things of Triton's, and the arguments.
        """
        try:
            with self._lock:
                notes = self._notes(compiled, len(given) - FIRST_ARGUMENT)
                self.note(notes, notes.key(given), given)
                return notes, None
        except _CannotSay as error:
            lost = _name_of(compiled), str(error)
        except Exception as error:
            lost = _name_of(compiled), _failure(error)
        self.lose(*lost)
        return None, lost

    def _notes(self, compiled: Any, count: int) -> LaunchNotes:
        source = getattr(compiled, "src", None)
        function: Any = getattr(source, "fn", None)
        if not is_jit_function(function):
            raise _CannotSay("Triton does not say which function it was compiled from")
        if module_of(function.fn).startswith("torch._inductor."):
            raise _CannotSay("torch.compile wrote it, and writes it anew in each process")
        if count != len(function.params):
            raise _CannotSay(
                f"it was launched with {count} of its {len(function.params)} arguments"
            )
        site = call_site(function)
        arguments, target = arguments_of(source), target_of(compiled)
        options = options_of(compiled, site.keywords)
        kernel = self._kernel(function)
        kernel.see(site)
        key = json.dumps([arguments, options, target], sort_keys=True)
        if key not in kernel.launches:
            kernel.launches[key] = LaunchNotes(kernel, arguments, options, target)
        kernel.launches[key].devices.add(Device(current_device(), target))
        return kernel.launches[key]

    def _kernel(self, function: Any) -> KernelNotes:
        number = id(function)
        known, identity = self._identities.get(number, (_never, None))
        if known() is not function or identity is None:
            identity = identity_of(function)
            end = weakref.ref(function, lambda _: self._identities.pop(number, None))
            self._identities[number] = end, identity
        if identity not in self._kernels:
            self._kernels[identity] = KernelNotes(identity, function)
        return self._kernels[identity]

    def note(self, notes: LaunchNotes, key: tuple[Any, ...], given: tuple[Any, ...]) -> None:
        """A launch like no other that was seen."""
        with self._lock:
            notes.note(key, given)
            if len(notes.seen) < MOST_SITES:
                notes.kernel.see(call_site(notes.kernel.function))
            if len(notes.seen) >= MOST_SEEN:
                notes.seen.clear()
            notes.seen.add(key)
            self.news += 1
        self._on_news()

    def tuned(self, autotuner: Any) -> TunedNotes:
        """The notes of what an `Autotuner` chooses."""
        names = tuple(name for name in autotuner.keys if name in autotuner.arg_names)
        with self._lock:
            self.news += 1
            kernel = self._kernel(_kernel_in(autotuner))
            return kernel.tuned.setdefault(names, TunedNotes(names))

    def lose(self, kernel: str, reason: str) -> None:
        """A launch cannot be recorded, for a reason that is a sentence."""
        with self._lock:
            is_new = (kernel, reason) not in self._lost
            self._lost[kernel, reason] = self._lost.get((kernel, reason), 0) + 1
            self.news += is_new
        if is_new:
            self._on_news()
            self._complain(f"{kernel} is not recorded: {reason}")

    def fail(self, launched: Any, error: Exception) -> None:
        """This recorder failed on a launch of a compiled kernel, or of an autotuner."""
        self.lose(_name_of(launched), _failure(error))

    @property
    def total(self) -> int:
        """A count of launches that says whether any count has changed."""
        with self._lock:
            noted = sum(kernel.total for kernel in self._kernels.values())
            return noted + sum(self._lost.values())

    def recording(self, tritonbind: str) -> Recording:
        """What was recorded since the beginning, by a version of tritonbind."""
        triton = getattr(sys.modules.get("triton"), "__version__", "unknown")
        python = ".".join(map(str, sys.version_info[:3]))
        with self._lock:
            kernels = [kernel for kernel in self._kernels.values() if kernel.total]
            devices = sorted({device for kernel in kernels for device in kernel.devices}, key=repr)
            return Recording(
                MadeWith((tritonbind,), (triton,), (python,), tuple(devices)),
                merged_by_key(kernel.frozen() for kernel in kernels),
                merged_by_key(NotRecorded(*lost, count) for lost, count in self._lost.items()),
            )


def _never() -> None:
    """What is known of no function."""


class _CannotSay(Exception):
    """Why a recording cannot say a launch."""


def _failure(error: Exception) -> str:
    return f"the recorder failed with {type(error).__name__}: {error}"


def _name_of(launched: Any) -> str:
    """The name of a kernel, of a compiled one, or of one in an autotuner."""
    try:
        function = _kernel_in(getattr(launched, "src", launched)).fn
        return f"{module_of(function)}:{function.__qualname__}"
    except Exception:
        return f"unknown:{getattr(launched, 'name', type(launched).__name__)}"


def _kernel_in(wrapper: Any) -> Any:
    """The `JITFunction` below what stands around it."""
    while not is_jit_function(wrapper):
        wrapper = wrapper.fn
    return wrapper
