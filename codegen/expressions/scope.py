"""What an expression can read where it stands, and how errors speak of it."""

from __future__ import annotations

import builtins
import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import CodeType, FunctionType

import libcst as cst

from codegen.errors import CodegenError
from codegen.expressions.c_value import AlwaysFails, CValue, literal
from codegen.expressions.function_source import Source
from codegen.expressions.intervals import Interval

Resolve = Callable[[str], object]
"""The object that a name stands for; KeyError if there is none."""


@dataclass(frozen=True)
class Unusable:
    """A name that stands for no integer."""

    reason: str
    """What it is instead: `a pointer`."""


Binding = CValue | Unusable


@dataclass(frozen=True)
class Meta:
    """The one parameter of a grid in which Triton passes all of the kernel's."""

    entries: Mapping[str, Binding]


@dataclass(frozen=True)
class Scope:
    """One function, or the text of one expression."""

    source: Source
    subject: str
    """`the grid`."""
    remedy: str
    """What to do instead of what cannot be translated."""
    kernel: Mapping[str, Binding]
    """The kernel's parameters."""
    parameters: Mapping[str, Binding | Meta]
    """The function's own."""
    resolve: Resolve
    facts: Mapping[str, Interval] = field(default_factory=dict)
    """The ranges of C texts in this branch of the expression."""
    callers: tuple[CodeType, ...] = ()

    def knowing(self, facts: Mapping[str, Interval]) -> Scope:
        return replace(self, facts={**self.facts, **facts})

    def error(self, node: cst.CSTNode, message: str, hint: str | None = None) -> CodegenError:
        return CodegenError(message, where=self.source.location(node), hint=hint or self.remedy)

    def quote(self, node: cst.CSTNode) -> str:
        return f"`{self.source.quote(node)}`"


def names_in(function: FunctionType) -> Resolve:
    """The closure, then the globals, then the builtins of `function`."""

    def resolve(name: str) -> object:
        if name in function.__code__.co_freevars:
            index = function.__code__.co_freevars.index(name)
            try:
                return (function.__closure__ or ())[index].cell_contents
            except ValueError:  # an empty cell
                raise KeyError(name) from None
        return function.__globals__[name] if name in function.__globals__ else vars(builtins)[name]

    return resolve


def bind(value: object) -> Binding:
    """A Python object as it is now."""
    number = _as_integer(value)
    if number is None:
        return Unusable(_described(value))
    try:
        return literal(number)
    except AlwaysFails:
        return Unusable(f"an int beyond 64 bits ({number})")


def close_to(name: str, names: Iterable[str]) -> str:
    """A hint: the name that was meant, or all there are."""
    choices = list(names)
    matches = difflib.get_close_matches(name, choices, 1)
    if matches:
        return f"did you mean `{matches[0]}`?"
    if not choices:
        return "the kernel has no parameters"
    return f"the kernel's parameters are {', '.join(choices)}"


def _as_integer(value: object) -> int | None:
    """The value of an int, a bool or a `tl.constexpr` of one."""
    if type(value).__name__ == "constexpr":
        value = getattr(value, "value", None)
    return int(value) if isinstance(value, int) else None


def _described(value: object) -> str:
    """`a float (2.5)`, for messages."""
    kind = type(value).__name__
    article = "an" if kind[0].lower() in "aeiou" else "a"
    if isinstance(value, (float, str, bytes, complex)):
        return f"{article} {kind} ({value!r})"
    return "None" if value is None else f"{article} {kind}"
