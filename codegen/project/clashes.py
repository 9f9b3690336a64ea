"""Names of functions and files that would be in the output twice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from codegen.model.errors import CodegenError
from codegen.model.identifiers import RUNTIME, c_module
from codegen.model.resources import TEMPLATES
from codegen.project.manifest import file_of
from codegen.project.selection import Selection

if TYPE_CHECKING:  # which a run without changes does without
    from codegen.model.kernel import Kernel


def clashes(kernels: Sequence[Kernel], selection: Selection) -> Iterator[CodegenError]:
    """An error for each kernel and name that another has: one of `kernels`, one that the selection
    keeps, or the generated code itself."""
    kept = [
        (name, entry["kernel"], file_of(entry)) for name, entry in selection.kept_functions.items()
    ]
    functions = {
        name.rpartition(".")[2]: f"`{name}` in {selection.config.kernels}/{place}"
        for name, place, _ in kept
    }
    modules = {c_module(file): file for _, _, file in kept}
    ours = (*RUNTIME, f"{selection.config.prefix}_tb")
    headers = {path.stem for path in (TEMPLATES / "runtime").rglob("*.h")}
    members = {(kernel.file, kernel.symbol) for kernel in kernels}
    for kernel in kernels:
        here = f"`{kernel.name}` at {kernel.location}"
        first = functions.setdefault(kernel.symbol, here)
        runtime = TEMPLATES / kernel.file
        module = c_module(kernel.file)
        file = modules.setdefault(module, kernel.file)
        modules[module] = kernel.file
        public = kernel.symbol.removeprefix("_")
        which = kernel.name if kernel.symbol in ours else kernel.file
        for is_so, sentence, hint in (
            (
                first is not here,
                f"`{kernel.name}` ends as {first} does, and the last part of a name is that of the "
                "C function",
                "give one of them another last part",
            ),
            (
                public != kernel.symbol and (kernel.file, public) in members,
                f"`{kernel.name}` ends as the module's own name for `{public}` does",
                "give it a name without the `_`",
            ),
            (
                kernel.symbol in ours or module in ours or module in headers,
                f"what is generated of `{which}` would have names of the runtime",
                "give it another name",
            ),
            (
                any(runtime.with_suffix(suffix).exists() for suffix in (".c", ".h")),
                f"what is generated of {kernel.file} would have the name of a file of the runtime",
                "rename the kernel file",
            ),
            (
                file != kernel.file,
                f"the files {file} and {kernel.file} would have the same name in C, {module}",
                "rename one of them",
            ),
        ):
            if is_so:
                yield CodegenError(sentence, where=kernel.location, hint=hint)
