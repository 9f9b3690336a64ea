"""What each kind of axis tells: what a choice changes, when a call makes it, and how C finds it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, cast

from codegen.model.identifiers import file_safe
from codegen.model.kernel import Axis, Kernel, KernelSource, Variant
from codegen.variants.c_steps import Decisions
from codegen.variants.combinations import Combination

_LONGEST_LABEL = 40


class AxisKind(Axis, ABC):
    """An axis with all that the stages ask of it."""

    is_merged: ClassVar[bool] = True
    """Whether the manifest tells choices that lead to one variant in one row."""

    @abstractmethod
    def chosen(self, kernel: KernelSource, combination: Combination, index: int) -> Combination:
        """The combination with what this choice changes."""

    @abstractmethod
    def decide(self, made: Decisions) -> None:
        """Add the step of C from a call's arguments to the choice."""

    @property
    def texts(self) -> tuple[str, ...]:
        """How messages say each choice; nothing where another axis says it."""
        return tuple(f"{self.parameters[0]}={value!r}" for value in self.values)

    def condition(self, choices: Sequence[int]) -> dict[str, Any]:
        """What the manifest says of the calls that make one of these choices."""
        values = [_plain(self.values[index]) for index in choices]
        return {"kind": self.kind, "of": list(self.parameters), "is": values}

    def conditions(self, choices: Sequence[int], variant: Variant) -> list[dict[str, Any]]:
        """The condition on calls of this variant; nothing where each choice leads to it."""
        return [self.condition(choices)] if len(choices) < len(self.labels) else []

    def rank(self, choices: Sequence[int], variant: Variant) -> tuple[int, int]:
        """Of rows that a call fits, it takes that of the lowest rank."""
        return 0, 0


class CallAxis(AxisKind, ABC):
    """An axis on which the arguments of a call choose by themselves."""

    @abstractmethod
    def choice_of(self, one: Combination) -> int:
        """The choice that leads to what is known of these calls."""


def axes_of(kernel: Kernel) -> tuple[AxisKind, ...]:
    """The axes of a kernel: `specialise` made all of them of these classes."""
    return cast(tuple[AxisKind, ...], kernel.specialisation.axes)


def labels_of(name: str, choices: Sequence[object]) -> tuple[str, ...]:
    """What variants with these choices are called: by the values, or where these are long or look
    the same in a file's name, by their numbers."""
    texts = [file_safe(value) for value in choices]
    if len(set(texts)) < len(texts) or max(map(len, texts), default=0) > _LONGEST_LABEL:
        texts = [str(number) for number in range(1, len(texts) + 1)]
    return tuple(f"{name}_{text}" for text in texts)


def _plain(value: object) -> object:
    return value if value is None or isinstance(value, (int, float, str)) else repr(value)
