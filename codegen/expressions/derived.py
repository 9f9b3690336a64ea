"""How a function in `constexprs` is called: with the parameters it names, or one mapping of all."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Mapping
from types import FunctionType
from typing import Any, TypeGuard


def is_derived(value: object) -> TypeGuard[FunctionType]:
    """Whether a value of `constexprs` is computed by a function of Python's, which is a heuristic
    around all others; JIT functions are values themselves, and what takes nothing follows from
    nothing."""
    return isinstance(value, FunctionType) and bool(_parameters(value))


FOR_ALL = ("meta", "args", "nargs", "kwargs", "arguments", "params", "parameters", "_")
"""What a parameter that stands for all is called, in letters of either size."""


def takes_all(function: FunctionType, names: Collection[str]) -> bool:
    """Whether it takes one mapping of all arguments, as `lambda args: ...` does: one parameter, and
    none of the kernel's is called so."""
    parameters = list(_parameters(function).values())
    if len(parameters) != 1 or parameters[0].name in names:
        return False
    (only,) = parameters
    return only.kind is only.POSITIONAL_OR_KEYWORD and only.default is only.empty


def by_name(function: Callable[..., object], names: Collection[str]) -> Callable[..., object]:
    """The function as one of all arguments in one mapping, as heuristics are.

    One that takes one parameter of another name was meant for a parameter of the kernel: what is
    misspelt is never None, and no number.
    """
    assert isinstance(function, FunctionType)
    parameters = _parameters(function)
    if takes_all(function, names) and next(iter(parameters)).lower() in FOR_ALL:
        return function

    def call(arguments: Mapping[str, Any]) -> object:
        given = {
            name: arguments[name]
            for name, parameter in parameters.items()
            if name in arguments or parameter.default is parameter.empty
        }
        return function(**given)

    return call


def _parameters(function: FunctionType) -> Mapping[str, inspect.Parameter]:
    return inspect.signature(function, follow_wrapped=False).parameters
