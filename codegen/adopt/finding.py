"""Where a recorded kernel is in the packages of this machine, and how a kernel file names it."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import itertools
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from triton.runtime.jit import KernelInterface

from codegen.model.errors import CodegenError, told
from codegen.model.project_files import place_in
from codegen.project.settings import Config
from codegen.read.loading import within
from codegen.read.needed_parts import kernel_of, makers
from codegen.read.object_names import held, object_at
from tritonbind.kernel_identity import digest_of


@dataclass(frozen=True)
class Found:
    """A kernel of this machine that is the recorded one."""

    module: str
    """What a kernel file imports; of a script, its place below the project."""
    name: str
    """The kernel's dotted name there."""
    is_importable: bool
    """Whether `import module` works; else only what the kernel needs of the module's file runs."""

    @property
    def place(self) -> str:
        return f"{self.module}:{self.name}"

    def kernel(self, project: Path) -> Any:
        """With what stands around it, as the kernel file gets it."""
        if not self.is_importable:
            return kernel_of(self.place, project)
        return object_at(importlib.import_module(self.module), self.name)


def find(place: str, digest: str, config: Config) -> Found:
    """The kernel recorded as `module:qualname` with this digest.

    A kernel that is not at its own name (a factory's product, one that is called otherwise) is
    looked for among all that its module holds. Raises `CodegenError` with the reason why there is
    none.
    """
    module, _, qualname = place.partition(":")
    if module == "__main__":
        raise CodegenError(
            "the program is no file that could be imported by its name",
            hint="put the kernel into a module, or call the program's file by letters, digits and "
            "`_`, and record it again",
        )
    project = config.project
    module = _script(module, config) or module
    is_importable, reason = _imports(module)
    owner = importlib.import_module(module) if is_importable else None
    others = False
    for name, kernel in _kernels(owner, module, qualname, project):
        function, _ = within(kernel)
        if function is None:
            continue
        if digest_of(function) == digest:
            return Found(module, name, is_importable)
        others |= name == qualname or function.fn.__qualname__ == qualname
    if others:
        raise CodegenError(
            f"{module} has another `{qualname}` than the program ran",
            hint="install the version that the program has, or record it again with this one",
        )
    if "<locals>" in qualname:
        maker = qualname.partition(".<locals>")[0]
        raise CodegenError(
            f"`{maker}` of {module} makes it while the program runs, and the module keeps none of "
            f"its digest, {digest[:12]}",
            hint=f"write a kernel file that calls `{maker}` as the program does, and export that",
        )
    raise CodegenError(
        f"{module} has no `{qualname}`{reason and f' ({reason})'}",
        hint="install the version that the program has",
    )


def _script(module: str, config: Config) -> str:
    """The place of a script of the project that the recording calls as its import would be: who
    imports it runs the program. Nothing where there is none. Raises `CodegenError` for several."""
    if "." in module or _is_elsewhere(module, config.project):
        return ""
    found = sorted(_files(config, f"{module}.py"))
    if len(found) > 1 and f"{module}.py" not in found:
        raise CodegenError(
            f"the project has several scripts of the name: {', '.join(found)}",
            hint="put the one that was recorded at the top of the project, or rename the others",
        )
    return f"{module}.py" if f"{module}.py" in found else "".join(found)


def _is_elsewhere(module: str, project: Path) -> bool:
    """Whether it is a package, which is no script, or a file that is not the project's own."""
    try:
        found = importlib.util.find_spec(module)
    except (ImportError, ValueError):
        return False
    if found is None or found.origin is None:
        return False
    is_package = found.submodule_search_locations is not None
    return is_package or place_in(project, found.origin) is None


def _files(config: Config, name: str) -> Iterator[str]:
    """The places of the project's own files of this name, outside hidden folders and those that the
    generator reads and writes."""
    ours = (config.kernels_folder, config.output_folder)
    for folder, folders, names in os.walk(config.project):
        place = place_in(config.project, os.path.join(folder, name))
        is_own = place is not None and Path(folder) not in ours
        folders[:] = [one for one in folders if not one.startswith(".") and is_own]
        if name in names and is_own and place is not None:
            yield place


def _imports(module: str) -> tuple[bool, str]:
    """Whether a module can be imported whole, and why not."""
    if module.endswith(".py"):
        return False, ""
    try:
        importlib.import_module(module)
    except (Exception, SystemExit) as error:
        return False, told(error)
    return True, ""


def _kernels(owner: Any, module: str, qualname: str, project: Path) -> Iterator[tuple[str, Any]]:
    """What may be the kernel, with its name in the module: first its own, if a module could hold
    it, and then all kernels that the module, a class of it or a container in it holds. Of a module
    that is not imported whole, those that are made by what makes it."""
    is_local = "<locals>" in qualname
    if owner is None:
        if not is_local:
            yield qualname, kernel_of(f"{module}:{qualname}", project)
        elif module.endswith(".py"):
            yield from _made(module, qualname.partition(".")[0], project)
        return
    if not is_local:
        with contextlib.suppress(AttributeError):
            yield qualname, object_at(owner, qualname)
    for name, value in sorted(vars(owner).items()):
        if isinstance(value, type) and value.__module__ == owner.__name__:
            of_class = (held(f"{name}.{inner}", one) for inner, one in sorted(vars(value).items()))
            found: Iterator[tuple[str, Any]] = itertools.chain.from_iterable(of_class)
        else:
            found = held(name, value)
        yield from ((place, one) for place, one in found if _is_kernel(one))


def _made(module: str, maker: str, project: Path) -> Iterator[tuple[str, Any]]:
    """The kernels that a script's own statements keep of what a function of it makes."""
    for name in makers(project / module, maker):
        with contextlib.suppress(CodegenError):  # of a statement that cannot run here
            found = held(name, kernel_of(f"{module}:{name}", project))
            yield from ((place, one) for place, one in found if _is_kernel(one))


def _is_kernel(value: object) -> bool:
    """Whether it is Triton's, or a kernel of a class: others are not asked for what they hold."""
    inner = value.__func__ if isinstance(value, staticmethod) else value
    return isinstance(inner, KernelInterface)
