"""What the process that reads kernel files is asked, and what it answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

from codegen.model.errors import CodegenError
from codegen.model.kernel import Configuration, Kernel

Lists = Mapping[str, tuple[Configuration, ...]]
"""Configurations by the name of the function."""


Ask = Callable[[object, Callable[[], str]], Any]
"""Asks a process something, and says what it is doing where that takes long; it raises `Died`."""
Borrow = Callable[[], AbstractContextManager[Ask]]
"""A process of those that there are, which others have afterwards."""


@dataclass(frozen=True)
class Reading:
    """What a kernel file says: kernels, or what is wrong with it."""

    file: str
    title: str = ""
    kernels: tuple[Kernel, ...] = ()
    errors: tuple[CodegenError, ...] = ()
    configurations: Lists = field(default_factory=dict)
    """What each autotuned kernel chooses among."""
    reads: tuple[tuple[str, str], ...] = ()
    """Files of the project, and the variables that these read and no project file lists."""
    opened: tuple[tuple[str, str], ...] = ()
    """Files of the project that its import read besides those of the kernels folder, with their
    digests; none of those that it looked for in vain."""
    asked: bool = False
    """Whether its import asked for the device, or used what did."""
    is_last: bool = False
    """Its import has left a process in which no other is to be read."""


@dataclass(frozen=True)
class ReadRequest:
    """Kernel files to read as the SM of a capability sees them."""

    root: str
    """The kernels folder."""
    files: tuple[str, ...]
    capability: int
    of_all: Mapping[str, Lists]
    """By file, as `introspect` takes them."""
    here: str
    """The folder from which messages show paths."""
    answers: str
    """The file to append readings to, a pickle each, in the order of `files`."""
    log: str
    """The file for what the kernel files print."""
