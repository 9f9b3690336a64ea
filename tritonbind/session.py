"""Recording a process: when its part of the recording is written, and where.

Each process writes `FILE.parts/<random>.json`, as a whole: about each second while there is
something new, when it ends, and under another name once it is forked.
"""

from __future__ import annotations

import atexit
import contextlib
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
from tritonbind.version import version

_SECONDS = 1.0
"""Between two looks for something new."""
_LOOKS = 10
"""After that many looks, counts alone are worth writing."""
_SHARE = 100
"""Writing takes at most one part in so many of a process's time."""


class Session:
    """The recording of this process, and of those that are forked of it, into parts of a file."""

    def __init__(self, file: str) -> None:
        self._folder = parts_of(Path(file))
        self._recorder = Recorder(_say)
        self._begin()
        self._is_open = True
        os.register_at_fork(after_in_child=self._after_fork)
        atexit.register(self.write)
        self._write_when_a_worker_ends()
        triton_hooks.record_into(self._recorder)

    def _begin(self) -> None:
        self._path = self._folder / f"{os.urandom(8).hex()}.json"
        self._writing = RLock()
        self._written = (0, 0)
        self._is_watched = False
        self._has_failed = False
        self._recorder.on_first = self._watch

    def _after_fork(self) -> None:
        """In the child: what the parent counted is the parent's."""
        self._recorder.restart()
        self._begin()
        util = sys.modules.get("multiprocessing.util")
        if self._is_open and util is not None:
            util.register_after_fork(self, Session._write_when_a_worker_ends)

    def _write_when_a_worker_ends(self) -> None:
        """Workers of `multiprocessing` end without what `atexit` has."""
        util = sys.modules.get("multiprocessing.util")
        if util is not None:
            util.Finalize(None, self.write, exitpriority=0)

    def _watch(self) -> None:
        """Write now and then, from the first launch on."""
        if not self._is_watched:
            self._is_watched = True
            start_new_thread(self._write_now_and_then, (self._path,))

    def _write_now_and_then(self, path: Path) -> None:
        looks = 0
        wait = _SECONDS
        while self._is_open and path == self._path:
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
            state = self._recorder.news, self._recorder.total
            if not self._is_open or state == self._written:
                return
            try:
                self._folder.mkdir(parents=True, exist_ok=True)
                recording_file.write(self._recorder.recording(version()), self._path)
                self._written = state
            except Exception as error:
                if not self._has_failed:
                    _say(f"this process is not recorded: {error}")
                self._has_failed = True

    def close(self) -> None:
        """Write, and record no more."""
        triton_hooks.record_no_more(self._recorder)
        self.write()
        self._is_open = False
        atexit.unregister(self.write)


@contextlib.contextmanager
def recording(file: str | os.PathLike[str]) -> Iterator[None]:
    """Record what this process launches meanwhile, and what processes do that it starts.

    At the end the file is written, or replaced. Raises `TritonbindError` where it cannot be.
    """
    path = os.path.abspath(file)
    outer = os.environ.get(RECORD)
    os.environ[RECORD] = path
    triton_hooks.watch()
    session = Session(path)
    try:
        yield
    finally:
        session.close()
        os.environ.pop(RECORD)
        if outer is not None:
            os.environ[RECORD] = outer
    recording_file.write(collect(Path(path)), path)
    shutil.rmtree(parts_of(Path(path)), ignore_errors=True)


def parts_of(file: Path) -> Path:
    """The folder of the parts of a recording that is being made."""
    return file.with_name(f"{file.name}.parts")


def collect(file: Path) -> Recording:
    """What the parts of a file say together."""
    return merged(map(recording_file.read, _parts([parts_of(file)])))


def _parts(paths: Iterable[Path]) -> Iterator[Path]:
    """The files that paths name: those in folders, as they are listed, and files."""
    for path in paths:
        if path.is_dir():
            yield from sorted(path.glob("[!.]*.json"))
        else:
            yield path


def merge(paths: Iterable[Path], file: Path) -> Recording:
    """Write one recording of files, and of the parts in folders.

    Raises `TritonbindError` where there is none, or one cannot be read or written.
    """
    files = list(_parts(paths))
    if not files:
        raise TritonbindError(
            f"{', '.join(map(str, paths))}: no recording",
            hint="name files that `tritonbind record` wrote, or a folder FILE.parts",
        )
    whole = merged(map(recording_file.read, files))
    recording_file.write(whole, file)
    return whole


def _say(sentence: str) -> None:
    """On stderr, where there is one."""
    with contextlib.suppress(Exception):
        print(f"tritonbind: {sentence}", file=sys.stderr, flush=True)
