"""Processes that read kernel files and compile: a pool of them, or one for each thread.

Kernel files and Triton run in child processes, fresh interpreters with a scrubbed environment and a
directory of their own. Both read settings while they are imported; a kernel file may do anything to
its process, and LLVM ends its process where it fails.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from multiprocessing.connection import Connection, Pipe
from pathlib import Path
from typing import TYPE_CHECKING, Any

from codegen.compile.watch import Watch
from codegen.model.errors import CannotBuild, CodegenError, told
from codegen.model.surroundings import UMASK, Died, Surroundings, excerpt, fate

if TYPE_CHECKING:  # a process is started before anything imports Triton here
    from codegen.model.request import CompileRequest, OnDone, Result
    from codegen.read.reading import Ask

MOST_MEMORY = 1 << 30
"""Bytes: a compiler that has had more is replaced by a new one."""

_BOOT = """\
import json, sys
sys.path[:] = json.loads(sys.argv[1])
from codegen.compile.worker import serve
serve(int(sys.argv[2]))
"""
_LOG = "output.log"
_PATIENCE = 2.0  # seconds between looks at what still runs


def compile_all(
    requests: Sequence[CompileRequest],
    jobs: int,
    on_done: OnDone = lambda request, result: None,
    compilers: Compilers | None = None,
) -> list[Result]:
    """Compile every request here, `jobs` at a time; results and errors in the requests' order.

    Compilers that are given have ended afterwards.
    """
    compilers = Compilers() if compilers is None else compilers
    executor = ThreadPoolExecutor(max(min(jobs, len(requests)), 1))
    try:
        return compile_with(
            lambda request: executor.submit(compilers.compile, request),
            requests,
            on_done,
            compilers.watch.look,
        )
    finally:
        executor.shutdown(wait=False, cancel_futures=True)
        compilers.kill()
        executor.shutdown()
        compilers.stop()


def compile_with(
    submit: Callable[[CompileRequest], Future[Result]],
    requests: Sequence[CompileRequest],
    on_done: OnDone = lambda request, result: None,
    look: Callable[[], None] = lambda: None,
    check: Callable[[], None] = lambda: None,
) -> list[Result]:
    """Compile every request by whatever `submit` hands it to, as `Executor.submit` does.

    Results and errors come in the order of the requests. `look` is called every now and then, and
    `check` while nothing comes, or worse; it raises when nothing more will.
    """
    # A process whose modules have asked for the device is good for one capability: keep it there.
    order = sorted(range(len(requests)), key=lambda n: (requests[n].target.capability, n))
    waiting: dict[Future[Result], int] = {}
    results: dict[int, Result] = {}
    for number in order:
        waiting[submit(requests[number])] = number
    try:
        while waiting:
            done, _ = wait(waiting, _PATIENCE, FIRST_COMPLETED)
            look()
            if not done:
                check()
            for future in done:
                number = waiting.pop(future)
                if future.cancelled() or future.exception() is not None:
                    check()
                results[number] = _result(future, requests[number])
                on_done(requests[number], results[number])
    finally:
        for future in waiting:
            future.cancel()
    return [results[number] for number in range(len(requests))]


def _result(future: Future[Result], request: CompileRequest) -> Result:
    """What became of a request. An executor that gives one up says why by an exception."""
    try:
        return future.result()
    except Exception as error:
        return CodegenError(f"what was to compile it failed: {told(error)}", subject=str(request))


class Compilers:
    """A process for each thread that asks for one."""

    def __init__(self, around: Surroundings | None = None, watch: Watch | None = None) -> None:
        self.watch = watch or Watch()
        self._around = around or Surroundings()
        self._of_thread = threading.local()
        self._all: list[Compiler] = []
        self._idle: list[Compiler] = []
        """Those that no thread has asked for yet."""

    def start_one(self) -> None:
        """Start a process now, for the first thread that will ask: its imports take a while."""
        compiler = Compiler(self._around)
        self._all.append(compiler)
        self._idle.append(compiler)
        compiler.start()

    @contextlib.contextmanager
    def borrowed(self) -> Iterator[Ask]:
        """A process for whatever is to be asked of it, which others have afterwards."""
        compiler = self._next()

        def ask(request: object, doing: Callable[[], str]) -> Any:
            with self.watch.running(doing):
                return compiler.ask(request, self.watch.look)

        try:
            yield ask
        finally:
            self._idle.append(compiler)

    def compile(self, request: CompileRequest) -> Result:
        compiler: Compiler | None = getattr(self._of_thread, "compiler", None)
        if compiler is None:
            compiler = self._of_thread.compiler = self._next()
        with self.watch.running(lambda: f"compiling {request}"):
            return compiler.compile(request)

    def _next(self) -> Compiler:
        with contextlib.suppress(IndexError):
            return self._idle.pop()
        compiler = Compiler(self._around)
        self._all.append(compiler)
        return compiler

    def kill(self) -> None:
        """End every process, also those that are at work for other threads."""
        for compiler in self._all:
            compiler.kill()

    def stop(self) -> None:
        """End every process, and remove its files; no thread may be waiting for one."""
        for compiler in self._all:
            compiler.stop()


class Compiler:
    """A child process that answers one request at a time. It starts at the first, or before."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._process: subprocess.Popen[bytes] | None = None
        self._capability: int | None = None
        """The one that the process is good for, when modules of it have asked for the device."""

    def compile(self, request: CompileRequest) -> Result:
        """A request that kills the process gets an error; the next one gets a new process."""
        if self._capability not in (None, request.target.capability):
            self.stop()
        result: Result
        try:
            result, has_asked, memory = self.ask(request)
        except Died as death:
            reason = f"the compiler died with {death.fate}{excerpt(death.log)}"
            return CannotBuild(reason, subject=str(request))
        if has_asked:
            self._capability = request.target.capability
        if memory > MOST_MEMORY:
            self.stop()
        return result if isinstance(result, CodegenError) else replace(result, memory=memory)

    def ask(self, request: object, look: Callable[[], None] | None = None) -> Any:
        """The answer to a request; `look` is called every now and then until it comes.

        Raises `Died`.
        """
        if self._process is None:
            self.start()
        assert self._process is not None
        # If the process is dead, the answer says what of.
        with contextlib.suppress(OSError):
            self._connection.send(request)
        try:
            while not self._connection.poll(_PATIENCE):
                if look is not None:
                    look()
                if self._process.poll() is not None and not self._connection.poll():
                    raise EOFError  # what it has started holds the connection open
            return self._connection.recv()
        except (EOFError, OSError):
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_PATIENCE)  # as it ends by itself, to know of what
            self.kill()
            died_of = fate(self._process.wait())
            log = Path(self._directory, _LOG).read_text(errors="replace")
            self.stop()
            raise Died(died_of, log) from None

    def start(self) -> None:
        self._directory = tempfile.mkdtemp(prefix="codegen-")
        self._connection, theirs = Pipe()
        with theirs, open(Path(self._directory, _LOG), "w+b") as log:
            self._process = self._spawn(theirs.fileno(), log.fileno())

    def _spawn(self, channel: int, log: int) -> subprocess.Popen[bytes]:
        path = json.dumps([entry or os.getcwd() for entry in sys.path])
        # In a session of its own ctrl-C does not reach it: the parent ends it, with its ptxas.
        return subprocess.Popen(
            [sys.executable, "-c", _BOOT, path, str(channel)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=[channel],
            start_new_session=True,
            env=self._around.environment(self._directory),
            cwd=self._around.folder,
            umask=UMASK,
        )

    def kill(self) -> None:
        """End the process with what it started; whoever waits for it hears of it."""
        process = self._process
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)

    def stop(self) -> None:
        """End the process and what it started, and remove its files."""
        if self._process is None:
            return
        self.kill()
        self._process.wait()
        self._process = self._capability = None
        self._connection.close()
        shutil.rmtree(self._directory, ignore_errors=True)

    _connection: Connection
    _directory: str
