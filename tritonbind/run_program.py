"""Runs a program with variables in its environment that `tritonbind.start` reads."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tritonbind.errors import TritonbindError
from tritonbind.talk import say

_PATIENCE = 10.0
"""Seconds after which a program that runs no Python of ours is told of."""


def run_program(
    command: Sequence[str], variables: Mapping[str, str], started: Path, what: str
) -> int:
    """The program's exit code.

    Args:
        command: the program and its arguments.
        variables: what is added to the environment.
        started: the file that the first process with this tritonbind makes.
        what: what would be done with the program, as "recorded", for the sentence where there is
            no such process.

    Raises:
        TritonbindError: the program cannot be started.
    """
    try:
        program = subprocess.Popen(command, env={**os.environ, **variables})
    except OSError as error:
        raise TritonbindError(f"cannot run `{command[0]}`: {error.strerror}") from error
    watch = threading.Timer(_PATIENCE, _tell, (command, started, what))
    watch.daemon = True
    watch.start()
    with _signals_for(program):
        code = program.wait()
    watch.cancel()
    _tell(command, started, what)
    return code if code >= 0 else 128 - code


def _tell(command: Sequence[str], started: Path, what: str) -> None:
    if not started.exists():
        say(
            f"`{command[0]}` has run no Python in which tritonbind is installed, so nothing is "
            f"{what}: install tritonbind (python -m pip install tritonbind) in the environment of "
            "the program's own Python"
        )


@contextmanager
def _signals_for(program: subprocess.Popen[bytes]) -> Iterator[None]:
    """What would end this process ends the program; ctrl-C reaches the program by itself."""

    def pass_on(number: int, frame: object) -> None:
        program.send_signal(number)

    before = {number: signal.signal(number, pass_on) for number in (signal.SIGTERM, signal.SIGHUP)}
    before[signal.SIGINT] = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
