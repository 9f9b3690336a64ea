"""`tritonbind record`: runs a program with its processes recorded, and merges what they wrote."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tritonbind import recording_file, session
from tritonbind.errors import TritonbindError
from tritonbind.import_hook import RECORD, STARTED
from tritonbind.recording import Recording

_PATIENCE = 10.0
"""Seconds after which a program that runs no Python of ours is told of."""


def record_program(command: Sequence[str], file: Path) -> tuple[int, Recording]:
    """The program's exit code, and what was recorded, which is in the file.

    Where nothing was launched, nothing is written. Raises `TritonbindError` where the program
    cannot be started, or the recording cannot be written.
    """
    file = Path(os.path.abspath(file))
    parts = session.parts_of(file)
    if parts.exists():
        raise TritonbindError(
            f"{parts} holds parts of another run",
            hint=f"tritonbind merge {parts} -o {file}, or remove the folder; another program may "
            "be recorded into another file",
        )
    _make(parts)
    try:
        code = _run(command, file, parts)
        has_started = (parts / STARTED).exists()
        recording = session.collect(file)
        if recording.kernels or recording.not_recorded:
            recording_file.write(recording, file)
    except BaseException:
        if not any(parts.glob("*.json")):
            shutil.rmtree(parts, ignore_errors=True)
        raise
    shutil.rmtree(parts, ignore_errors=True)
    if not has_started:
        _say(_no_python(command))
    elif not (recording.kernels or recording.not_recorded):
        _say(f"the program launched no kernel through Triton; {file} is not written")
    return code, recording


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        raise TritonbindError(f"cannot make {folder}: {error.strerror}") from error


def _run(command: Sequence[str], file: Path, parts: Path) -> int:
    environment = {**os.environ, RECORD: str(file)}
    try:
        program = subprocess.Popen(command, env=environment)
    except OSError as error:
        raise TritonbindError(f"cannot run `{command[0]}`: {error.strerror}") from error
    watch = threading.Timer(_PATIENCE, _tell_early, (command, parts))
    watch.daemon = True
    watch.start()
    with _signals_for(program):
        code = program.wait()
    watch.cancel()
    return code if code >= 0 else 128 - code


def _tell_early(command: Sequence[str], parts: Path) -> None:
    if not (parts / STARTED).exists():
        _say(_no_python(command))


def _no_python(command: Sequence[str]) -> str:
    return (
        f"`{command[0]}` has run no Python in which tritonbind is installed, so nothing is "
        "recorded: install tritonbind (python -m pip install tritonbind) in the environment of "
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


def _say(sentence: str) -> None:
    print(f"tritonbind: {sentence}", file=sys.stderr, flush=True)
