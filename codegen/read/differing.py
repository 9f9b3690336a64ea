"""Kernels that two imports of one file make differently: which value differs, and why it may."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from codegen.model.errors import CodegenError
from codegen.model.kernel import Kernel, MadeOf
from codegen.model.request import Compile, CompileRequest, OnDone, Result


class OtherImport(CodegenError):
    """The process that was to compile a kernel imported another one than was read."""

    def __init__(self, what: str, found: MadeOf | None) -> None:
        super().__init__(f"{what} changed while this ran", hint="run it again; nothing was written")
        self.found = found


class Differs(CodegenError):
    """A kernel is another at each import."""

    def __init__(self, what: str, message: str, **more: Any) -> None:
        super().__init__(message, **more)
        self.what = what
        """The value that differs, by its name."""


def explaining(
    compile_: Compile, kernels: Iterable[Kernel], is_unchanged: Callable[[], bool]
) -> Compile:
    """`compile_`, with an error that names the value where no file is another one than was read."""
    by_name = {kernel.name: kernel for kernel in kernels}

    def compile_and_explain(requests: Sequence[CompileRequest], on_done: OnDone) -> list[Result]:
        results = compile_(requests, on_done)
        if not any(isinstance(result, OtherImport) for result in results) or not is_unchanged():
            return results
        return [
            (
                _explained(by_name[request.kernel], request, result)
                if isinstance(result, OtherImport)
                else result
            )
            for request, result in zip(requests, results, strict=True)
        ]

    return compile_and_explain


def _explained(kernel: Kernel, request: CompileRequest, error: OtherImport) -> CodegenError:
    return difference(kernel, kernel.as_made_for(request.target), error.found or MadeOf())


def difference(kernel: Kernel, first: MadeOf, second: MadeOf) -> CodegenError:
    """The error of a kernel whose file has not changed, and is another at each import."""
    before, after = dict(first.parts), dict(second.parts)
    names = {**before, **after}
    differing = [name for name in names if before.get(name) != after.get(name)]
    what, how = "what it is made of", ""
    if differing:
        what = differing[0]
        how = f": {before.get(what, 'nothing')} in one, {after.get(what, 'nothing')} in the next"
    if len(differing) > 1:
        how += f" (and so do {', '.join(differing[1:])})"
    return Differs(
        what,
        f"`{kernel.name}`: {what} differs at each import of {kernel.file}{how}",
        where=kernel.location,
        hint="let it not depend on the time, on random numbers, addresses, or the order of a set",
    )
