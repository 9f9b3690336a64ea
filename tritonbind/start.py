"""What every Python process does first in which TRITONBIND_RECORD or TRITONBIND_SERVE is set.

`tritonbind.pth`, beside the installed packages, imports this. It does little until the program
imports Triton.
"""

from __future__ import annotations

import contextlib
import os

from tritonbind.import_hook import RECORD, STARTED, after_import


def start() -> None:
    """As the environment asks."""
    file = os.environ.get(RECORD)
    if file:
        _record(os.path.abspath(file))


def _record(file: str) -> None:
    os.environ[RECORD] = file  # whatever the folder is in which a process is started
    with contextlib.suppress(OSError):  # the first part says so
        os.makedirs(f"{file}.parts", exist_ok=True)
        os.close(os.open(f"{file}.parts/{STARTED}", os.O_WRONLY | os.O_CREAT))
    after_import("triton.compiler.compiler", lambda module: _compiler_is_imported(file, module))
    after_import("triton.runtime.autotuner", _autotuner_is_imported)


def _compiler_is_imported(file: str, module: object) -> None:
    from pathlib import Path

    from tritonbind import session, triton_hooks

    triton_hooks.change_compiler(module)
    session.of_this_process().open(Path(file))


def _autotuner_is_imported(module: object) -> None:
    from tritonbind import triton_hooks

    triton_hooks.change_autotuner(module)


start()
