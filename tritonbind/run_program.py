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
    with _signals_held() as before:
        try:
            program = subprocess.Popen(
                command,
                env={**os.environ, **variables},
                preexec_fn=lambda: signal.pthread_sigmask(signal.SIG_SETMASK, before),
            )
        except OSError as error:
            raise TritonbindError(f"cannot run `{command[0]}`: {error.strerror}") from error
        watch = threading.Timer(_PATIENCE, _tell, (command, started, what))
        watch.daemon = True
        watch.start()
        code = _ended(program)
    watch.cancel()
    _tell(command, started, what)
    return code if code >= 0 else 128 - code


def _ended(program: subprocess.Popen[bytes]) -> int:
    """Wait for the program, and give it meanwhile what would end this process. Ctrl-C reaches the
    program by itself."""
    while program.poll() is None:
        came = signal.sigtimedwait(_HELD, _SECONDS)
        if came is not None and came.si_signo in (signal.SIGTERM, signal.SIGHUP):
            program.send_signal(came.si_signo)
    return program.returncode


_HELD = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGCHLD)
"""Signals that are waited for, so that none comes between a look and the wait."""
_SECONDS = 1.0
"""Between two looks at the program, where no signal says that it has ended."""


@contextmanager
def _signals_held() -> Iterator[set[int]]:
    """The signals of this process before, which is in no program's way when it begins with them."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _HELD)
    try:
        yield {int(number) for number in before}
    finally:
        while signal.sigtimedwait(_HELD, 0) is not None:
            pass  # what came for the program is not ours
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _tell(command: Sequence[str], started: Path, what: str) -> None:
    if not started.exists():
        say(
            f"`{command[0]}` has run no Python in which tritonbind is installed, so nothing is "
            f"{what}: install tritonbind (python -m pip install tritonbind) in the environment of "
            "the program's own Python"
        )
