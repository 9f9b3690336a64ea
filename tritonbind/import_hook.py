"""Changing a module right after the program has imported it. Small, since every process runs it."""

from __future__ import annotations

import sys

TYPE_CHECKING = False  # as of typing, which is not imported for it
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType
    from typing import Any


RECORD = "TRITONBIND_RECORD"
"""The variable that names the file into which a process, and those that it starts, are recorded."""
SERVE = "TRITONBIND_SERVE"
"""The variable that names the packages from which the kernels of a process are served."""
STRICT = "TRITONBIND_SERVE_STRICT"
"""The variable that makes a launch that they do not have an error."""
SERVED = "TRITONBIND_SERVED"
"""The variable that names the folder in which a process that is served leaves `STARTED`."""
STARTED = "started"
"""The file by which the first process of a program says that it has read these variables."""


def after_import(name: str, change: Callable[[Any], None]) -> None:
    """Change a module once it is imported, or at once where it is."""
    module = sys.modules.get(name)
    if module is not None and not getattr(
        getattr(module, "__spec__", None), "_initializing", False
    ):
        change(module)
        return
    _finder.changes.setdefault(name, []).append(change)
    if _finder not in sys.meta_path:
        sys.meta_path.insert(0, _finder)


class _Finder:
    """Finds the modules that are to be changed as all other finders do, and lends a hand."""

    def __init__(self) -> None:
        self.changes: dict[str, list[Callable[[Any], None]]] = {}

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name not in self.changes:
            return None
        for finder in sys.meta_path:
            find = None if finder is self else getattr(finder, "find_spec", None)
            spec: ModuleSpec | None = None if find is None else find(name, path, target)
            if spec is not None:
                self._change_after(spec)
                return spec
        return None

    def _change_after(self, spec: ModuleSpec) -> None:
        """Have the module changed when its loader has run it."""
        loader: Any = spec.loader
        run = loader.exec_module

        def exec_module(module: ModuleType) -> None:
            del loader.exec_module
            run(module)
            changes = self.changes.pop(spec.name, [])
            if not self.changes and self in sys.meta_path:
                sys.meta_path.remove(self)
            for change in changes:
                change(module)

        loader.exec_module = exec_module


_finder = _Finder()
