"""A compiled kernel's specialisation as recordings have it, from what Triton itself decided.

Each parameter has one of these:

- `"*bf16"`, `"const *fp32"`, `"i32"`, `"fp32"`, `"i1"`, `"tensordesc<bf16[128, 64]>"`: a type, with
  `:16` behind it where Triton compiled in that 16 divides the address or the int;
- `"i32:1"`: an int that is 1, which Triton compiled in; `null`: None, likewise;
- `{"constexpr": value}`: a constexpr. The value is a number, text, null, a list for a tuple,
  `{"dtype": "bf16"}`, `{"float": "inf"}` or `{"function": "module:qualified name"}`;
- a list of these for a tuple;
- `{"repr": text}`: what has no spelling, here or as a value.
"""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Mapping
from typing import Any

from tritonbind.kernel_identity import is_jit_function, module_of
from tritonbind.recording import Json

_PLAIN_TYPE = re.compile(r"\*?k?(?:i1|u1|[iu](?:8|16|32|64)|bf16|fp(?:16|32|64|8e\w+))")
_OF_INTEGERS = re.compile(r"^(u?)int(\d+)$")
_ALWAYS = ("num_warps", "num_stages", "num_ctas")
"""Options that are noted wherever they are given."""
_OF_TARGETS = {
    *("arch", "backend_name", "warp_size", "max_num_imprecise_acc_default"),
    *("supported_fp8_dtypes", "deprecated_fp8_dot_operand_dtypes"),
    *("allowed_dot_input_precisions",),
}
"""Options that follow from the device, whatever a launch says."""
_FILES = ("extern_libs", "ir_override")
"""Options whose values are paths."""


def arguments_of(source: Any) -> dict[str, Json]:
    """Of an `ASTSource`, by parameter, in order."""
    declared = {parameter.name: parameter.is_constexpr for parameter in source.fn.params}
    return {
        name: _argument(source, (index,), kind, declared[name])
        for index, (name, kind) in enumerate(source.signature.items())
    }


def _argument(source: Any, path: tuple[int, ...], kind: Any, is_constexpr: bool = False) -> Json:
    if hasattr(kind, "_fields"):  # a list would lose the names by which the kernel reads it
        return {"repr": f"{type(kind).__name__}({', '.join(kind._fields)})"}
    if isinstance(kind, (tuple, list)):
        return [_argument(source, (*path, index), inner) for index, inner in enumerate(kind)]
    if kind == "constexpr":
        value = source.constants.get(path)
        if is_constexpr or not (value is None or type(value) is int):
            return {"constexpr": value_of(value)}
        return None if value is None else f"{_type_of(value)}:1"
    if _PLAIN_TYPE.fullmatch(kind):
        name = {"u1": "i1"}.get(kind, re.sub(r"^\*k", "const *", kind))
    elif re.fullmatch(r"tensordesc<[^,>]+\[[\d, ]+\]>", kind):
        name = kind
    else:
        return {"repr": kind}
    attributes = [tuple(attribute) for attribute in source.attrs.get(path, ())]
    if not attributes:
        return name
    if attributes == [("tt.divisibility", 16)]:
        return f"{name}:16"
    return {"repr": f"{name} {attributes}"}


def _type_of(value: int) -> str:
    return "i32" if -(2**31) <= value < 2**31 else "i64"


def value_of(value: Any) -> Json:
    """The value of a constexpr, or of a part of an autotuner's key."""
    if type(value).__module__.partition(".")[0] == "triton":
        if type(value).__name__ == "constexpr":
            return value_of(value.value)
        if type(value).__name__ == "dtype":
            return {"dtype": _OF_INTEGERS.sub(_short_integer, value.name)}
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else {"float": repr(float(value))}
    if type(value) in (tuple, list):
        return [value_of(item) for item in value]
    if is_jit_function(value):
        return {"function": f"{module_of(value.fn)}:{value.fn.__qualname__}"}
    return {"repr": re.sub(r" at 0x[0-9a-fA-F]+", "", repr(value))}


def _short_integer(match: re.Match[str]) -> str:
    return f"{match[1] or 'i'}{match[2]}"


def options_of(kernel: Any, given: Mapping[str, Any] | None) -> dict[str, Json]:
    """The options of a compiled kernel that differ from what Triton does when nothing is said.

    `given` are the keyword arguments of the launch; None where they are not known.
    """
    if given is None:
        given = kernel.metadata._asdict()
    backend = sys.modules["triton.compiler.compiler"].make_backend(kernel.metadata.target)
    unsaid = vars(backend.parse_options({"enable_fp_fusion": True}))
    found = {name: value_of(given[name]) for name in _ALWAYS if given.get(name) is not None}
    for name in sorted(unsaid.keys() - _OF_TARGETS - {*_ALWAYS}):
        value = getattr(kernel.metadata, name, unsaid[name])
        if _comparable(value) != _comparable(unsaid[name]):
            found[name] = {"repr": "a file"} if name in _FILES else value_of(value)
    return found


def _comparable(value: Any) -> Json:
    """Lists for tuples: a compiled kernel has been through JSON."""
    return [_comparable(item) for item in value] if isinstance(value, (tuple, list)) else value


def target_of(kernel: Any) -> str:
    """The target of a compiled kernel, as `sm_90`."""
    target = kernel.metadata.target
    return f"sm_{target.arch}" if target.backend == "cuda" else f"{target.backend} {target.arch}"
