"""`tritonbind serve`: runs a program whose processes are served from generated packages."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tritonbind.import_hook import SERVE, SERVED, STARTED, STRICT
from tritonbind.run_program import run_program
from tritonbind.serve.manifest_file import functions_of
from tritonbind.serve.packages import find


def serve_program(command: Sequence[str], packages: Sequence[str], strict: bool) -> int:
    """The program's exit code.

    Args:
        command: the program and its arguments.
        packages: names by which the program imports the packages, or their folders.
        strict: a launch that no package has is an error in the program.

    Raises:
        TritonbindError: a folder has no such package, or the program cannot be started.
    """
    named = [os.path.abspath(one) if os.sep in one else one for one in packages]
    for one in named:
        if os.sep in one:
            functions_of(find(one))
    with tempfile.TemporaryDirectory() as folder:
        variables = {SERVE: os.pathsep.join(named), STRICT: "1" if strict else "", SERVED: folder}
        return run_program(command, variables, Path(folder, STARTED), "served")
