"""Standard output and error. Each may be closed, full, or a pipe that nobody reads.

The product is what a command was asked for, on stdout: if it cannot be printed, the command fails.
Talk is what the command says meanwhile, on stderr: if it cannot be printed, the command goes on.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import sys
from collections.abc import Iterator
from typing import TextIO


class CannotPrint(Exception):
    """The product cannot be written to stdout."""

    def __init__(self, reason: str, is_unread: bool = False) -> None:
        super().__init__(reason)
        self.is_unread = is_unread
        """Whether it is a pipe whose reader has gone, as of `| head`: no fault."""
        self.done = ""
        """What was done all the same, before a sentence about this."""


def open_closed() -> None:
    """Put the null device where a standard stream is closed, for whose number a file would get.

    Python has no stream there, and what was open, a generated file say, would be printed to.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDONLY if number < 2 else os.O_RDWR), True)
    if sys.stdout is None:
        sys.stdout = os.fdopen(1, "w", closefd=False)  # which refuses what is printed
    if sys.stderr is None:
        sys.stderr = os.fdopen(2, "w", closefd=False)


def check_product() -> None:
    """Raises `CannotPrint` where it is known beforehand that a product cannot be printed."""
    with contextlib.suppress(OSError, ValueError):  # of a stream that is no file
        number = sys.stdout.fileno()
        if fcntl.fcntl(number, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDONLY:
            raise CannotPrint("it is closed")
        look = select.poll()
        look.register(number, 0)
        if any(event & select.POLLERR for _, event in look.poll(0)):
            raise CannotPrint("nobody reads it", is_unread=True)


@contextlib.contextmanager
def product() -> Iterator[None]:
    """Around what prints it. Raises `CannotPrint`."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError as error:
        raise CannotPrint("nobody reads it", is_unread=True) from error
    except OSError as error:
        raise CannotPrint(error.strerror or str(error)) from error


def talk(text: str, end: str = "\n") -> None:
    try:
        print(text, end=end, file=sys.stderr, flush=True)
    except OSError:
        drop(sys.stderr)


def drop(stream: TextIO) -> None:
    """What is still buffered, too, at which the interpreter would fail as it ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    with contextlib.suppress(OSError):
        os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
