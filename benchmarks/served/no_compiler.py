"""Nothing compiles from now on: Triton's compiler, ptxas and the C compiler raise, and are counted.

What a served program does without them is then proven, also where the program would go on after an
exception. Packages that ask Triton's driver for the GPU themselves, as flash-linear-attention does
when it is imported, have Triton build a helper in C: it must be in Triton's cache, or is counted.
"""

from __future__ import annotations

import importlib
from collections import Counter
from typing import Any, NoReturn

_FUNCTIONS = {
    "Triton's compiler": (
        ("triton", "compile"),
        ("triton.compiler", "compile"),
        ("triton.compiler.compiler", "compile"),
    ),
    "ptxas": (("triton.backends.nvidia.compiler", "get_ptxas"),),
    "the C compiler": (("triton.runtime.build", "_build"),),
}
"""Where Triton 3.4 to 3.9 has them: module and name."""


class CompiledError(RuntimeError):
    """Something was compiled, where nothing is to be."""


def refuse_to_compile() -> Counter[str]:
    """How often each was asked, counted from now on. To be called before a kernel is launched."""
    asked: Counter[str] = Counter()
    for compiler, places in _FUNCTIONS.items():
        for module, name in places:
            owner = importlib.import_module(module)
            getattr(owner, name)  # so that a Triton that has it elsewhere is not taken for refused
            setattr(owner, name, _refusal(compiler, asked))
    return asked


def _refusal(compiler: str, asked: Counter[str]) -> Any:
    def refuse(*given: Any, **named: Any) -> NoReturn:
        asked[compiler] += 1
        raise CompiledError(f"{compiler} was asked for {_what(given)}, where nothing is compiled")

    return refuse


def _what(given: tuple[Any, ...]) -> str:
    if not given:
        return "something"
    kernel = getattr(given[0], "fn", given[0])
    return str(getattr(kernel, "__name__", kernel))
