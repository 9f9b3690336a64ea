"""The errors that a user can mend: a sentence, and the remedy."""

from __future__ import annotations


class TritonbindError(Exception):
    """What is wrong, and how to mend it."""

    def __init__(self, reason: str, hint: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.hint = hint

    def __str__(self) -> str:
        return self.reason if self.hint is None else f"{self.reason}\n  hint: {self.hint}"
