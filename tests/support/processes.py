"""Processes that tests start: signals reach them, and none is left."""

from __future__ import annotations

import signal
from pathlib import Path


def hear_signals() -> None:
    """Before a program begins, by `preexec_fn`: what this process ignores, that one would, too.

    As ctrl-C, where the tests run in the background of a shell, and a terminal's end under nohup.
    """
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def processes_with(setting: str) -> list[int]:
    """The processes in whose environment a setting starts so."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            environment = (entry / "environ").read_text(errors="replace")
        except OSError:
            continue
        if any(line.startswith(setting) for line in environment.split("\0")):
            found.append(int(entry.name))
    return found
