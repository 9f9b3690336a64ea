"""What an expression can read where it stands, and how errors speak of it."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import CodeType, FunctionType

from codegen.expressions import c_arithmetic
from codegen.expressions.c_value import CValue, literal
from codegen.expressions.function_source import Source
from codegen.expressions.intervals import INT64, Interval
from codegen.expressions.values import SM_COUNT, Constant, Items, Value, numbers_in
from codegen.model.errors import CodegenError, meant
from codegen.model.sm_count import SmCount

Resolve = Callable[[str], object]
"""The object that a name stands for; KeyError if there is none."""


@dataclass(frozen=True)
class Scope:
    """One function, or the text of one expression."""

    source: Source
    subject: str
    """`the grid`."""
    remedy: str
    """What to do instead of what cannot be translated."""
    kernel: Mapping[str, Value]
    """The kernel's parameters."""
    names: Mapping[str, Value]
    """The function's own parameters and variables."""
    resolve: Resolve
    facts: Mapping[str, Interval] = field(default_factory=dict)
    """The ranges of C texts in this branch of the expression."""
    evaluated: tuple[CValue, ...] = ()
    """What Python has evaluated before, whether or not it is read."""
    callers: tuple[CodeType, ...] = ()

    def knowing(self, facts: Mapping[str, Interval]) -> Scope:
        return replace(self, facts={**self.facts, **facts})

    def having(self, value: Value) -> Scope:
        failing = [number for number in numbers_in(value) if number.can_fail]
        return replace(self, evaluated=(*self.evaluated, *failing))

    def assigning(self, name: str, value: Value) -> Scope:
        return replace(self, names={**self.names, name: value})

    def is_local(self, name: str) -> bool:
        """Whether Python takes the name for a variable of the function."""
        return bool(self.callers) and name in (
            *self.callers[-1].co_varnames,
            *self.callers[-1].co_cellvars,
        )

    def error(
        self, node: ast.expr | ast.stmt, message: str, hint: str | None = None
    ) -> CodegenError:
        return CodegenError(message, where=self.source.location(node), hint=hint or self.remedy)

    def quote(self, node: ast.expr | ast.stmt) -> str:
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


def bind(value: object) -> Value:
    """A Python object as it is now."""
    if type(value).__name__ == "constexpr":
        value = getattr(value, "value", None)
    if isinstance(value, SmCount):
        return _sm_count(value)
    if not isinstance(value, int) or not Interval(value, value).within(INT64):
        return Constant(value)
    return replace(literal(int(value)), is_bool=isinstance(value, bool))


def entries_of(value: Value) -> Sequence[Value] | None:
    """What a tuple or a list holds."""
    match value:
        case Items(values=values):
            return values
        case Constant(value=tuple() | list() as constants):
            return [bind(constant) for constant in constants]
    return None


def _sm_count(value: SmCount) -> CValue:
    if value.made_by is None:
        return SM_COUNT
    operation, *operands = value.made_by
    x, y = (_sm_count(one) if isinstance(one, SmCount) else literal(one) for one in operands)
    return _OPERATIONS[operation](x, y)


_OPERATIONS = {
    "add": c_arithmetic.add,
    "sub": c_arithmetic.subtract,
    "mul": c_arithmetic.multiply,
    "floordiv": c_arithmetic.floor_divide,
    "mod": c_arithmetic.modulo,
}


def close_to(name: str, names: Iterable[str]) -> str:
    """A hint: the name that was meant, or all there are."""
    choices = list(names)
    listed = f"the kernel's parameters are {', '.join(choices)}"
    return meant(name, choices, listed if choices else "the kernel has no parameters")


def described(value: object) -> str:
    """`a float (2.5)`, for messages."""
    if isinstance(value, int):
        return f"an int beyond 64 bits ({value})"
    kind = type(value).__name__
    article = "an" if kind[0].lower() in "aeiou" else "a"
    if isinstance(value, (float, str, bytes, complex)):
        return f"{article} {kind} ({value!r})"
    return "None" if value is None else f"{article} {kind}"
