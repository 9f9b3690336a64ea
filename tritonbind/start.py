"""What every Python process does first in which TRITONBIND_RECORD or TRITONBIND_SERVE is set.

`tritonbind.pth`, beside the installed packages, imports this. It does little until the program
imports Triton.
"""

from __future__ import annotations

import contextlib
import os

from tritonbind.import_hook import RECORD, SERVE, SERVED, STARTED, after_import

TYPE_CHECKING = False  # as of typing, which is not imported for it
if TYPE_CHECKING:
    from collections.abc import Callable


def start() -> None:
    """As the environment asks."""
    file = os.environ.get(RECORD)
    if file:
        _record(os.path.abspath(file))
    packages = os.environ.get(SERVE)
    if packages:
        os.environ[SERVE] = os.pathsep.join(map(_place, packages.split(os.pathsep)))
        if SERVED in os.environ:
            _mark(os.environ[SERVED])
        after_import("triton.runtime.autotuner", _serve)


def _record(file: str) -> None:
    os.environ[RECORD] = file  # whatever the folder is in which a process is started
    with contextlib.suppress(OSError):  # the first part says so
        os.makedirs(f"{file}.parts", exist_ok=True)
    _mark(f"{file}.parts")
    after_import("triton.compiler.compiler", _tried(lambda module: _watch_compiler(file, module)))
    after_import("triton.runtime.autotuner", _tried(_watch_autotuner))


def _place(package: str) -> str:
    """A package's name, or its folder, whatever the folder is in which Triton is imported."""
    return os.path.abspath(package) if os.sep in package else package


def _mark(folder: str) -> None:
    """Say that a process has begun, where somebody waits for it."""
    with contextlib.suppress(OSError):
        os.close(os.open(os.path.join(folder, STARTED), os.O_WRONLY | os.O_CREAT))


def _tried(change: Callable[[object], None]) -> Callable[[object], None]:
    """A change of an imported module; what goes wrong is said, and is not the program's."""

    def tried(module: object) -> None:
        try:
            change(module)
        except Exception as error:
            from tritonbind.talk import say

            say(f"this process is not recorded: {type(error).__name__}: {error}")

    return tried


def _watch_compiler(file: str, module: object) -> None:
    from pathlib import Path

    from tritonbind import session, triton_hooks

    triton_hooks.change_compiler(module)
    session.of_this_process().open(Path(file))


def _watch_autotuner(module: object) -> None:
    from tritonbind import triton_hooks

    triton_hooks.change_autotuner(module)


def _serve(_: object) -> None:
    from tritonbind.serve.program import serve_as_asked

    serve_as_asked()


start()
