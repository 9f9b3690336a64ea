"""What `torch.compile` says of the kernels that it writes: types, values compiled in, options."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from codegen.model.declaration import Declaration
from codegen.model.errors import CodegenError
from codegen.model.options import OPTIONS, is_neutral, refusal


def said_by_torch(
    declaration: Declaration, decorators: Sequence[object]
) -> tuple[Mapping[str, Any], Mapping[str, Any], Mapping[str, object]]:
    """Types, values and options as the launcher around the kernel has them, without what the
    declaration says otherwise. Raises `CodegenError`."""
    for decorator in decorators:
        meta = getattr(decorator, "triton_meta", None)
        if isinstance(meta, Mapping):
            values = dict(meta.get("constants") or {})
            named = {*declaration.types, *declaration.constexprs, *values}
            types = {name: type_ for name, type_ in _types(meta) if name not in named}
            given = {n: v for n, v in values.items() if n not in declaration.types}
            of_torch = getattr(decorator, "inductor_meta", None) or {}
            return dict(types), given, _options(meta, of_torch, declaration.options)
    return {}, {}, {}


def _types(meta: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The run-time parameters with their types; ints that were multiples of 16 are hinted so."""
    attributes: object = next(iter(meta.get("configs") or ()), None)
    types = []
    signature: Mapping[str, str] = meta.get("signature") or {}
    for place, (name, type_) in enumerate(signature.items()):
        if type_ == "constexpr":
            continue
        facts = attributes.get((place,), ()) if isinstance(attributes, Mapping) else ()
        is_hinted = ["tt.divisibility", 16] in facts and not type_.startswith("*")
        types.append((name, f"{type_}:16" if is_hinted else type_))
    return types


# What torch.compile says besides the options of Triton: of the signature, and for its own use.
_NO_OPTIONS = (
    *("signature", "constants", "configs", "device", "device_type", "cc", "native_matmul"),
    *("restore_value", "reset_to_zero"),  # for the runs that it measures
)


def _options(
    meta: Mapping[str, Any], of_torch: Mapping[str, Any], declared: Collection[str]
) -> dict[str, object]:
    """The options with which torch compiles the kernel. Raises `CodegenError` for one that is not
    followed, and for what is not known here."""
    options: dict[str, object] = {
        "debug": bool(
            of_torch.get("assert_indirect_indexing", True) and not of_torch.get("is_hip")
        ),
        "sanitize_overflow": False,
    }
    for name, value in meta.items():
        if name in OPTIONS:
            options[name] = value
        elif name == "disable_ftz":
            options["enable_reflect_ftz"] = not value
        elif name not in (*_NO_OPTIONS, *declared) and not is_neutral(name, value):
            what, hint = refusal(name) or ("which is not known here", "")
            raise CodegenError(
                f"torch.compile's triton_meta gives {name}={value!r}, {what}",
                hint=hint or "export the kernel that the launcher holds, which is its `fn`",
            )
    return options
