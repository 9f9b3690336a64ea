"""Which files of the project the import of kernel files reads: its modules, and whatever else."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import CodeType
from typing import Any

from codegen.model.errors import CodegenError
from codegen.model.generated_file import digest
from codegen.model.paths import read_file
from codegen.model.project_files import place_in
from codegen.read.import_statements import imported_modules

_EVERYWHERE = frozenset((*sys.stdlib_module_names, "triton", "codegen"))
"""What is imported from nowhere in a project."""


class OpenedFiles:
    """What Python tells of files from now until this process ends.

    A module that an earlier kernel file imported is not read again for the next: what that imports
    is found by its statements, and what such a module opened as it ran, by who was running then.
    """

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()
        self._project = self._root.parent
        self._path = list(sys.path)
        self._now: dict[str, None] = {}
        self._by_module: dict[str, dict[str, None]] = {}
        self._digests: dict[str, str] = {}
        self._is_own = False
        sys.addaudithook(self._hear)

    def read_by(self, path: Path) -> tuple[tuple[str, str], ...]:
        """What a kernel file has read since this was last asked, or has from who came before it,
        with the digest of each; without one, it was looked for in vain. The next finds the path
        for modules as this one did."""
        self._is_own = True
        added = [entry for entry in sys.path if entry not in self._path]
        sys.path[:] = self._path
        found, self._now = self._now, {}
        if any(not self._is_kernel_file(place) for place in self._digests) or added:
            self._reach(path, found, added)
        self._is_own = False
        places = sorted(place for place in found if not self._is_kernel_file(place))
        return tuple((place, self._digests.get(place, "")) for place in places)

    def _is_kernel_file(self, place: str) -> bool:
        below, suffix = place.startswith(f"{self._root.name}/"), os.path.splitext(place)[1]
        return below and (suffix == ".json" or (suffix == ".py" and "/." not in place))

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self._is_own:
            return
        if event == "open":
            path, mode, flags = arguments
            writes = {*"wax+"} & {*(mode or "")} or (flags or 0) & (os.O_WRONLY | os.O_RDWR)
            if not writes and isinstance(path, (str, bytes, os.PathLike)):
                self._note(os.fsdecode(path))
        elif event == "exec" and isinstance(arguments[0], CodeType):
            if os.path.isabs(arguments[0].co_filename):
                self._note(arguments[0].co_filename)
        elif event == "import" and isinstance(arguments[1], str):  # a library's
            self._note(arguments[1])

    def _note(self, path: str) -> None:
        if path in sys.path and not os.path.exists(path):
            return  # a finder's own name, which whoever lists packages tries to open as an archive
        self._is_own = True
        with contextlib.suppress(OSError, ValueError):  # which whoever opens it hears as well
            place = self._place(path)
            if place is not None:
                self._now[place] = None
                if place not in self._digests:
                    self._digests[place] = self._digest(place)
                by = {self._place(running) for running in _running()}
                for one in by - {None}:
                    self._by_module.setdefault(str(one), {})[place] = None
        self._is_own = False

    def _place(self, path: str) -> str | None:
        if path.endswith(".pyc") and os.path.basename(os.path.dirname(path)) == "__pycache__":
            with contextlib.suppress(ValueError):
                path = importlib.util.source_from_cache(path)
        return None if os.path.isdir(path) else place_in(self._project, path)

    def _digest(self, place: str) -> str:
        with contextlib.suppress(CodegenError, OSError):
            return digest(read_file(self._project / place))
        return ""

    def _reach(self, path: Path, found: dict[str, None], added: Iterable[str]) -> None:
        """Add what modules that were there already have read, and where modules may come to be."""
        modules = {name: module for name, module in [*sys.modules.items()] if module is not None}
        files = {name: getattr(module, "__file__", None) for name, module in modules.items()}
        places = {n: self._place(f) for n, f in files.items() if isinstance(f, str)}
        named = {name: place for name, place in places.items() if place is not None}
        packages = {place: modules[name].__package__ or "" for name, place in named.items()}
        first = self._place(str(path))
        waiting, seen = [*([first] if first else []), *found], set[str]()
        while waiting:
            place = waiting.pop()
            if place in seen:
                continue
            seen.add(place)
            found[place] = None
            waiting += self._by_module.get(place, ())
            for name in self._imports(place, packages.get(place, "")):
                if name in named:
                    waiting.append(named[name])
                    continue
                parent, _, last = name.rpartition(".")
                if parent in named and last not in vars(modules[parent]):
                    folders: Iterable[str] = getattr(modules[parent], "__path__", ())
                else:
                    folders = () if parent or name in _EVERYWHERE else added
                for candidate in (f"{folder}/{last}" for folder in folders):
                    for end in (".py", "/__init__.py"):
                        if (there := self._place(candidate + end)) is not None:
                            found[there] = None

    def _imports(self, place: str, package: str) -> Iterator[str]:
        """The modules that a file's statements name, and the packages that these are in."""
        if not place.endswith(".py"):
            return
        with contextlib.suppress(CodegenError, OSError):
            source = read_file(self._project / place)
            parts = tuple(package.split(".")) if package else ()
            for module in dict.fromkeys(imported_modules(source, parts)):
                names = module.split(".")
                yield from (".".join(names[:end]) for end in range(1, len(names) + 1))


def _running() -> Iterator[str]:
    """The files of the modules that are being imported."""
    frame = sys._getframe(2)
    while frame is not None:
        if frame.f_code.co_name == "<module>":
            yield frame.f_code.co_filename
        frame = frame.f_back  # type: ignore[assignment]
