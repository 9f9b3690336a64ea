"""Kernel files that give an option somewhere: by export, by what is around the kernel, by torch."""

from __future__ import annotations

HEAD = '@export("tests.k", types={"x": "*fp32"}, grid=lambda: (1,)%s)\n'
PLAIN = HEAD + "%s@triton.jit%s\ndef k(x%s):\n    pass\n"


def source(
    export: str = "",
    around: str = "",
    jit: str = "",
    parameters: str = ", BLOCK: tl.constexpr = 64",
) -> str:
    """A file of one kernel, by what varies in it."""
    return PLAIN % (f", {export}" if export else "", around, jit, parameters)


def configured(text: str, more: str = "") -> str:
    """An autotuner of one configuration with these kwargs."""
    return f"@triton.autotune([triton.Config({{{text}}}{more})], key=[])\n"


def heuristic(name: str, value: object) -> str:
    return f'@triton.heuristics({{"{name}": lambda args: {value!r}}})\n'


LAUNCHER = """
class Launcher:
    def __init__(self, fn, triton_meta, inductor_meta):
        self.fn, self.triton_meta, self.inductor_meta = fn, triton_meta, inductor_meta
        self.configs = [triton.Config({"BLOCK": 64})]

def compiled_by_torch(inductor_meta=None, **triton_meta):
    signature = {"signature": {"x": "*fp32", "BLOCK": "constexpr"}}
    return lambda fn: Launcher(fn, {**signature, **triton_meta}, inductor_meta)

"""


def of_torch(text: str) -> str:
    return LAUNCHER + source(around=f"@compiled_by_torch({text})\n")
