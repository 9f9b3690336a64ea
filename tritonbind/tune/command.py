"""The story of `tritonbind tune`: cases of a recording, measured, and the tables of the best."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from tritonbind import recording_file
from tritonbind.errors import TritonbindError
from tritonbind.serve.packages import find
from tritonbind.talk import say
from tritonbind.tune import measurements, table
from tritonbind.tune.bench import Bench
from tritonbind.tune.cases import Case, Key
from tritonbind.tune.functions import Function, functions_of
from tritonbind.tune.jobs import Job, jobs_of
from tritonbind.tune.measurements import Measurements, Row
from tritonbind.tune.measuring import Time
from tritonbind.tune.search import FailedError, search


class _Stopped(Exception):
    """The time is over, or somebody pressed Ctrl-C. What was measured is kept."""


def tune(
    file: str,
    package: str,
    output: str,
    names: Sequence[str] = (),
    minutes: float | None = None,
    tolerance: float = 0.02,
    only_recorded: bool = False,
) -> bool:
    """Measure what a recording has of a package's functions, and write their tables.

    Args:
        file: the recording.
        package: the generated package: a name, or a folder.
        output: a .json file for the table of the only function, or a folder for several.
        names: the functions to tune; all without one.
        minutes: after which nothing more is measured.
        tolerance: how much slower than its best a key may be for fewer images, as 0.02.
        only_recorded: whether sizes between those of the recording are left out.

    Returns:
        Whether it was not interrupted.

    Raises:
        TritonbindError: there is no GPU, nothing to tune, or a file cannot be read or written.
    """
    deadline = math.inf if minutes is None else time.monotonic() + 60 * minutes
    recording = recording_file.read(file)
    functions = _named(functions_of(find(package)), names, package)
    jobs = jobs_of(functions, recording, file, Path(output), only_recorded)
    interrupted = False
    with Bench() as bench:
        device = bench.device
        say(f"measured on {device.name}, CUDA {device.cuda}")
        known = [_known(job, bench) for job in jobs]
        pairs = list(zip(jobs, known, strict=True))
        parts = [
            *((job, job.recorded, of_job) for job, of_job in pairs),
            *((job, job.between, of_job) for job, of_job in pairs),
        ]
        for job, by_key, of_job in parts:
            try:
                _measure(job, by_key, of_job, bench, deadline, tolerance)
            except (_Stopped, KeyboardInterrupt) as stop:
                interrupted = isinstance(stop, KeyboardInterrupt)
                break
    for job, of_job in pairs:
        _finish(job, of_job, tolerance)
    return not interrupted


def _named(functions: list[Function], names: Sequence[str], package: str) -> list[Function]:
    known = {one.name: one for one in functions}
    for name in names:
        if name not in known:
            raise TritonbindError(
                f"{package} has no function {name} to tune", f"it has {', '.join(known)}"
            )
    return [known[name] for name in dict.fromkeys(names)] if names else functions


def _known(job: Job, bench: Bench) -> Measurements:
    """What was measured before. Shows that the files can be written, before hours are spent."""
    try:
        job.file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TritonbindError(f"cannot make {job.file.parent}: {error.strerror}") from error
    known, why = measurements.read(job.measured, job.function, bench.device)
    if why is not None:
        say(why)
    known.write(job.measured)
    if job.file.is_dir():
        raise TritonbindError(f"cannot write {job.file}: it is a folder")
    return known


def _measure(
    job: Job,
    by_key: Mapping[Key, tuple[Case, ...]],
    known: Measurements,
    bench: Bench,
    deadline: float,
    tolerance: float,
) -> None:
    """Measure those of the keys that are missing. Each that is done is in the file.

    Raises _Stopped when the time is over.
    """
    function, device = job.function, bench.device
    lacking = function.lacking(device.capability, device.shared)
    numbers = [one for one in range(len(function.configurations)) if one not in lacking]
    for key, cases in by_key.items():
        if known.has(key, cases):
            continue
        if time.monotonic() > deadline:
            raise _Stopped
        places = _set_up(function, key, cases, numbers, bench)
        if not places:
            known.refused.append(key)
            continue
        measure = _measuring(places, bench, deadline)
        found = search(numbers, measure, tolerance)
        found = replace(found, failed={**lacking, **found.failed})
        known.add(Row(key, cases, found))
        known.write(job.measured)


def _set_up(
    function: Function, key: Key, cases: Sequence[Case], numbers: Sequence[int], bench: Bench
) -> list[int]:
    """The cases that can be measured. Says of the others why they cannot."""
    if not numbers:
        say(f"{function.name}: left out: this GPU has none of its configurations")
        return []
    try:
        refused = bench.set_up(function, cases, numbers[0])
    except FailedError as error:
        refused = dict.fromkeys(range(len(cases)), str(error))
    for reason in dict.fromkeys(refused.values()):
        say(f"{function.name}: left out of {list(key)}: {reason}")
    return [place for place in range(len(cases)) if place not in refused]


def _measuring(
    places: Sequence[int], bench: Bench, deadline: float
) -> Callable[[int, float], Time]:
    """What measures a configuration at some cases: the geometric mean of their times."""

    def measure(number: int, milliseconds: float) -> Time:
        times = []
        for place in places:
            if time.monotonic() > deadline:
                raise _Stopped
            times.append(bench.time(place, number, milliseconds))
        median, low = (
            math.exp(sum(math.log(max(value, 1e-3)) for value in values) / len(times))
            for values in ([one.median for one in times], [one.low for one in times])
        )
        return Time(median, low, min(one.count for one in times))

    return measure


def _finish(job: Job, known: Measurements, tolerance: float) -> None:
    """Write the table of what was measured, and tell what it saves and what is left."""
    function, name = job.function, job.function.name
    made = table.table_of(known, tolerance)
    for row in known.sorted_rows:
        if not row.found.times:
            reason = next(iter(row.found.failed.values()))
            say(f"{name}: no configuration could be measured at {list(row.key)}: {reason}")
    if made is not None:
        made.write(job.file)
        own, every = (
            function.images_of(of) for of in (made.chosen, range(len(function.configurations)))
        )
        gain = "" if made.gain is None else f", {made.gain:.2f} times as fast as the default"
        say(
            f"{job.file}: {name}: {len(made.rows)} keys, {len(made.chosen)} of "
            f"{len(function.configurations)} configurations{gain}; {own} images instead of {every}"
        )
    missing = [
        key
        for key, cases in job.by_key.items()
        if not known.has(key, cases) and key not in known.refused
    ]
    if missing:
        say(
            f"{name}: {len(missing)} of {len(job.by_key)} keys are not measured; the same "
            "command goes on from here"
        )
