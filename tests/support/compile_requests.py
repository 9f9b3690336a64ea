"""Requests for the compilers, of the kernels in `tests/kernels/plain.py` and `broken.py`."""

from __future__ import annotations

import os
from pathlib import Path

from codegen.model.errors import CodegenError, shown
from codegen.model.kernel import Variant
from codegen.model.options import Options
from codegen.model.request import Compiled, CompileRequest, compile_key
from codegen.model.targets import Target
from tests.support.places import KERNELS

SM_90 = Target(90)
DEFAULTS = Options()

SIGNATURES = {
    "add": {"x": "*fp32", "y": "*fp32", "out": "*fp32", "n": "i32"},
    "matmul": {
        **dict.fromkeys("abc", "*fp16"),
        **dict.fromkeys(("rows", "columns", "depth"), "i32"),
    },
    "constants": {"out": "*fp32", "count": "i32"},
}
CONSTEXPRS: dict[str, dict[str, object]] = {
    "add": {"block": 1024},
    "matmul": {"block": 64, "step": 32},
    "constants": {
        **{"low": -float("inf"), "flag": True, "nothing": None, "word": "1"},
        **{"dtype": None, "activation": None},
    },
}


def make_request(
    function: str,
    target: Target = SM_90,
    root: Path = KERNELS,
    *,
    options: Options = DEFAULTS,
    **constexprs: object,
) -> CompileRequest:
    values = {**CONSTEXPRS[function], **constexprs}
    signature = {**SIGNATURES[function], **dict.fromkeys(values, "constexpr")}
    variant = Variant(
        "aligned",
        (),
        tuple(signature.items()),
        tuple(values.items()),
        tuple(SIGNATURES[function]),
        options,
    )
    key = compile_key("source", variant, target, "3.9.0")
    name = f"tests.plain.{function}"
    return CompileRequest(str(root), "plain.py", name, variant, target, key)


def broken(function: str, target: Target = SM_90, pointer: str = "*i32") -> CompileRequest:
    signature = [("out", pointer), ("n", "i32")]
    constexprs: list[tuple[str, object]] = [("size", 4)] if "assertion" in function else []
    constexprs += [("table", None)] if "reads_none" in function else []
    constexprs += [("one", 1)] if "of_one" in function else []
    constexprs += [("other", None)] if function == "reads_nones" else []
    signature += [(name, "constexpr") for name, _ in constexprs]
    variant = Variant("generic", (), tuple(signature), tuple(constexprs), ())
    name = f"tests.broken.{function}"
    return CompileRequest(str(KERNELS), "broken.py", name, variant, target, "key")


def message(result: Compiled | CodegenError) -> str:
    assert isinstance(result, CodegenError)
    return str(result).replace(f"{shown(KERNELS)}{os.sep}", "")
