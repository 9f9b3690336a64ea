"""A constexpr of a kernel: the values that the declaration or the signature gives it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from triton.language import dtype

from codegen.model.constexpr_values import held, identity, texts_of, without_constexpr
from codegen.model.declaration import Declaration
from codegen.model.errors import CodegenError
from codegen.model.parameters import Constexpr, Default
from codegen.read.declared import in_full
from codegen.read.loading import unwrapped
from codegen.read.tuples import Spread, spread


def constexpr_of(spread: Spread, raw: Any, default: Default | None, comment: str) -> Constexpr:
    """The constexpr that Triton's `KernelParam` `raw` describes. Raises `CodegenError`."""
    name = raw.name
    if name not in spread.constexprs and name in spread.options:
        return Constexpr(name, (spread.options[name],), None, comment)
    if name not in spread.constexprs:
        if default is None:
            raise CodegenError(
                "it is a constexpr without a value",
                hint=f'give one: constexprs={{"{name}": ...}}',
            )
        value = held(raw.default, name, 0)
        _check_hashable([raw.default])
        return Constexpr(name, (value,), Default(value), comment)
    given = spread.constexprs[name]
    values = given if isinstance(given, list) else [given]
    choices = tuple(held(value, name, index) for index, value in enumerate(values))
    if not choices:
        raise CodegenError("its list of choices is empty", hint="give one value, or several")
    texts = texts_of(choices) if len(choices) > 1 else ()
    if len(choices) > 1 and not spread.is_launched:
        _check_choices(texts if all(type(choice) is dtype for choice in choices) else choices)
    _check_hashable(values)
    if default is not None:
        own = identity(default.value)
        places = [n for n, choice in enumerate(choices) if identity(choice) == own]
        passed = texts or choices
        default = Default(passed[places[0]]) if places else None
    return Constexpr(name, choices, default, comment, texts=texts)


def given_value(declaration: Declaration, name: str, which: int | str) -> Any:
    """One of the values that a constexpr is given, as `Held.place` says which.

    An int is of the declaration's, or else of the kernel's default; `config 2` of a configuration.
    """
    function, decorators = unwrapped(declaration)
    if isinstance(which, str):
        (autotuner,) = (each for each in decorators if hasattr(each, "configs"))
        return autotuner.configs[int(which.rpartition(" ")[2])].kwargs[name]
    constexprs = spread(in_full(declaration, function, decorators), function).constexprs
    if name not in constexprs:
        return function.signature.parameters[name].default
    given = constexprs[name]
    return given[which] if isinstance(given, list) else given


def _check_hashable(values: Iterable[object]) -> None:
    for value in values:
        try:
            hash(without_constexpr(value))
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
