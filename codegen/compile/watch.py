"""Watches what runs for long, and decides when to say so."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator


class Watch:
    """Tells `say` of what runs: after `first` seconds, and whenever that time has doubled."""

    def __init__(
        self, say: Callable[[str], None] = lambda sentence: None, first: float = 60.0
    ) -> None:
        self._say = say
        self._first = first
        self._lock = threading.Lock()
        self._running: dict[object, _Run] = {}

    @contextlib.contextmanager
    def running(self, what: Callable[[], object]) -> Iterator[None]:
        """Meanwhile this runs; `what` says it as messages do, such as `compiling x`."""
        run = _Run(what, self._first)
        with self._lock:
            self._running[run] = run
        try:
            yield
        finally:
            with self._lock:
                del self._running[run]

    def look(self) -> None:
        """Say what is due. Who waits calls it every second or two."""
        with self._lock:
            due = [run for run in self._running.values() if run.seconds >= run.next]
            for run in due:
                run.next *= 2
        for run in due:
            self._say(f"still {run.what()}, for {run.seconds:.0f} s now")


class _Run:
    def __init__(self, what: Callable[[], object], first: float) -> None:
        self.what = what
        self.next = first
        self._start = time.monotonic()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._start
