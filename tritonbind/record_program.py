"""`tritonbind record`: runs a program with its processes recorded, and merges what they wrote."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from tritonbind import recording_file, session
from tritonbind.errors import TritonbindError
from tritonbind.import_hook import RECORD, STARTED
from tritonbind.recording import Recording
from tritonbind.run_program import run_program
from tritonbind.talk import say


def record_program(command: Sequence[str], file: Path) -> tuple[int, Recording]:
    """The program's exit code, and what was recorded, which is in the file.

    Where nothing was launched, nothing is written. Raises `TritonbindError` where the program
    cannot be started, or the recording cannot be written.
    """
    file = Path(os.path.abspath(file))
    parts = session.parts_of(file)
    session.make_parts(file)
    try:
        code = run_program(command, {RECORD: str(file)}, parts / STARTED, "recorded")
    except BaseException:
        if not any(parts.glob("*.json")):
            shutil.rmtree(parts, ignore_errors=True)
        raise
    has_started = (parts / STARTED).exists()
    recording = _collected(file)
    session.tell_unfinished(parts)
    if has_started and not (recording.kernels or recording.not_recorded):
        say(f"no launch of a kernel through Triton was recorded; {file} is not written")
    shutil.rmtree(parts, ignore_errors=True)
    return code, recording


def _collected(file: Path) -> Recording:
    """What the program's processes wrote, which is now in the file, if it is anything.

    Raises `TritonbindError` where it is not; then it stays where it was.
    """
    try:
        recording = session.collect(file)
        if recording.kernels or recording.not_recorded:
            recording_file.write(recording, file)
        return recording
    except TritonbindError as error:
        parts = session.parts_of(file)
        raise TritonbindError(
            error.reason,
            hint=f"what was recorded is in {parts}: mend this, and tritonbind merge {parts} "
            f"-o {file}",
        ) from error
