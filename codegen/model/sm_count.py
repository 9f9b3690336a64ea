"""The number of SMs of a device that is not there, followed through arithmetic."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, ClassVar

from codegen.model.errors import CodegenError, calling_line


class SmCount(int):
    """The number of SMs that a device seems to have while kernels are imported without one.

    A grid that reads this number, or one computed from it, reads the call's own device instead.
    """

    made_by: tuple[str, int, int] | None = None
    """The name of the operation and its operands, of a number that was computed of it."""
    used: ClassVar[bool] = False
    """Whether something was made of one that does not show it, such as a comparison's result."""

    __hash__ = int.__hash__


def _followed(operation: str, is_swapped: bool) -> Callable[[SmCount, Any], Any]:
    """What `SmCount` has for an operator, or for its form with the operands swapped."""
    compute: Callable[[Any, Any], Any] = getattr(operator, operation)

    def method(self: SmCount, other: Any) -> Any:
        if not isinstance(other, int):
            return NotImplemented
        operands = (other, self) if is_swapped else (self, other)
        result = SmCount(compute(*map(int, operands)))
        result.made_by = (operation, *operands)
        return result

    return method


for _operation in ("add", "sub", "mul", "floordiv", "mod"):
    setattr(SmCount, f"__{_operation}__", _followed(_operation, False))
    setattr(SmCount, f"__r{_operation}__", _followed(_operation, True))


def _noted(operation: str) -> Callable[..., Any]:
    """What `SmCount` has for an operation whose result does not show that it was made of one."""
    compute: Callable[..., Any] = getattr(int, operation)

    def method(*operands: Any) -> Any:
        SmCount.used = True
        return compute(*operands)

    return method


_OPERATIONS = """
    lt le eq ne gt ge and rand or ror xor rxor lshift rlshift rshift rrshift truediv rtruediv
    pow rpow divmod rdivmod neg bool index float
    """.split()  # noqa: SIM905

for _operation in _OPERATIONS:
    setattr(SmCount, f"__{_operation}__", _noted(f"__{_operation}__"))


class NoDeviceYet(CodegenError):
    """A kernel file asks while generating for what only the device of a call has."""


def sm_count() -> int:
    """The number of SMs of the device that the call goes to; for grids and heuristics alone."""
    raise NoDeviceYet(
        "the number of SMs is known when a function is called, not before",
        where=calling_line(),
        hint="call sm_count() inside a grid or a heuristic: grid=lambda n: (min(n, sm_count()),)",
    )
