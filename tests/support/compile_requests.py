"""Requests for the compilers, of the kernels in `tests/kernels/plain.py` and `broken.py`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from codegen.model.descriptors import ParameterType, parse_parameter_type
from codegen.model.errors import CodegenError, shown
from codegen.model.image import Compiled
from codegen.model.kernel import CompiledIn, Variant
from codegen.model.options import Options
from codegen.model.request import CompileRequest, compile_key
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


def parameters(
    types: Mapping[str, str], constexprs: Mapping[str, object] | None = None
) -> tuple[tuple[str, ParameterType | CompiledIn], ...]:
    """Those of a variant: what a launch passes, by types in text, then what is compiled in."""
    passed = [(name, parse_parameter_type(type_)) for name, type_ in types.items()]
    return *passed, *((name, CompiledIn(value)) for name, value in (constexprs or {}).items())


def make_request(
    function: str,
    target: Target = SM_90,
    root: Path = KERNELS,
    *,
    options: Options = DEFAULTS,
    **constexprs: object,
) -> CompileRequest:
    types, values = SIGNATURES[function], {**CONSTEXPRS[function], **constexprs}
    variant = Variant("aligned", (), parameters(types, values), tuple(types), options)
    key = compile_key("source", variant, target, "3.9.0")
    name = f"tests.plain.{function}"
    return CompileRequest(str(root), "plain.py", name, variant, target, key)


def broken(function: str, target: Target = SM_90, pointer: str = "*i32") -> CompileRequest:
    constexprs: dict[str, object] = {"size": 4} if "assertion" in function else {}
    constexprs |= {"table": None} if "reads_none" in function else {}
    constexprs |= {"one": 1} if "of_one" in function else {}
    constexprs |= {"other": None} if function == "reads_nones" else {}
    variant = Variant("generic", (), parameters({"out": pointer, "n": "i32"}, constexprs))
    name = f"tests.broken.{function}"
    return CompileRequest(str(KERNELS), "broken.py", name, variant, target, "key")


def message(result: Compiled | CodegenError) -> str:
    assert isinstance(result, CodegenError)
    return str(result).replace(f"{shown(KERNELS)}{os.sep}", "")
