"""Processes that read and compile, as forks of one that has imported what they need.

A run of the command starts such a process of its own, and its imports take a second. Tests run the
command some hundred times, so theirs come from here (`WarmProcesses.spawn` stands in for
`Compiler._spawn`), but for tests of the processes themselves: those use `fresh_processes`.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, NoReturn

from codegen.compile.processes import Compiler
from codegen.model.surroundings import UMASK, Surroundings

_MOST = 1 << 20  # bytes of a request
_STATUS = struct.Struct("i")


class Process:
    """What `subprocess.Popen` is to `Compiler`: it is told of the end by the parent of the fork."""

    def __init__(self, pid: int, status: int) -> None:
        self.pid = pid
        self._status = status
        self._end: int | None = None

    def poll(self) -> int | None:
        with suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self._end

    def wait(self, timeout: float | None = None) -> int:
        if self._end is None:
            if not select.select([self._status], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired("a warm process", timeout or 0)
            told = os.read(self._status, _STATUS.size)
            os.close(self._status)
            # The parent of the forks may be gone, at the end of all tests, and they with it.
            (status,) = _STATUS.unpack(told) if told else (signal.SIGKILL,)
            self._end = os.waitstatus_to_exitcode(status)
        return self._end


class WarmProcesses:
    """The process that they are forks of, started with the first."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control

    def spawn(self, compiler: Any, channel: int, log: int) -> Process:
        around: Surroundings = compiler._around
        asked = {
            "path": [entry or os.getcwd() for entry in sys.path],
            "environment": around.environment(compiler._directory),
            "folder": around.folder or os.getcwd(),
        }
        status, theirs = os.pipe()
        socket.send_fds(self._control, [json.dumps(asked).encode()], [channel, log, theirs])
        os.close(theirs)
        (pid,) = _STATUS.unpack(self._control.recv(_STATUS.size))
        return Process(pid, status)


@contextmanager
def warm_processes() -> Iterator[WarmProcesses]:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, tempfile.TemporaryDirectory() as folder:
        with theirs:
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.support.warm", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                start_new_session=True,
                env={**Surroundings().environment(folder), "PYTHONPATH": os.pathsep.join(sys.path)},
            )
        yield WarmProcesses(ours)
    process.wait()


def main(control: socket.socket) -> None:
    """Fork for each request until the tests end."""
    import codegen.compile.worker
    import codegen.read.worker  # noqa: F401

    woken, wakes = os.pipe()
    os.set_blocking(wakes, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wakes)
    statuses: dict[int, int] = {}
    watched: list[Any] = [control, woken]
    while True:
        ready, _, _ = select.select(watched, [], [])
        if woken in ready:
            os.read(woken, _MOST)
            _tell_of_ends(statuses)
        if control in ready:
            message, (channel, log, status), *_ = _received(control)
            pid = os.fork()
            if pid == 0:
                _serve(json.loads(message), channel, log, [control.fileno(), woken, wakes])
            with suppress(PermissionError, ProcessLookupError):  # the child may have been first
                os.setpgid(pid, pid)
            statuses[pid] = status
            os.close(channel)
            os.close(log)
            control.sendall(_STATUS.pack(pid))


def _received(control: socket.socket) -> Any:
    received = socket.recv_fds(control, _MOST, 3)
    if not received[0]:
        sys.exit()
    return received


def _tell_of_ends(statuses: dict[int, int]) -> None:
    with suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            status = statuses.pop(ended[0])
            with suppress(BrokenPipeError):
                os.write(status, _STATUS.pack(ended[1]))
            os.close(status)


def _serve(asked: Any, channel: int, log: int, others: list[int]) -> NoReturn:
    """As what `Compiler._spawn` starts does, with a process group of its own."""
    from codegen.compile import worker as aot_worker

    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for number in others:
        os.close(number)
    with suppress(PermissionError):
        os.setpgid(0, 0)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.umask(UMASK)
    os.chdir(asked["folder"])
    os.environ.clear()
    os.environ.update(asked["environment"])
    sys.path[:] = asked["path"]
    tempfile.tempdir = None
    aot_worker._DIRECTORY = os.environ["TMPDIR"]
    aot_worker.serve(channel)
    os._exit(0)


def spawner(warm: WarmProcesses) -> Any:
    """A method in the place of `Compiler._spawn`."""
    return lambda compiler, channel, log: warm.spawn(compiler, channel, log)


FRESH = Compiler._spawn
"""The method that starts an interpreter."""

if __name__ == "__main__":
    main(socket.socket(fileno=int(sys.argv[1])))
