"""What was compiled for a run that wrote nothing, as it failed or was ended: the next begins there.

Results are put away one by one, in the user's cache folder, and thrown away when a run has written
its output, which then has the images itself.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import pickle
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from codegen.aot import Compiled, CompileRequest
from codegen.compilers import Compile, OnDone, Result
from codegen.manifest import installed_tools


class Kept:
    """The results that are kept for one output folder. A system that keeps none is no error."""

    def __init__(self, output: Path) -> None:
        home = os.environ.get("XDG_CACHE_HOME", "") or Path("~/.cache").expanduser()
        name = f"{output.resolve()}\n{installed_tools()}"
        self._folder = Path(home, "tritonbind", hashlib.sha256(os.fsencode(name)).hexdigest())

    def compiling(self, compile_: Compile, say: Callable[[str], None]) -> Compile:
        """`compile_` for what is not kept; what it makes is. `say` is told how much was there."""

        def compile_others(requests: Sequence[CompileRequest], on_done: OnDone) -> list[Result]:
            found = {request.key: result for request in requests for result in self._read(request)}
            if found:
                what = "1 image is" if len(found) == 1 else f"{len(found)} images are"
                them = "it" if len(found) == 1 else "them"
                say(f"{what} as an earlier run compiled {them}, which wrote nothing")
            for request in requests:
                if request.key in found:
                    on_done(request, found[request.key])

            def keep(request: CompileRequest, result: Result) -> None:
                self._write(request, result)
                on_done(request, result)

            others = [request for request in requests if request.key not in found]
            made = iter(compile_(others, keep))
            return [found[r.key] if r.key in found else next(made) for r in requests]

        return compile_others

    def clear(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)

    def _read(self, request: CompileRequest) -> list[Compiled]:
        """The result if there is one. What another version of this package kept may not be read."""
        with contextlib.suppress(Exception):
            kept = pickle.loads(Path(self._folder, request.key).read_bytes())
            return [kept] if isinstance(kept, Compiled) else []
        return []

    def _write(self, request: CompileRequest, result: Result) -> None:
        if not isinstance(result, Compiled):
            return
        with contextlib.suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            scratch = self._folder / f"{request.key}.new"
            scratch.write_bytes(pickle.dumps(result))
            scratch.rename(self._folder / request.key)
