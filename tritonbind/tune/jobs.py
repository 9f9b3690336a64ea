"""What there is to tune: functions of a package that a recording has launches of, and the files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tritonbind.errors import TritonbindError
from tritonbind.recording import Kernel, Recording
from tritonbind.talk import say
from tritonbind.tune import table
from tritonbind.tune.between import between
from tritonbind.tune.cases import Case, Cases, Key, cases_of
from tritonbind.tune.functions import Function


@dataclass(frozen=True)
class Job:
    """A function to tune, and the files that come of it."""

    function: Function
    recorded: Mapping[Key, tuple[Case, ...]]
    between: Mapping[Key, tuple[Case, ...]]
    """At sizes between those that were recorded."""
    file: Path
    """The table."""

    @property
    def by_key(self) -> Mapping[Key, tuple[Case, ...]]:
        """All that there is to measure."""
        return {**self.recorded, **self.between}

    @property
    def measured(self) -> Path:
        return self.file.with_name(f"{self.file.name}.measured")


def jobs_of(
    functions: Sequence[Function],
    recording: Recording,
    file: str,
    output: Path,
    only_recorded: bool,
) -> list[Job]:
    """The functions that the recording has launches of. Says of others why they are left out.

    Args:
        file: how the recording is called.
        output: a .json file for the table of one function, or a folder.
        only_recorded: whether sizes between those of the recording are left out.

    Raises:
        TritonbindError: there is none, or one file for several.
    """
    found = []
    for function in functions:
        cases = cases_of(function, _launched(function, recording))
        for reason in cases.left_out:
            say(f"{function.name}: left out: {reason}")
        if cases.by_key:
            made = Cases({}, ()) if only_recorded else between(function, cases.by_key)
            for reason in made.left_out:
                say(f"{function.name}: not measured {reason}")
            found.append((function, cases.by_key, made.by_key))
    if not found:
        raise TritonbindError(
            f"{file} has no launch that can be measured of "
            f"{', '.join(one.name for one in functions)}",
            "record the program that launches these kernels: `tritonbind record -- python app.py`",
        )
    if output.suffix == ".json":
        if len(found) > 1:
            raise TritonbindError(
                f"{output} is one file, and there are tables for "
                f"{', '.join(function.name for function, *_ in found)}",
                "name a folder, or one function",
            )
        return [Job(*one, output) for one in found]
    return [Job(*one, output / f"{one[0].name}.json") for one in found]


def _launched(function: Function, recording: Recording) -> list[Kernel]:
    """The recorded kernels that mean what the function was made of."""
    identity = function.identity
    unnamed = table.ambiguous(function)
    if unnamed:
        say(
            f"{function.name}: left out: no table can tell its configuration {unnamed[0]} from "
            "another, as they differ in what JSON cannot say"
        )
        return []
    named = [one for one in recording.kernels if one.kernel == identity.name]
    same = [one for one in recording.kernels if one.digest == identity.digest]
    if named and not same:
        say(
            f"{function.name}: left out: {identity.name} was recorded with another source than "
            "that which the library was built from; build it again, or record again"
        )
    elif not named and not same:
        say(f"{function.name}: left out: {identity.name} is not in the recording")
    return same
