"""Importing a kernel file, and finding the Triton function below a declaration."""

from __future__ import annotations

import contextlib
import importlib
import importlib.machinery
import importlib.util
import keyword
import os
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from triton.runtime.jit import JITFunction

from codegen.model.declaration import DECLARATIONS, Declaration
from codegen.model.errors import CodegenError, SourceLocation, shown, told
from codegen.model.identifiers import LONGEST_MODULE
from codegen.model.triton_version import missing
from codegen.read.knobs import unchanged
from codegen.read.offline.answers import NoGpu

# Where decorators keep what they stand around: methods, Triton, packages, functools.wraps.
_INNER = ("__func__", "fn", "jit_function", "_kernel", "kernel", "__wrapped__")
_NOT_ASKING = ("codegen", "importlib", "torch", "triton")


def load(root: Path, file: str) -> tuple[Declaration, ...]:
    """Import the kernel file `root/file` and return its declarations, in order.

    The file is imported by its dotted name below `root`, so that its own relative and absolute
    imports work. Raises `CodegenError` when the import fails, by whatever it raises.
    """
    path = (root / file).resolve()
    name = module_name(root, file)
    try:
        with _restored(), unchanged(str(path)):
            _adopt_package(root.resolve())
            importlib.import_module(name)
    except CodegenError:
        raise
    except BaseException as error:
        raise _import_error(path, name, error) from error
    declared = tuple(d for d in DECLARATIONS if Path(d.location.path).resolve() == path)
    if declared:
        _check_path(path, file)
    return declared


@contextlib.contextmanager
def _restored() -> Iterator[None]:
    """Afterwards the next file finds the process as this one did, as far as that is to be seen."""
    folder, limit = os.getcwd(), sys.getrecursionlimit()
    streams = {name: getattr(sys, name) for name in ("stdin", "stdout", "stderr")}
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield
    finally:
        for name, stream in streams.items():
            setattr(sys, name, stream)
        sys.setrecursionlimit(limit)
        os.chdir(folder)


def unwrapped(declaration: Declaration) -> tuple[JITFunction[Any], tuple[object, ...]]:
    """The `JITFunction` that a declaration stands above, and what is around it, outermost first."""
    kernel = declaration.kernel
    function, decorators = within(kernel)
    if function is not None:
        return function, decorators
    if any(type(each).__name__ == "InterpretedFunction" for each in decorators):
        raise CodegenError(
            f"`{declaration.name}`: Triton's interpreter took the kernel, which cannot be compiled",
            where=declaration.location,
            hint="unset the environment variable TRITON_INTERPRET",
        )
    raise CodegenError(
        f"`{declaration.name}`: @export must stand above a @triton.jit function, got "
        f"{type(kernel).__name__} `{getattr(kernel, '__name__', kernel)}`",
        where=declaration.location,
        hint="put @export directly above @triton.jit",
    )


def within(kernel: object) -> tuple[JITFunction[Any] | None, tuple[object, ...]]:
    """The `JITFunction` within a kernel, if any, and what is around it, the outermost first.

    Autotuners and heuristics hold it as `fn`, launchers of packages also by other names.
    """
    around: list[object] = []
    while not isinstance(kernel, JITFunction):
        if not isinstance(kernel, staticmethod):
            around.append(kernel)
        inner = (getattr(kernel, name, None) for name in _INNER)
        kernel = next((one for one in inner if one is not None), None)
        if kernel is None or any(kernel is one for one in around):
            return None, tuple(around)
    return kernel, tuple(around)


def module_name(root: Path, file: str) -> str:
    """The dotted name by which a kernel file is imported."""
    return ".".join([root.name, *Path(file).with_suffix("").parts]).removesuffix(".__init__")


def _adopt_package(root: Path) -> None:
    """Make `root` the package of its name, also where an installed package is called the same."""
    if str(root.parent) not in sys.path:
        sys.path.insert(0, str(root.parent))
    package = sys.modules.get(root.name)
    if package is not None and str(root) in getattr(package, "__path__", ()):
        return
    initial = root / "__init__.py"
    if initial.exists():
        specification = importlib.util.spec_from_file_location(
            root.name, initial, submodule_search_locations=[str(root)]
        )
    else:
        specification = importlib.machinery.ModuleSpec(root.name, None, is_package=True)
        specification.submodule_search_locations = [str(root)]
    for name in [name for name in sys.modules if name.partition(".")[0] == root.name]:
        del sys.modules[name]
    if specification is not None:
        module = importlib.util.module_from_spec(specification)
        sys.modules[root.name] = module
        if specification.loader is not None:
            specification.loader.exec_module(module)


def _check_path(path: Path, file: str) -> None:
    """The generated module is named as the kernel file, in Python and in C."""
    stem = Path(file).with_suffix("")
    for part in stem.parts:
        named = part.isidentifier() and part.isascii() and not part.startswith("_")
        if not named or keyword.iskeyword(part):
            raise CodegenError(
                f"a file that declares kernels must have a name that can be imported, got `{part}`",
                where=SourceLocation(str(path), 1),
                hint="rename it to letters, digits and `_`, beginning with a letter",
            )
    if len(stem.name) > LONGEST_MODULE:
        raise CodegenError(
            f"a file that declares kernels may have a name of {LONGEST_MODULE} characters before "
            f"the `.py`, got {len(stem.name)}",
            where=SourceLocation(str(path), 1),
            hint="rename it: its images go into a folder that is called after it",
        )


def _import_error(path: Path, name: str, error: BaseException) -> CodegenError:
    """At the line of the kernel file from which it comes, as far as Python tells."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if Path(frame.filename) == path]
    line = lines[-1] if lines else None
    text = told(error)
    hint = f"`python -c 'import {name}'` in the project's folder shows where it happens"
    if isinstance(error, NoGpu):
        text, hint = str(error), "call it where kernels are launched, which is after the import"
        text += _elsewhere(frames, path)
    elif isinstance(error, ModuleNotFoundError) and str(error.name).startswith("triton."):
        text, hint = missing(str(error.name))
        text += _elsewhere(frames, path)
    elif isinstance(error, ModuleNotFoundError) and error.name and not _is_ours(error.name, name):
        hint = f"install {error.name.partition('.')[0]} where the generator runs, or do without it"
    elif isinstance(error, SyntaxError):
        text = f"{type(error).__name__}: {error.msg}"
        if error.filename in (str(path), None):
            line = error.lineno
        else:
            text += f" ({shown(error.filename)}, line {error.lineno})"
    elif type(error) is not ImportError:  # which names the file itself
        text += _elsewhere(frames, path)
    return CodegenError(
        f"the kernel file cannot be imported: {text}",
        where=SourceLocation(str(path), line or 1),
        hint=hint,
    )


def _elsewhere(frames: traceback.StackSummary, path: Path) -> str:
    """The file and line from which an error comes, where that is not the kernel file."""
    modules = (sys.modules.get(name) for name in _NOT_ASKING)
    folders = [Path(str(module.__file__)).parent for module in modules if module is not None]
    for frame in reversed(frames):
        file = Path(frame.filename)
        if file == path:
            return ""
        if file.is_absolute() and not any(file.is_relative_to(folder) for folder in folders):
            return f" ({shown(file)}, line {frame.lineno})"
    return ""


def _is_ours(module: str, importing: str) -> bool:
    """Whether a missing module would be one of the project's, or of a package that is there."""
    package = module.partition(".")[0]
    return package == importing.partition(".")[0] or package in sys.modules
