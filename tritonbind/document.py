"""JSON that is checked as it is read: what is refused is told with its place."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from tritonbind.errors import TritonbindError

Json = Any
_Value = TypeVar("_Value")


class At:
    """A value of a document, and where it stands."""

    __slots__ = ("_outer", "_step", "hint", "path", "value")

    def __init__(
        self, path: str, value: Json, hint: str, outer: At | None = None, step: object = ""
    ) -> None:
        """`hint` is the remedy of what is refused; `step` leads here from `outer`: a name, or the
        number of an item."""
        self.path, self.value, self.hint = path, value, hint
        self._outer, self._step = outer, step

    @property
    def place(self) -> str:
        if self._outer is None:
            return ""
        step = f"[{self._step}]" if isinstance(self._step, int) else f".{self._step}"
        return self._outer.place + step

    def refuse(self, expected: str) -> TritonbindError:
        got = json.dumps(self.value)
        got = got if len(got) <= 60 else f"{got[:57]}..."
        place = f"{self.place.lstrip('.')}: " if self.place else ""
        return TritonbindError(
            f"{self.path}: {place}expected {expected}, got {got}", hint=self.hint
        )

    @property
    def names(self) -> set[str]:
        """Those of an object; of anything else there are none."""
        return set(self.value) if isinstance(self.value, dict) else set()

    def fields(self, *names: str) -> Iterator[At]:
        """The values of an object that has these names and no other."""
        if not isinstance(self.value, dict) or set(self.value) != set(names):
            raise self.refuse(f"an object with {', '.join(names)}")
        return (self.inner(name, self.value[name]) for name in names)

    def some(self, *names: str) -> Iterator[At]:
        """The values of an object that has these names, and may have others."""
        if not isinstance(self.value, dict):
            raise self.refuse(f"an object with {', '.join(names)}")
        missing = [name for name in names if name not in self.value]
        if missing:
            raise self.refuse(f"an object with `{missing[0]}`")
        return (self.inner(name, self.value[name]) for name in names)

    def inner(self, step: str | int, value: Json) -> At:
        return At(self.path, value, self.hint, self, step)

    def each(self, read: Callable[[At], _Value]) -> tuple[_Value, ...]:
        if not isinstance(self.value, list):
            raise self.refuse("a list")
        return tuple(read(self.inner(i, item)) for i, item in enumerate(self.value))

    def by_name(self, read: Callable[[At], _Value]) -> dict[str, _Value]:
        if not isinstance(self.value, dict):
            raise self.refuse("an object")
        return {name: read(self.inner(name, held)) for name, held in self.value.items()}

    def text(self) -> str:
        if not isinstance(self.value, str):
            raise self.refuse("text")
        return self.value

    def pattern(self, expression: str, expected: str) -> str:
        """Text that is as an expression says; anything else is not what was `expected`."""
        if not isinstance(self.value, str) or not re.fullmatch(expression, self.value):
            raise self.refuse(expected)
        return self.value

    def numbers(self) -> tuple[int, ...]:
        if type(self.value) is not list or any(type(item) is not int for item in self.value):
            raise self.refuse("a list of whole numbers")
        return tuple(self.value)

    def count(self) -> int:
        if type(self.value) is not int or self.value < 1:
            raise self.refuse("a whole number of 1 or more")
        return self.value

    def any(self) -> Any:
        return self.value
