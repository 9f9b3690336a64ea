"""The errors a user can cause: one class that knows where it happened and how to mend it."""

from __future__ import annotations

import contextlib
import copy
import inspect
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self


@dataclass(frozen=True)
class SourceLocation:
    """A place in a source file, as editors and terminals link it."""

    path: str
    line: int
    column: int | None = None

    def __str__(self) -> str:
        place = f"{shown(self.path)}:{self.line}"
        return place if self.column is None else f"{place}:{self.column}"


class CodegenError(Exception):
    """Something the user can mend: a sentence, the place it speaks of, and the remedy."""

    def __init__(
        self,
        reason: str,
        *,
        subject: str = "",
        where: SourceLocation | None = None,
        hint: str | None = None,
    ) -> None:
        reason = without_addresses(reason)
        super().__init__(reason)
        self.reason = reason
        """What is wrong, whatever it is about."""
        self.subject = subject
        self.where = where
        self.hint = hint

    @property
    def message(self) -> str:
        return f"{self.subject}: {self.reason}" if self.subject else self.reason

    def but(self, **changes: Any) -> Self:
        """A copy with other parts."""
        other = copy.copy(self)
        vars(other).update(changes)
        return other

    def about(self, subject: str, where: SourceLocation | None, hint: str | None) -> Self:
        """A copy about `subject`, with this place and hint unless it has its own.

        A sentence that names its subject first stays as it is.
        """
        subjects = (self.subject,) if self.message.startswith(subject) else (subject, self.subject)
        return self.but(
            subject=" ".join(filter(None, subjects)),
            where=self.where or where,
            hint=self.hint or hint,
        )

    def __str__(self) -> str:
        text = self.message if self.where is None else f"{self.where}: {self.message}"
        return text if self.hint is None else f"{text}\n  hint: {self.hint}"

    def __reduce__(self) -> tuple[object, ...]:
        return _restore, (type(self), self.reason, vars(self))


class CannotBuild(CodegenError):
    """A kernel's variant that the compiler cannot make for some target; others may do without."""


class CodegenErrors(CodegenError):
    """Every error of a run, shown together."""

    def __init__(self, errors: Sequence[CodegenError], whole: Iterable[str] = ()) -> None:
        super().__init__("\n".join(str(error) for error in errors))
        self.errors = tuple(errors)
        self.whole = tuple(dict.fromkeys(whole))
        """The kernel files that none of them is about, and that could do without the others."""

    def about(self, subject: str, where: SourceLocation | None, hint: str | None) -> Self:
        return self.but(errors=tuple(each.about(subject, where, hint) for each in self.errors))


@contextlib.contextmanager
def about(
    subject: str, where: SourceLocation | None = None, hint: str | None = None
) -> Iterator[None]:
    """Every error below is about `subject`, with this place and hint unless it has its own."""
    try:
        yield
    except CodegenError as error:
        raise error.about(subject, where, hint) from error


@contextlib.contextmanager
def collected(errors: list[CodegenError]) -> Iterator[None]:
    """An error below joins the others, and whoever collects them goes on."""
    try:
        yield
    except CodegenErrors as several:
        errors.extend(several.errors)
    except CodegenError as error:
        errors.append(error)


def calling_line() -> SourceLocation:
    """The line of the kernel file that leads to who asks, also where a helper of it calls."""
    frame = caller = sys._getframe(2)
    while frame.f_code.co_flags & inspect.CO_OPTIMIZED and frame.f_back is not None:
        frame = frame.f_back  # of a function, not of a module or class
    if frame.f_globals.get("__name__") == "__main__":  # no module is being imported
        frame = caller
    return SourceLocation(frame.f_code.co_filename, frame.f_lineno)


def without_addresses(text: str) -> str:
    """A text without what is another in each run: `<function helper at 0x7f0000000000>`."""
    return re.sub(r" at 0x[0-9a-fA-F]+(?=>)", "", text)


def told(error: BaseException) -> str:
    """What an exception is, and what it says if anything."""
    kind = type(error).__name__
    try:
        return f"{kind}: {error}".rstrip(": ")
    except BaseException:  # its own way to say it fails
        return kind


def closest(name: str, known: Iterable[str]) -> str | None:
    """The known name that is most like one that is not."""
    import difflib  # which other runs do without

    names = list(known)
    alike = (one for one in names if one != name and one.lower() == name.lower())
    return next(iter((*alike, *difflib.get_close_matches(name, names, 1))), None)


def meant(name: str, known: Iterable[str], otherwise: str) -> str:
    """A hint: the name that was meant, where one is much like it."""
    match = closest(name, known)
    return f"did you mean `{match}`?" if match else otherwise


def show_from(folder: str) -> None:
    """Have this process show paths from there, whatever its current folder is."""
    _shown_from.append(Path(folder))


_shown_from: list[Path] = []


def shown(path: str | Path) -> str:
    """A path as messages show it: from the current folder, where it is inside."""
    try:
        return str(Path(path).relative_to(_shown_from[-1] if _shown_from else Path.cwd()))
    except (OSError, ValueError):
        return str(path)


def _restore(kind: type[CodegenError], reason: str, parts: dict[str, Any]) -> CodegenError:
    error = kind.__new__(kind, reason)
    vars(error).update(parts)
    return error
