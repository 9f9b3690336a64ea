"""The parameters of a kernel: what Triton's signature says of them, joined with the declaration."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

from triton.language import constexpr
from triton.runtime.jit import JITFunction

from codegen.model.constexpr_values import without_constexpr
from codegen.model.descriptors import (
    DEFAULT_LAYOUT,
    DescriptorType,
    ParameterType,
    parse_parameter_type,
)
from codegen.model.dtypes import ValueType
from codegen.model.errors import CodegenError, CodegenErrors, about, collected
from codegen.model.none_together import WITH, check_partners, partner_of
from codegen.model.parameters import Constexpr, Default, Parameter
from codegen.model.visible import visible
from codegen.read.constexprs import constexpr_of
from codegen.read.parameter_comments import parameter_comments
from codegen.read.tuples import Spread
from codegen.variants.cases import check_hint, is_unspecialised


def parameters_of(
    spread: Spread, function: JITFunction[Any], computed: Collection[str]
) -> tuple[Parameter | Constexpr, ...]:
    """All of a kernel's, in order. Raises `CodegenErrors` with what is wrong with each.

    `computed` names those to which the kernel's configurations or heuristics give values.
    """
    comments = parameter_comments(function.fn)
    parameters: list[Parameter | Constexpr] = []
    errors: list[CodegenError] = []
    for raw in spread.params:
        comment = visible(comments.get(spread.owners.get(raw.name, raw.name), ""))
        with collected(errors), about(f"parameter `{raw.name}`"):
            parameters.append(parameter_of(spread, raw, comment, computed, function.is_gluon()))
    if errors:
        raise CodegenErrors(errors)
    check_partners(parameters)
    return tuple(parameters)


def parameter_of(
    spread: Spread,
    raw: Any,
    comment: str,
    computed: Collection[str] = (),
    is_gluon: bool = False,
) -> Parameter | Constexpr:
    """The parameter that Triton's `KernelParam` `raw` describes. Raises `CodegenError`."""
    default = Default(without_constexpr(raw.default)) if raw.has_default else None
    is_declared = raw.name in spread.types
    declared = spread.types.get(raw.name)
    if raw.is_constexpr and is_declared:
        raise CodegenError(
            f"it is a constexpr, and types gives it `{declared}`",
            hint=f'give its value instead: constexprs={{"{raw.name}": ...}}',
        )
    if raw.name in spread.constexprs and is_declared:
        raise CodegenError(
            f"constexprs gives it a value, and types gives it `{declared}`",
            hint="leave it out of one of them",
        )
    if raw.name in computed:
        return Constexpr(raw.name, (), default, comment, is_computed=True)
    if raw.is_constexpr or raw.name in spread.constexprs:
        return constexpr_of(spread, raw, default, comment)
    is_none = default is not None and default.value is None
    if declared is None and (is_declared or (is_none and not raw.annotation_type)):
        return Constexpr(raw.name, (None,), None, comment)  # as Triton's JIT compiles such a call
    texts = _alternatives(raw.name, declared, raw.annotation_type)
    partner = partner_of(texts)
    nullable = "None" in texts or bool(partner) or (is_none and declared is None)
    default = None if is_none and not nullable else default
    texts = [text for text in texts if text != "None" and not text.startswith(WITH)]
    hint = _hint(texts)
    types = tuple(_type(_bare(text), raw.is_const, is_gluon) for text in texts)
    if not types:
        raise CodegenError(
            "None alone is no type",
            hint='write it as in "*fp32 | None", or without quotes for what is None in every call',
        )
    if any(isinstance(type_, DescriptorType) for type_ in types):
        _check_descriptors(types, nullable)
    else:
        _check_types(types)
    if hint is not None:
        check_hint(raw, types[0], hint)
    elif types[0].is_pointer and not is_unspecialised(raw, 16):
        hint = 16
    if default is not None and default.value is not None:
        _check_default(types[-1], default.value)
    takes_null = nullable and types[0].is_pointer and bool(raw.annotation_type)
    return Parameter(
        raw.name,
        types,
        nullable,
        takes_null,
        hint=hint,
        default=default,
        comment=comment,
        partner=partner,
    )


