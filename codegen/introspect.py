"""From a kernel file to `Kernel`s: what the functions say, joined with what declarations add."""

from __future__ import annotations

import importlib
import importlib.machinery
import importlib.util
import inspect
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from triton.runtime.jit import JITFunction

from codegen.errors import CodegenError, CodegenErrors, SourceLocation
from codegen.export import DECLARATIONS, EXPLICIT, Declaration
from codegen.geometry import grid_of, with_shapes
from codegen.model import Constexpr, Kernel, Parameter
from codegen.parameter_comments import parameter_comments
from codegen.parameters import parameter_of

GRID_ARGUMENTS = ("gx", "gy", "gz")


def load(root: Path, file: str) -> tuple[Declaration, ...]:
    """Import the kernel file `root/file` and return its declarations, in order.

    The file is imported by its dotted name below `root`, so that its own relative and absolute
    imports work. Raises `CodegenError` when the import fails.
    """
    path = (root / file).resolve()
    _adopt_package(root.resolve())
    try:
        importlib.import_module(_module_name(root, file))
    except CodegenError:
        raise
    except Exception as error:
        raise _import_error(path, error) from error
    return tuple(d for d in DECLARATIONS if Path(d.location.path).resolve() == path)


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


def jit_function(declaration: Declaration) -> JITFunction[Any]:
    """The `JITFunction` that a declaration stands above."""
    kernel = declaration.kernel
    if isinstance(kernel, JITFunction):
        return kernel
    kind = type(kernel).__name__
    inner = kernel
    while not isinstance(inner, JITFunction) and hasattr(inner, "fn"):
        inner = inner.fn
    if isinstance(inner, JITFunction):
        raise CodegenError(
            f"`{declaration.name}`: the kernel is wrapped in {kind}, whose choices are made at "
            "run time",
            where=declaration.location,
            hint="put @export directly above @triton.jit and give the constexprs their values",
        )
    raise CodegenError(
        f"`{declaration.name}`: @export must stand above a @triton.jit function, got {kind}",
        where=declaration.location,
        hint="put @export directly above @triton.jit",
    )


def introspect(root: Path, file: str) -> tuple[Kernel, ...]:
    """Every kernel that `root/file` declares. Raises `CodegenErrors` with all that is wrong."""
    kernels: list[Kernel] = []
    errors: list[CodegenError] = []
    for declaration in load(root, file):
        try:
            kernels.append(_kernel(declaration, file))
        except CodegenErrors as several:
            errors.extend(several.errors)
        except CodegenError as error:
            errors.append(error)
    if errors:
        raise CodegenErrors(errors)
    return tuple(kernels)


def title_of(root: Path, file: str) -> str:
    """The first line of a kernel file's docstring."""
    module = sys.modules[_module_name(root, file)]
    return (inspect.getdoc(module) or f"Kernels of {file}.").splitlines()[0]


def _module_name(root: Path, file: str) -> str:
    return ".".join([root.name, *Path(file).with_suffix("").parts]).removesuffix(".__init__")


def _kernel(declaration: Declaration, file: str) -> Kernel:
    function = jit_function(declaration)
    where = declaration.location
    _check_names(declaration, function)
    comments = parameter_comments(function.fn)
    parameters: list[Parameter | Constexpr] = []
    errors: list[CodegenError] = []
    for raw in function.params:
        try:
            parameters.append(parameter_of(declaration, raw, comments.get(raw.name, "")))
        except CodegenError as error:
            message = f"`{declaration.name}` parameter `{raw.name}`: {error.message}"
            errors.append(CodegenError(message, where=error.where or where, hint=error.hint))
    if errors:
        raise CodegenErrors(errors)
    shaped = with_shapes(declaration, tuple(parameters))
    return Kernel(
        name=declaration.name,
        file=file,
        qualname=function.fn.__qualname__,
        location=SourceLocation(function.fn.__code__.co_filename, function.starting_line_number),
        doc=inspect.getdoc(function.fn) or "",
        parameters=shaped,
        grid=grid_of(declaration, shaped),
        options=declaration.options,
        source_key=function.cache_key,
    )


def _check_names(declaration: Declaration, function: JITFunction[Any]) -> None:
    names = [p.name for p in function.params]
    mappings: Mapping[str, Mapping[str, object]] = {
        "types": declaration.types,
        "constexprs": declaration.constexprs,
        "shapes": declaration.shapes,
    }
    for what, mapping in mappings.items():
        for name in mapping:
            if name not in names:
                raise CodegenError(
                    f"`{declaration.name}`: {what} names `{name}`, which is no parameter",
                    where=declaration.location,
                    hint=f"the kernel's parameters are {', '.join(names)}",
                )
    for raw in function.params:
        kind = raw._param.kind
        if kind in (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.KEYWORD_ONLY):
            raise CodegenError(
                f"`{declaration.name}`: parameter `{raw.name}` is {kind.description}, which the "
                "generator does not build",
                where=declaration.location,
                hint="make it a plain parameter",
            )
    clash = set(GRID_ARGUMENTS) & set(names)
    if declaration.grid == EXPLICIT and clash:
        raise CodegenError(
            f"`{declaration.name}`: an explicit grid adds gx, gy and gz, and the kernel has a "
            f"parameter `{min(clash)}` of its own",
            where=declaration.location,
            hint="rename it in the kernel, or write the grid as a function",
        )


def _import_error(path: Path, error: Exception) -> CodegenError:
    frames = [f for f in traceback.extract_tb(error.__traceback__) if Path(f.filename) == path]
    line = frames[-1].lineno if frames else getattr(error, "lineno", None)
    return CodegenError(
        f"the kernel file cannot be imported: {type(error).__name__}: {error}",
        where=SourceLocation(str(path), line or 1),
        hint=f"make `python -c 'import {path.stem}'` work in its folder first",
    )
