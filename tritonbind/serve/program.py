"""Which kernels of this process are served: from which packages, since when, and why not."""

from __future__ import annotations

import atexit
import os
from typing import Any

from tritonbind.errors import TritonbindError
from tritonbind.import_hook import SERVE, STRICT, after_import
from tritonbind.kernel_identity import KernelIdentity, identity_of, module_of
from tritonbind.serve.driver import LateDriver
from tritonbind.serve.kernel import ServedKernel
from tritonbind.serve.launcher_source import UnfitError
from tritonbind.serve.manifest import Function
from tritonbind.serve.manifest_file import functions_of
from tritonbind.serve.misses import Misses, NotServedError
from tritonbind.serve.packages import find
from tritonbind.serve.patches import Patches
from tritonbind.talk import say


class Program:
    """The kernels of this process, and the functions that they may go to."""

    def __init__(self, packages: tuple[str, ...], strict: bool) -> None:
        self.misses = Misses(strict)
        self._functions: dict[str, list[Function]] = {}
        """By the last part of the kernel's qualified name."""
        for package in packages:
            for function in functions_of(find(package)):
                name = function.identity.qualname.rpartition(".")[2]
                self._functions.setdefault(name, []).append(function)

    def served(self, kernel: Any, runtime: Any) -> ServedKernel | None:
        """A `JITFunction` that is launched for the first time; None where no package has it.

        Raises:
            NotServedError: in strict mode, where a package has it and it cannot be served.
        """
        named = self._functions.get(kernel.fn.__name__)
        if not named:
            return None
        try:
            identity = identity_of(kernel)
            functions = _chosen(named, identity)
            if not functions:
                raise UnfitError(_changed(named, identity))
            served = None
            for function in reversed(functions):
                served = ServedKernel(kernel, function, runtime, self.misses, served)
            return served
        except _Unknown:
            return None
        except Exception as error:
            self._unserved(kernel, error)
            return None

    def _unserved(self, kernel: Any, error: Exception) -> None:
        kind = "" if isinstance(error, UnfitError) else f"{type(error).__name__}: "
        name = f"{module_of(kernel.fn)}:{kernel.fn.__qualname__}"
        text = f"{name} is not served: {kind}{error}"
        if self.misses.strict:
            raise NotServedError(text) from error
        say(f"{text}; Triton compiles it")


class _Unknown(Exception):
    """No package has a kernel of this module and name."""


def _chosen(named: list[Function], identity: KernelIdentity) -> list[Function]:
    """Those with this digest: they are the kernel, whatever its module is called here. Of these,
    those that take the grid, which a program's launches have."""
    same = [one for one in named if one.identity.digest == identity.digest]
    return [one for one in same if one.takes_grid] or same[:1]


def _changed(named: list[Function], identity: KernelIdentity) -> str:
    """Why there is none. Raises _Unknown where the packages only have others of the same name."""
    of_its_name = [one for one in named if one.identity.name == identity.name]
    if not of_its_name:
        raise _Unknown
    packages = " and ".join(dict.fromkeys(one.package.name for one in of_its_name))
    return (
        f"its source, or a value that it reads, is not what {packages} was generated from "
        f"(digest {identity.digest[:12]}, generated from {of_its_name[0].identity.digest[:12]})"
    )


_serving: list[Program] = []
"""The one whose kernels are served, if any."""
_patches: list[Patches | LateDriver] = []


def serve(*packages: str, strict: bool = False) -> Program:
    """Serve this process's kernels from generated packages; the first that has a kernel serves it.

    Args:
        packages: names by which the packages are imported, or their folders, as `./generated`.
        strict: a launch that no package has is a NotServedError, where a package has its kernel.

    Raises:
        TritonbindError: a package that cannot be served from, or serving has begun before.
    """
    program = _begin(packages, strict)
    after_import("triton.runtime.autotuner", lambda _: _change(program))
    return program


def serve_as_asked() -> None:
    """Serve as the environment asks, now that Triton is imported.

    What is wrong with that is said, or raised in strict mode.
    """
    strict = os.environ.get(STRICT, "") not in ("", "0")
    try:
        _change(_begin(tuple(os.environ[SERVE].split(os.pathsep)), strict))
    except TritonbindError as error:
        if strict:
            raise
        say(f"nothing is served: {error}")


def stop() -> None:
    """Give all kernels back to Triton's JIT."""
    while _patches:
        _patches.pop().remove()
    while _serving:
        atexit.unregister(_serving.pop().misses.tell)


def _begin(packages: tuple[str, ...], strict: bool) -> Program:
    if _serving:
        raise TritonbindError(
            "serving has begun before", "name all packages at once: serve('first', 'second')"
        )
    program = Program(packages, strict)
    _serving.append(program)
    atexit.register(program.misses.tell)
    return program


def _change(program: Program) -> None:
    """Triton's modules are imported, but for its drivers, perhaps."""
    if program in _serving:
        _patches.append(Patches(program))
        after_import("triton.backends.nvidia.driver", lambda module: _put_off(program, module))


def _put_off(program: Program, driver: Any) -> None:
    if program in _serving:
        _patches.append(LateDriver(driver))
