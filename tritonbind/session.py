"""Recording a process: when its part of the recording is written, and where.

Each process writes `FILE.parts/<random>.json`, as a whole: about each second while there is
something new, when it ends, and under another name once it is forked. From its first launch to its
end there is a file `<random>.open`, too: where one is left, the last seconds of a process are lost.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import os
import shutil
import sys
import time
from _thread import RLock, start_new_thread
from collections.abc import Iterable, Iterator
from pathlib import Path

from tritonbind import recording_file, triton_hooks
from tritonbind.errors import TritonbindError
from tritonbind.import_hook import RECORD
from tritonbind.recorder import Recorder
from tritonbind.recording import Recording, merged
from tritonbind.talk import say
from tritonbind.version import version

_SECONDS = 1.0
"""Between two looks for something new."""
_LOOKS = 10
"""After that many looks, counts alone are worth writing."""
_PARTS = "[!.]*.json"
"""Those in a folder that are whole."""
_OPEN = ".open"
_SHARE = 100
"""Writing takes at most one part in so many of a process's time."""


class Session:
    """The recording of this process, and of those that are forked of it, into parts of a file."""

    def __init__(self) -> None:
        self._recorder = Recorder(say, self._watch)
        self.file: Path | None = None
        """What is being recorded into; None while nothing is."""
        self._begin()
        os.register_at_fork(after_in_child=self._after_fork)

    def open(self, file: Path) -> None:
        """Record from now on."""
        self._recorder.restart()
        self._begin()
        self.file = file
        triton_hooks.record_into(self._recorder)
        atexit.register(self._end)
        self._write_when_a_worker_ends()

    def close(self) -> None:
        """Write, and record no more."""
        triton_hooks.record_into(None)
        self._end()
        self.file = None
        atexit.unregister(self._end)

    def _begin(self) -> None:
        self._name = f"{os.urandom(8).hex()}.json"
        self._writing = RLock()
        self._written = (0, 0)
        self._is_watched = False
        self._has_failed = False

    def _after_fork(self) -> None:
        """In the child: what the parent counted is the parent's."""
        self._recorder.restart()
        self._begin()
        if self.file is not None:
            self._write_when_a_worker_ends()

    def _write_when_a_worker_ends(self) -> None:
        """Workers of `multiprocessing` end without what `atexit` has.

        This process may be one that has begun, or that is about to, which forgets what is to be
        done at its end and then calls what is registered.
        """
        util = sys.modules.get("multiprocessing.util")
        if util is not None:
            util.Finalize(None, self._end, exitpriority=0)
            util.register_after_fork(self, Session._at_a_workers_end)

    def _at_a_workers_end(self) -> None:
        sys.modules["multiprocessing.util"].Finalize(None, self._end, exitpriority=0)

    def _watch(self) -> None:
        """Write now and then, from the first launch on."""
        if not self._is_watched:
            self._is_watched = True
            self._mark_as_open()
            start_new_thread(self._write_now_and_then, (self._name,))

    def _mark_as_open(self) -> None:
        if self.file is not None:
            with contextlib.suppress(OSError):  # the first part says so
                parts_of(self.file).mkdir(parents=True, exist_ok=True)
                self._open_in(self.file).touch()

    def _open_in(self, file: Path) -> Path:
        return parts_of(file) / f"{self._name.removesuffix('.json')}{_OPEN}"

    def _end(self) -> None:
        """Write for the last time."""
        self.write()
        if self.file is not None and self._state == self._written:
            with contextlib.suppress(OSError):
                self._open_in(self.file).unlink(missing_ok=True)

    @property
    def _state(self) -> tuple[int, int]:
        return self._recorder.news, self._recorder.total

    def _write_now_and_then(self, name: str) -> None:
        looks = 0
        wait = _SECONDS
        while self.file is not None and name == self._name:
            time.sleep(wait)
            looks += 1
            if self._recorder.news != self._written[0] or looks >= _LOOKS:
                started = time.monotonic()
                self.write()
                wait = max(_SECONDS, _SHARE * (time.monotonic() - started))
                looks = 0

    def write(self) -> None:
        """Write this process's part, if there is anything new. Nothing is raised."""
        with self._writing:
            state = self._state
            if self.file is None or state == self._written:
                return
            folder = parts_of(self.file)
            try:
                folder.mkdir(parents=True, exist_ok=True)
                recording_file.write(self._recorder.recording(version()), folder / self._name)
                self._written = state
            except Exception as error:
                if not self._has_failed:
                    say(f"this process is not recorded: {error}")
                self._has_failed = True


