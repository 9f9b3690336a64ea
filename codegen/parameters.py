"""One parameter of a kernel: what Triton's signature says of it, joined with the declaration."""

from __future__ import annotations

from typing import Any

from codegen.dtypes import ValueType, parse_type
from codegen.errors import CodegenError
from codegen.export import Declaration
from codegen.model import Constexpr, Default, Parameter


def parameter_of(declaration: Declaration, raw: Any, comment: str) -> Parameter | Constexpr:
    """The parameter that Triton's `KernelParam` `raw` describes. Raises `CodegenError`."""
    default = Default(raw.default) if raw.has_default else None
    declared = declaration.types.get(raw.name)
    if raw.is_constexpr:
        if declared is not None:
            raise CodegenError(
                f"it is a constexpr, and types gives it `{declared}`",
                hint=f'give its value instead: constexprs={{"{raw.name}": ...}}',
            )
        return _constexpr(declaration, raw.name, default, comment)
    if raw.name in declaration.constexprs:
        raise CodegenError(
            "constexprs gives it a value, but the kernel takes it at run time",
            hint=f"annotate it in the kernel: {raw.name}: tl.constexpr",
        )
    texts = _alternatives(declared, raw.annotation_type)
    nullable = "None" in texts or (default is not None and default.value is None)
    hinted = {text for text in texts if text.endswith(":16")}
    types = tuple(
        parse_type(text.removesuffix(":16")) for text in texts if text not in ("None", "")
    )
    if not types:
        raise CodegenError("None alone is no type", hint='write `"*fp32 | None"`')
    _check_types(raw, types, nullable, bool(hinted))
    specialised = types[0].is_pointer and not raw.do_not_specialize_on_alignment
    divisible = (bool(hinted) or specialised) and not raw.do_not_specialize
    return Parameter(raw.name, types, nullable, divisible, None, default, comment)


def _alternatives(declared: str | None, annotation: str) -> list[str]:
    if declared is None:
        if not annotation:
            raise CodegenError(
                "its type is missing",
                hint='add it to types, for instance "*fp32" or "i32", or annotate it in the kernel',
            )
        return [annotation]
    if not isinstance(declared, str):
        raise CodegenError(f"its type must be a string, got {declared!r}", hint='"*fp32" or "i32"')
    texts = [text.strip() for text in declared.split("|")]
    bases = [text.removesuffix(":16") for text in texts if text != "None"]
    if annotation and any(parse_type(base) != parse_type(annotation) for base in bases):
        raise CodegenError(
            f"types gives it `{declared}`, and the kernel annotates it as {annotation}",
            hint="leave it out of types",
        )
    return texts


def _check_types(raw: Any, types: tuple[ValueType, ...], nullable: bool, hinted: bool) -> None:
    if len({type_.is_pointer for type_ in types}) > 1 or len(set(types)) < len(types):
        raise CodegenError("its types must be different, and all pointers or all scalars")
    if not types[0].is_pointer:
        if len(types) > 1:
            raise CodegenError(
                "a scalar cannot have a choice of types",
                hint="declare one type that holds every value",
            )
        if nullable:
            raise CodegenError(
                "a scalar cannot be None in a generated function",
                hint="export the kernel with it and without it, under two names",
            )
        if hinted and not types[0].dtype.is_integer:
            raise CodegenError(f"`{types[0]}:16` says nothing: only ints are divisible by 16")


def _constexpr(
    declaration: Declaration, name: str, default: Default | None, comment: str
) -> Constexpr:
    if name not in declaration.constexprs:
        if default is None:
            raise CodegenError(
                "it is a constexpr without a value",
                hint=f'give one: constexprs={{"{name}": ...}}',
            )
        return Constexpr(name, (default.value,), default, comment)
    value = declaration.constexprs[name]
    choices = tuple(value) if isinstance(value, list) else (value,)
    if not choices or len({(type(choice), choice) for choice in choices}) < len(choices):
        raise CodegenError(f"its choices must be different values, got {value!r}")
    if len(choices) > 1 and not all(type(choice) in (int, bool, str) for choice in choices):
        raise CodegenError(f"a call can choose among ints, bools and strings, got {value!r}")
    if len(choices) > 1 and len({type(choice) for choice in choices}) > 1:
        raise CodegenError(f"its choices must be of one kind, got {value!r}")
    if default is not None and default.value not in choices:
        default = None
    return Constexpr(name, choices, default, comment)