def _type(text: str, is_const: bool, is_gluon: bool) -> ParameterType:
    """As declared and annotated; a Gluon kernel's descriptors have layouts, and no other's have."""
    type_ = parse_parameter_type(text)
    if isinstance(type_, ValueType):
        return replace(type_, is_const=True) if is_const and type_.is_pointer else type_
    if is_gluon:
        return replace(type_, layout=type_.layout or DEFAULT_LAYOUT)
    if type_.layout:
        raise CodegenError(
            f"its type is `{type_}`, and only a Gluon kernel's descriptors have layouts",
            hint="leave the layout out",
        )
    return type_


def _hint(texts: list[str]) -> int | None:
    """What follows the colon, in one of the alternatives or in several alike."""
    hints = {text.partition(":")[2] for text in texts} - {""}
    if not hints:
        return None
    if len(hints) > 1 or not hints <= {"1", "16"}:
        got = ", ".join(f"`:{hint}`" for hint in sorted(hints))
        raise CodegenError(
            f"a type may end in `:16` or in `:1`, got {got}",
            hint="give the others in cases, which lists the hinted variants",
        )
    return int(hints.pop())


def _bare(text: str) -> str:
    return text.partition(":")[0].strip()


def _alternatives(name: str, declared: str | None, annotation: str) -> list[str]:
    if declared is None:
        if not annotation:
            raise CodegenError(
                "its type is missing",
                hint='add it to types, for instance "*fp32" or "i32", or annotate it in the kernel',
            )
        return [annotation]
    if not isinstance(declared, str):
        is_value = isinstance(declared, (int, float, constexpr))
        hint = f'to compile it in write constexprs={{"{name}": {declared!r}}}'
        raise CodegenError(
            f"its type must be a string, got {declared!r}",
            hint=hint if is_value else 'write it as "*fp32" or "i32"',
        )
    texts = [text.strip() for text in declared.split("|")]
    bases = [_bare(text) for text in texts if text != "None" and not text.startswith(WITH)]
    if annotation and any(
        parse_parameter_type(base) != parse_parameter_type(annotation) for base in bases
    ):
        raise CodegenError(
            f"types gives it `{declared}`, and the kernel annotates it as `{annotation}`",
            hint="leave it out of types, or remove the annotation",
        )
    return texts


def _check_types(types: tuple[ParameterType, ...]) -> None:
    if len({type_.is_pointer for type_ in types}) > 1:
        raise CodegenError(
            f"its types {_listed(types)} are pointers and scalars",
            hint="declare pointers alone, or one scalar type, and export a kernel of both twice",
        )
    if len(set(types)) < len(types):
        raise CodegenError(f"its types {_listed(types)} must differ", hint="name each of them once")
    if types[0].is_pointer or len(types) == 1:
        return
    if tuple(type_.triton for type_ in types) != ("i32", "i64"):
        raise CodegenError(
            f"a scalar cannot have the choice of types {_listed(types)}",
            hint='declare one type that holds every value, or "i32 | i64", which the value decides',
        )


def _check_descriptors(types: tuple[ParameterType, ...], nullable: bool) -> None:
    descriptors = [type_ for type_ in types if isinstance(type_, DescriptorType)]
    alike = {(type_.rank, type_.padding, type_.tf32) for type_ in descriptors}
    kinds = {type_.dtype for type_ in descriptors}
    if len(alike) > 1 or len(kinds) < len(types):
        raise CodegenError(
            f"its types {_listed(types)} must be descriptors of different elements, and alike in "
            "dimensions and options",
            hint="export the kernel once for each of them, under several names",
        )
    if nullable:
        raise CodegenError(
            "a tensor descriptor cannot be None",
            hint="where the kernel takes None, export it once more with None in constexprs",
        )


def _check_default(type_: ParameterType, value: object) -> None:
    """A default of the kernel becomes one of the generated function, of the declared type."""
    of = type_.dtype
    if type_.is_pointer or isinstance(type_, DescriptorType):
        fits = False
    elif of.is_integer:
        fits = type(value) is int and of.low <= value <= of.high
    else:
        fits = type(value) in ((bool,) if of.name == "i1" else (int, float))
    if not fits:
        raise CodegenError(
            f"its default {value!r} is no `{type_}`", hint="change the default, or the type"
        )


def _listed(types: tuple[ParameterType, ...]) -> str:
    return " | ".join(f"`{type_}`" for type_ in types)
