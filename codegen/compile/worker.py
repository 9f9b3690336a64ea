"""The child process that reads kernel files and compiles, until its parent is gone."""

from __future__ import annotations

import functools
import importlib
import os
import pickle
import queue
import resource
import shutil
import signal
import sys
import threading
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import triton.compiler.compiler

from codegen.compile.triton_compiler import compiled
from codegen.model.constexpr_values import COMPUTED
from codegen.model.declaration import Declaration
from codegen.model.errors import CodegenError
from codegen.model.image import Compiled
from codegen.model.kernel import MadeOf
from codegen.model.request import CompileRequest
from codegen.read.constexprs import given_value
from codegen.read.differing import OtherImport
from codegen.read.loading import load, unwrapped
from codegen.read.made_of import made_of
from codegen.read.offline.triton_driver import offline
from codegen.read.reading import ReadRequest

_DIRECTORY = os.environ.get("TMPDIR", "")
"""This process's own, before a kernel file can say otherwise. Where it is full or gone, `tempfile`
would name another folder, which is everybody's."""


def serve(channel: int) -> None:
    """Answer requests to read or to compile until the parent closes its end, or is gone.

    Each answer of a compilation says too whether anything has asked for the device until then. If
    so, modules may hold what they heard, and the process is good for that one capability.
    """
    os.set_inheritable(channel, False)
    # Triton's own takes half a second of hashing libtriton, and has one key for 1 and "1".
    triton.compiler.compiler.get_cache_key = lambda *given, **named: os.urandom(16).hex()
    connection = Connection(channel)
    requests: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_receive, args=(connection, requests), daemon=True).start()
    asked, own = False, os.getpid()
    sys.argv[:] = ["codegen"]
    while True:
        request = pickle.loads(requests.get())
        os.ftruncate(1, 0)
        os.lseek(1, 0, os.SEEK_SET)
        answer: object
        if isinstance(request, ReadRequest):
            answer = _reader().serve(request, channel)
        else:
            with offline(request.target.capability) as device:
                result = _answer(request)
            asked = asked or device.asked
            answer = result, asked, _most_memory()
        if os.getpid() != own:
            os._exit(0)  # a process that a kernel file has made, and that came back here
        try:
            connection.send(answer)
        except OSError:
            _leave()


def _reader() -> Any:
    """The module that reads kernel files, which processes that only compile do without."""
    return importlib.import_module("codegen.read.worker")


def _most_memory() -> int:
    """Bytes that this process has had at once; of Linux's account, which is in KiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10


def _receive(connection: Connection, requests: queue.SimpleQueue[bytes]) -> None:
    """Queue what arrives. A thread of its own, so that the parent's death is seen at once."""
    try:
        while True:
            requests.put(connection.recv_bytes())
    except (EOFError, OSError):
        _leave()


def _leave() -> None:
    """End with ptxas, and have the worker's directory removed once nothing can write there."""
    group = os.getpgrp()
    if os.fork() == 0:
        os.setsid()
        os.killpg(group, signal.SIGKILL)
        for _ in range(20):  # a call that was under way may still make the directory again
            shutil.rmtree(_DIRECTORY, ignore_errors=True)
            time.sleep(0.05)
        os._exit(0)
    time.sleep(60)  # until the signal comes


def _answer(request: CompileRequest) -> Compiled | CodegenError:
    try:
        declarations = {d.name: d for d in load(Path(request.root), request.file)}
        _check_unchanged(request, declarations.get(request.kernel))
        declaration = declarations[request.kernel]
        function, _ = unwrapped(declaration)
        return compiled(request, function, functools.partial(_value, request, declaration))
    except CodegenError as error:
        return error


_made_of: dict[int, MadeOf] = {}
"""By the identity of declarations, which stay: nothing is imported twice."""


def _check_unchanged(request: CompileRequest, declaration: Declaration | None) -> None:
    """An image that is kept under the key of another source would be wrong for ever."""
    if not request.made_of:
        return
    found = None
    if declaration is not None:
        found = _made_of.get(id(declaration)) or made_of(declaration)
        _made_of[id(declaration)] = found
        if found.key == request.made_of:
            return
    raise OtherImport(f"`{request.kernel}` in {request.file}", found)


def _value(request: CompileRequest, declaration: Declaration, name: str, which: int | str) -> Any:
    """A value of a constexpr that no other process can be handed."""
    if not str(which).startswith(COMPUTED):
        return given_value(declaration, name, which)
    from codegen.read.introspect import computed_value  # with all that reads kernels

    return computed_value(Path(request.root), request.file, request.kernel, name, str(which))
