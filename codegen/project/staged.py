"""Whether the new Python modules can be imported, before they replace the old."""

from __future__ import annotations

import contextlib
import importlib
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path, PurePosixPath
from types import ModuleType
from typing import Any

from codegen.model.errors import CodegenError, told

_PACKAGE = "_codegen_staged"


def check_modules(folder: Path, paths: Iterable[str]) -> None:
    """Import the Python files among `paths` from a folder that is to be the output.

    Their library need not be there: what they take from it is put in its place. Raises
    `CodegenError` for one that cannot be imported.
    """
    files = [path for path in paths if path.endswith(".py")]
    if not files:
        return
    with _package(folder):
        for path in sorted(files, key=lambda path: path != "_library.py"):
            parts = PurePosixPath(path).with_suffix("").parts
            try:
                importlib.import_module(".".join([_PACKAGE, *parts]).removesuffix(".__init__"))
            except BaseException as error:
                raise CodegenError(
                    f"what would be generated cannot be imported: {path}: {told(error)}",
                    hint="nothing was written; this is a fault of the generator: please report it "
                    "with the kernel file",
                ) from error


@contextlib.contextmanager
def _package(folder: Path) -> Iterator[None]:
    no_bytecode = sys.dont_write_bytecode
    sys.dont_write_bytecode = True
    package = ModuleType(_PACKAGE)
    package.__path__ = [str(folder)]
    sys.modules[_PACKAGE] = package
    importlib.invalidate_caches()
    try:
        library: Any = importlib.import_module(f"{_PACKAGE}._library")
        library.function = _stand_in
        library.launcher = lambda name, *more: lambda function: function
        yield
    finally:
        sys.dont_write_bytecode = no_bytecode
        for name in [name for name in sys.modules if name.partition(".")[0] == _PACKAGE]:
            del sys.modules[name]


def _stand_in(name: str) -> Callable[..., None]:
    return lambda *given: None