@functools.cache
def of_this_process() -> Session:
    """There is one: compiled kernels keep what counts their launches."""
    return Session()


@contextlib.contextmanager
def recording(file: str | os.PathLike[str]) -> Iterator[None]:
    """Record what this process launches meanwhile, and what processes do that it starts.

    At the end, also by an exception, the file is written, or replaced. A process that is recorded
    already goes on being so, and a line on stderr says that this file is not written.

    Raises:
        TritonbindError: the file is a folder, parts of another run are in the way, or the file
            cannot be written.
    """
    session, path = of_this_process(), Path(os.path.abspath(file))
    other = session.file or os.environ.get(RECORD)
    if other:
        say(f"{file} is not written: the process is being recorded into {other}")
        yield
        return
    make_parts(path)
    os.environ[RECORD] = str(path)
    triton_hooks.watch()
    session.open(path)
    try:
        yield
    finally:
        session.close()
        os.environ.pop(RECORD, None)
        recording_file.write(collect(path), path)
        tell_unfinished(parts_of(path))
        shutil.rmtree(parts_of(path), ignore_errors=True)


def parts_of(file: Path) -> Path:
    """The folder of the parts of a recording that is being made."""
    return file.with_name(f"{file.name}.parts")


def make_parts(file: Path) -> None:
    """Make the folder of the parts of a recording.

    Raises `TritonbindError` where the file is a folder, or parts of another run are in the way, or
    nothing can be written there.
    """
    if file.is_dir():
        raise TritonbindError(
            f"{file} is a folder, and a recording is a file",
            hint=f"name the file, as {file / 'recording.json'}",
        )
    parts = parts_of(file)
    if parts.exists():
        raise TritonbindError(
            f"{parts} holds parts of another run",
            hint=f"tritonbind merge {parts} -o {file}, or remove the folder; another program may "
            "be recorded into another file",
        )
    try:
        parts.mkdir(parents=True)
    except OSError as error:
        raise TritonbindError(f"cannot make {parts}: {error.strerror}") from error


def collect(file: Path) -> Recording:
    """What the parts of a file say together."""
    return merged(map(recording_file.read, parts_of(file).glob(_PARTS)))


def tell_unfinished(folder: Path) -> None:
    """Say how many processes have not written all that they launched into a folder of parts."""
    count = len(list(folder.glob(f"*{_OPEN}")))
    if count:
        processes = "1 process has" if count == 1 else f"{count} processes have"
        say(
            f"{processes} not ended, or been killed, or ended by os._exit: what was launched there "
            "in the last seconds is not recorded"
        )


def _parts(paths: Iterable[Path]) -> Iterator[Path]:
    """The files that paths name: those in folders, as they are listed, and files."""
    for path in paths:
        if path.is_dir():
            yield from sorted(path.glob(_PARTS))
        else:
            yield path


def merge(paths: Iterable[Path], file: Path) -> Recording:
    """Write one recording of files, and of the parts in folders.

    Raises `TritonbindError` where there is none, or one cannot be read or written.
    """
    paths = list(paths)
    files = list(_parts(paths))
    if not files:
        raise TritonbindError(
            f"{', '.join(map(str, paths))}: no recording",
            hint="name files that `tritonbind record` wrote, or a folder FILE.parts",
        )
    whole = merged(map(recording_file.read, files))
    recording_file.write(whole, file)
    for folder in filter(Path.is_dir, paths):
        tell_unfinished(folder)
    return whole
