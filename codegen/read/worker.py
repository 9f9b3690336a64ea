"""The child process that reads kernel files: what they do to a process, they do to this one.

It is a fork of the process that compiles, which has imported all that reading takes. So a child for
each SM costs nothing, nor does a new one where a kernel file has ended its child.
"""

from __future__ import annotations

import contextlib
import functools
import os
import pickle
import random
import sys
import traceback
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import NoReturn

from codegen.model.errors import CodegenError, CodegenErrors, SourceLocation, show_from, told
from codegen.read.environment_reads import environment_reads
from codegen.read.introspect import configurations, introspect, title_of
from codegen.read.offline.answers import answered
from codegen.read.offline.triton_driver import offline
from codegen.read.opened_files import OpenedFiles
from codegen.read.reading import Lists, Reading, ReadRequest

Descriptors = Mapping[int, tuple[int, int] | None]
"""What the process has open, by device and inode."""


def serve(request: ReadRequest, channel: int) -> int:
    """Have a child read; how it ended comes back. `channel` is this process's own descriptor."""
    child = os.fork()
    if child == 0:
        _serve(request, channel)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def read(root: Path, file: str, of_all: Lists = MappingProxyType({})) -> Reading:
    """A kernel file, by this process; `of_all` as in `introspect`."""
    try:
        kernels = introspect(root, file, of_all)
        return Reading(
            file, title_of(root, file), kernels, configurations=configurations(root, file)
        )
    except CodegenErrors as several:
        errors = several.errors
    except CodegenError as error:
        errors = (error,)
    except BaseException as error:
        errors = (_failure(root, file, error),)
    return Reading(file, errors=errors, configurations=configurations(root, file))


def _serve(request: ReadRequest, channel: int) -> NoReturn:
    """Write an answer for each file until the end, or the end of this process."""
    own, root = os.getpid(), Path(request.root)
    status = 1
    try:
        _disturb()
        show_from(request.here)
        log = os.open(request.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        for descriptor in (1, 2):
            os.dup2(log, descriptor)
        Path(request.answers).touch()
        opened = OpenedFiles(root)
        for file in request.files:
            before = _descriptors(channel)
            with offline(request.capability) as device, environment_reads(root.resolve()) as reads:
                reading = read(root, file, request.of_all.get(file, {}))
            own_files = opened.read_by(root / file)
            asked = device.asked or bool(answered())
            if os.getpid() != own:
                break  # a process that the kernel file has made, and that came back here
            if _descriptors(channel) != before:
                reading = Reading(file, errors=(_closed(root, file),), is_last=True)
            with open(request.answers, "ab") as answers:
                reading = replace(reading, asked=asked, reads=tuple(reads), opened=own_files)
                answers.write(_pickled(reading, root))
            if reading.is_last:
                break
        _flush()
        status = 0
    except BaseException as error:
        print(f"what a kernel file left cannot go on: {told(error)}", file=sys.__stderr__)
        _flush()
    finally:
        os._exit(status)  # and no more of what kernel files have prepared for the end


def _disturb() -> None:
    """Have addresses differ from those of the process that compiles, which would be the same in a
    fork of it: what depends on them must be seen to differ."""
    sized = (functools.partial(bytes, size) for size in range(1, 480, 16))
    makers: tuple[Callable[[], object], ...] = (object, float, *sized)
    for make in makers:
        _KEPT.extend(make() for _ in range(random.randint(1, 64)))


_KEPT: list[object] = []


def _pickled(reading: Reading, root: Path) -> bytes:
    try:
        return pickle.dumps(reading)
    except BaseException as error:
        return pickle.dumps(Reading(reading.file, errors=(_failure(root, reading.file, error),)))


def _failure(root: Path, file: str, error: BaseException) -> CodegenError:
    """Of what no module of this package has foreseen, as values that are nested without end."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""
    return CodegenError(
        f"what the kernel file declares cannot be read: {told(error)}{place}",
        where=SourceLocation(str((root / file).resolve()), 1),
        hint="make it simpler: fewer levels of nesting, plain values",
    )


def _closed(root: Path, file: str) -> CodegenError:
    return CodegenError(
        "the kernel file closes or replaces file descriptors that it did not open",
        where=SourceLocation(str((root / file).resolve()), 1),
        hint="let the import of a kernel file leave its process as it is",
    )


def _descriptors(channel: int) -> Descriptors:
    found: dict[int, tuple[int, int] | None] = {}
    for descriptor in (0, 1, 2, channel):
        try:
            status = os.fstat(descriptor)
            found[descriptor] = status.st_dev, status.st_ino
        except OSError:
            found[descriptor] = None
    return found


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):
            stream.flush()
