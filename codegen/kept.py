"""What was compiled for a run that wrote nothing, as it failed or was ended: the next begins there.

Results are put away one by one, in the user's cache folder, and thrown away when a run has written
its output, which then has the images itself.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from codegen import files
from codegen.aot import Compiled, CompileRequest
from codegen.compilers import Compile, OnDone, Result


class Kept:
    """The results that are kept for one output folder. A system that keeps none is no error."""

    def __init__(self, output: Path) -> None:
        self._name = files.digest(os.fsencode(output.resolve()))

    @property
    def _folder(self) -> Path:
        """Raises `RuntimeError` for a user without a home."""
        home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        return Path(home, "tritonbind", self._name)

    def compiling(self, compile_: Compile, generator: str, say: Callable[[str], None]) -> Compile:
        """`compile_` for what is not kept; what it makes is.

        `generator` is a digest of this package: what another one kept is not taken. `say` is told
        how much was there.
        """

        def compile_others(requests: Sequence[CompileRequest], on_done: OnDone) -> list[Result]:
            read = {request.key: self._read(request, generator) for request in requests}
            found = {key: result for key, result in read.items() if result is not None}
            if found:
                what = "1 image is" if len(found) == 1 else f"{len(found)} images are"
                them = "it" if len(found) == 1 else "them"
                say(f"{what} as an earlier run compiled {them}, which wrote nothing")
            for request in requests:
                if request.key in found:
                    on_done(request, found[request.key])

            def keep(request: CompileRequest, result: Result) -> None:
                self._write(request, generator, result)
                on_done(request, result)

            others = [request for request in requests if request.key not in found]
            made = iter(compile_(others, keep))
            return [found[r.key] if r.key in found else next(made) for r in requests]

        return compile_others

    def clear(self) -> None:
        with contextlib.suppress(RuntimeError):
            shutil.rmtree(self._folder, ignore_errors=True)

    def _read(self, request: CompileRequest, generator: str) -> Compiled | None:
        """The result if it is there, and whole."""
        try:
            by, result = pickle.loads(Path(self._folder, request.key).read_bytes())
        except Exception:  # of what was damaged, pickle may raise anything
            return None
        return result if by == generator and isinstance(result, Compiled) else None

    def _write(self, request: CompileRequest, generator: str, result: Result) -> None:
        if not isinstance(result, Compiled):
            return
        with contextlib.suppress(OSError, RuntimeError):
            self._folder.mkdir(parents=True, exist_ok=True)
            scratch = self._folder / f"{request.key}.new"
            scratch.write_bytes(pickle.dumps((generator, result)))
            scratch.rename(self._folder / request.key)
