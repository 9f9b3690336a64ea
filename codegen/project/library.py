"""From the generated C sources to the shared library, by the output's own builder."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from codegen.model.errors import CodegenError, shown
from codegen.model.generated_file import digest
from codegen.model.paths import read_file


@dataclass(frozen=True)
class Library:
    """The library that the output builds to."""

    path: Path
    was_built: bool
    """False: it was there already."""


def build_library(output: Path) -> Library:
    """Build the library of the output folder unless it is there, and drop those of older sources.

    What each source was compiled to is kept, and compiled again only when something of it changed.

    Raises `CodegenError` when there is no C compiler or it fails.
    """
    module = _builder(output)
    try:
        return _build(module)
    except ImportError as error:
        raise CodegenError(
            f"{output.name}/ is written, and its library is not: {error}",
            hint="mend that and run `python -m codegen build`",
        ) from error


def build_staged(staging: Path, output: Path) -> bool:
    """The same in a folder that is to take the output's place; whether it was built there.

    Where none can be built (there is no compiler, or no place for it), the output may be written
    all the same. Raises `CodegenError` when the compiler refuses.
    """
    module = _builder(staging)
    real = output.resolve()
    try:
        # Debuggers are told where the sources will be.
        is_debugged = any(word.startswith("-g") for word in module.compiler())
        flags = [f"-fdebug-prefix-map={staging}={real}"] if is_debugged else []
        return _build(module, flags).was_built
    except module.CompilerError as error:
        raise CodegenError(
            f"what would be generated does not compile: {error}".replace(str(staging), str(real)),
            hint="nothing was written; mend the compiler, or name another in CC; where the C is at "
            "fault, this is a fault of the generator: please report it with the kernel file",
        ) from error
    except ImportError:
        return False


def _build(module: ModuleType, flags: Sequence[str] = ()) -> Library:
    root: Path = module.ROOT
    path: Path = module.path()
    module.remove_leftovers(path.parent)
    if path.is_file():
        return Library(path, False)
    objects = _objects(root, module.SOURCES, module.compiler())
    is_here = path.parent == root / "_lib"
    module.build(extra_flags=flags, objects=objects if is_here else {})
    if (root / "_lib").is_symlink():
        return Library(path, True)
    # What is elsewhere is everybody's: the user's cache, or what the folder may lead to.
    for old in {*(root / "_lib").glob("libtritonbind-*.so"), *(root / _OBJECTS).glob("*.o")}:
        if old not in (path, *objects.values()):
            old.unlink(missing_ok=True)
    return Library(path, True)


def _builder(output: Path) -> ModuleType:
    """The output's own module."""
    file = output / "_build.py"
    read_file(file)  # what is none is said, and not waited for
    specification = importlib.util.spec_from_file_location("_build", file)
    assert specification is not None and specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    try:
        specification.loader.exec_module(module)
    except Exception as error:
        raise CodegenError(
            f"{shown(file)} does not run: {type(error).__name__}: {error}",
            hint="run `python -m codegen regenerate`",
        ) from error
    return module


_OBJECTS = "_lib/objects"


def _objects(root: Path, sources: Sequence[str], command: Sequence[str]) -> dict[str, Path]:
    """Where the object of each source is kept: by the digest of all that it is compiled from."""
    headers = _digests(root, root.rglob("*.h"))
    objects = {}
    for source in sources:
        images = (root / source).with_suffix(".images").glob("*")
        own = _digests(root, [root / source, *images])
        made_of = digest(repr((command, source, headers, own)).encode())
        objects[source] = root / _OBJECTS / f"{made_of[:16]}.o"
    return objects


def _digests(root: Path, paths: Iterable[Path]) -> dict[str, str]:
    """Raises `CodegenError` for what is no file, for which a compiler would wait."""
    found = {path.relative_to(root).as_posix(): path for path in paths}
    return {name: digest(read_file(path)) for name, path in sorted(found.items())}
