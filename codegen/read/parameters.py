"""One parameter of a kernel: what Triton's signature says of it, joined with the declaration."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable
from typing import Any

from triton.language import constexpr, dtype

from codegen.model.declaration import Declaration
from codegen.model.descriptors import DescriptorType, ParameterType, parse_parameter_type
from codegen.model.dtypes import ValueType, dtype_name
from codegen.model.errors import CodegenError
from codegen.model.kernel import Constexpr, Default, Parameter
from codegen.model.none_together import WITH, partner_of
from codegen.model.patterns import with_patterns
from codegen.model.values import held
from codegen.read.loading import unwrapped
from codegen.variants.cases import check_hint, is_unspecialised


def parameter_of(
    declaration: Declaration, raw: Any, comment: str, computed: Collection[str] = ()
) -> Parameter | Constexpr:
    """The parameter that Triton's `KernelParam` `raw` describes. Raises `CodegenError`.

    `computed` names those to which the kernel's configurations or heuristics give values.
    """
    default = Default(_unwrapped(raw.default)) if raw.has_default else None
    is_declared = raw.name in declaration.types
    declared = declaration.types.get(raw.name)
    if raw.is_constexpr and is_declared:
        raise CodegenError(
            f"it is a constexpr, and types gives it `{declared}`",
            hint=f'give its value instead: constexprs={{"{raw.name}": ...}}',
        )
    if raw.name in declaration.constexprs and is_declared:
        raise CodegenError(
            f"constexprs gives it a value, and types gives it `{declared}`",
            hint="leave it out of one of them",
        )
    if raw.name in computed:
        return Constexpr(raw.name, (), default, comment, is_computed=True)
    if raw.is_constexpr or raw.name in declaration.constexprs:
        return _constexpr(declaration, raw, default, comment)
    is_none = default is not None and default.value is None
    if declared is None and (is_declared or (is_none and not raw.annotation_type)):
        return Constexpr(raw.name, (None,), None, comment)  # as Triton's JIT compiles such a call
    texts = _alternatives(raw.name, declared, raw.annotation_type)
    partner = partner_of(texts)
    nullable = "None" in texts or bool(partner) or (is_none and declared is None)
    default = None if is_none and not nullable else default
    texts = [text for text in texts if text != "None" and not text.startswith(WITH)]
    hint = _hint(texts)
    types = tuple(parse_parameter_type(_bare(text)) for text in texts)
    if not types:
        raise CodegenError(
            "None alone is no type",
            hint='write it as in "*fp32 | None", or without quotes for what is None in every call',
        )
    if raw.is_const:
        types = tuple(
            (
                dataclasses.replace(t, is_const=True)
                if isinstance(t, ValueType) and t.is_pointer
                else t
            )
            for t in types
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


def given_value(declaration: Declaration, name: str, which: int | str) -> Any:
    """One of the values that a constexpr is given, as `Held.place` says which.

    An int is of the declaration's, or else of the kernel's default; `config 2` of a configuration.
    """
    function, wrappers = unwrapped(declaration)
    if isinstance(which, str):
        (autotuner,) = (wrapper for wrapper in wrappers if hasattr(wrapper, "configs"))
        return autotuner.configs[int(which.removeprefix("config "))].kwargs[name]
    constexprs = with_patterns(declaration, function.params).constexprs
    if name not in constexprs:
        return function.signature.parameters[name].default
    given = constexprs[name]
    return given[which] if isinstance(given, list) else given


def _constexpr(
    declaration: Declaration, raw: Any, default: Default | None, comment: str
) -> Constexpr:
    name = raw.name
    if name not in declaration.constexprs and name in declaration.options:
        return Constexpr(name, (declaration.options[name],), None, comment)
    if name not in declaration.constexprs:
        if default is None:
            raise CodegenError(
                "it is a constexpr without a value",
                hint=f'give one: constexprs={{"{name}": ...}}',
            )
        value = held(raw.default, name, 0)
        _check_hashable([raw.default])
        return Constexpr(name, (value,), Default(value), comment)
    given = declaration.constexprs[name]
    values = given if isinstance(given, list) else [given]
    choices = tuple(held(value, name, index) for index, value in enumerate(values))
    if not choices:
        raise CodegenError("its list of choices is empty", hint="give one value, or several")
    are_dtypes = len(choices) > 1 and all(type(choice) is dtype for choice in choices)
    dtypes = tuple(map(dtype_name, choices)) if are_dtypes else ()
    if len(choices) > 1:
        _check_choices(dtypes or choices)
    _check_hashable(values)
    if default is not None and _typed(default.value) not in map(_typed, choices):
        default = None
    elif default is not None and are_dtypes:
        default = Default(dtype_name(default.value))
    return Constexpr(name, choices, default, comment, dtypes=dtypes)


def _check_hashable(values: Iterable[object]) -> None:
    for value in values:
        try:
            hash(_unwrapped(value))
        except TypeError:
            raise CodegenError(
                f"its value {value!r} cannot be hashed, as Triton's JIT does with constexprs",
                hint="write tuples instead of lists, and make pointer types in the kernel",
            ) from None


def _check_choices(choices: tuple[object, ...]) -> None:
    kinds = {type(choice) for choice in choices}
    if kinds > {str}:  # None may stand among strings
        kinds.discard(type(None))
    got = f"got {list(choices)!r}"
    if not kinds <= {int, bool, str}:
        raise CodegenError(
            f"a call can choose among ints, bools, strings or dtypes, {got}",
            hint="export the kernel once for each value, under several names",
        )
    if len(kinds) > 1:
        raise CodegenError(f"its choices must be of one kind, {got}", hint="give ints alone")
    if len(set(choices)) < len(choices):
        raise CodegenError(f"its choices must differ, {got}", hint="name each of them once")
    for choice in choices:
        if isinstance(choice, int) and not -(1 << 63) <= choice < 1 << 63:
            raise CodegenError(f"a choice must fit int64, got {choice}", hint="choose another")
        if isinstance(choice, str) and "\0" in choice:
            raise CodegenError(
                f"a choice cannot hold a zero byte, got {choice!r}", hint="choose another"
            )


def _unwrapped(value: object) -> object:
    return value.value if isinstance(value, constexpr) else value


def _typed(value: object) -> tuple[type, str]:
    """What tells values apart that Python calls equal, such as 1 and True."""
    return type(value), repr(value)


def _listed(types: tuple[ParameterType, ...]) -> str:
    return " | ".join(f"`{type_}`" for type_ in types)
