"""Recordings as files: JSON that people can read, checked when it is read, written as a whole."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from tritonbind.errors import TritonbindError
from tritonbind.recording import (
    SCHEMA,
    Device,
    Example,
    Grid,
    Json,
    Kernel,
    Launch,
    MadeWith,
    NotRecorded,
    Range,
    Ranges,
    Recording,
    Tuned,
    TunedRow,
)

_COLUMNS = 100
_Value = TypeVar("_Value")


def read(path: Path | str) -> Recording:
    """The recording in a file. Raises `TritonbindError` for what is none."""
    try:
        document = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise TritonbindError(f"{path}: {error.strerror}") from error
    except ValueError as error:
        raise TritonbindError(
            f"{path}: not JSON: {error}", hint="name a file that `tritonbind record` wrote"
        ) from error
    return from_json(document, str(path))


def write(recording: Recording, path: Path | str) -> None:
    """Write a file as a whole: a reader, or a crash, finds the old one or the new one.

    Raises `TritonbindError` where it cannot be written.
    """
    write_whole(text_of(recording), Path(path))


def write_whole(text: str, path: Path) -> None:
    """Write any file so."""
    scratch = path.with_name(f".{path.name}.{os.urandom(4).hex()}")
    try:
        try:
            scratch.write_text(text, encoding="utf-8")
            scratch.replace(path)
        finally:
            scratch.unlink(missing_ok=True)
    except OSError as error:
        raise TritonbindError(f"cannot write {path}: {error.strerror}") from error


def text_of(recording: Recording) -> str:
    return f"{laid_out(to_json(recording))}\n"


def to_json(recording: Recording) -> Json:
    made_with = recording.made_with
    return {
        "schema": SCHEMA,
        "made_with": {
            "tritonbind": made_with.tritonbind,
            "triton": made_with.triton,
            "python": made_with.python,
            "devices": [vars(device) for device in made_with.devices],
        },
        "kernels": [_kernel_to_json(kernel) for kernel in recording.kernels],
        "not_recorded": [vars(row) for row in recording.not_recorded],
    }


def _kernel_to_json(kernel: Kernel) -> Json:
    return {
        **vars(kernel),
        "launches": [
            {**vars(launch), "examples": [vars(example) for example in launch.examples]}
            for launch in kernel.launches
        ],
        "grids": [vars(grid) for grid in kernel.grids],
        "tuned": [
            {
                "key": tuned.names,
                "rows": [
                    {"key": row.values, "config": row.config, "count": row.count}
                    for row in tuned.rows
                ],
            }
            for tuned in kernel.tuned
        ],
    }


def laid_out(value: Json, indent: int = 0, name: str = "") -> str:
    """JSON in which what fits on a line is on one. `name` stands before the value."""
    line = name + json.dumps(value, ensure_ascii=False)
    if indent + len(line) < _COLUMNS or not isinstance(value, (dict, list, tuple)) or not value:
        return line
    if isinstance(value, dict):
        named = [(f"{json.dumps(key, ensure_ascii=False)}: ", held) for key, held in value.items()]
    else:
        named = [("", held) for held in value]
    inner = "\n" + " " * (indent + 2)
    items = ",".join(inner + laid_out(held, indent + 2, name) for name, held in named)
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    return f"{name}{opening}{items}\n{' ' * indent}{closing}"


def from_json(document: Json, path: str) -> Recording:
    """The recording that a document is. Raises `TritonbindError`, which names `path`."""
    schema = document.get("schema") if isinstance(document, dict) else None
    if schema != SCHEMA:
        raise TritonbindError(
            f'{path}: expected a recording ("schema": "{SCHEMA}"), got "schema": '
            f"{json.dumps(schema)}",
            hint="name a file that this version of `tritonbind record` wrote",
        )
    return _recording(_At(path, "", document))


class _At:
    """A value of a document, and where it stands."""

    def __init__(self, path: str, place: str, value: Json) -> None:
        self.path, self.place, self.value = path, place, value

    def refuse(self, expected: str) -> TritonbindError:
        got = json.dumps(self.value)
        got = got if len(got) <= 60 else f"{got[:57]}..."
        place = f"{self.place.lstrip('.')}: " if self.place else ""
        return TritonbindError(
            f"{self.path}: {place}expected {expected}, got {got}",
            hint="record again, or merge again from recordings that are whole",
        )

    def fields(self, *names: str) -> Iterator[_At]:
        """The values of an object that has these names and no other."""
        if not isinstance(self.value, dict) or set(self.value) != set(names):
            raise self.refuse(f"an object with {', '.join(names)}")
        return (self.inner(f".{name}", self.value[name]) for name in names)

    def inner(self, step: str, value: Json) -> _At:
        return _At(self.path, self.place + step, value)

    def each(self, read: Callable[[_At], _Value]) -> tuple[_Value, ...]:
        if not isinstance(self.value, list):
            raise self.refuse("a list")
        return tuple(read(self.inner(f"[{i}]", item)) for i, item in enumerate(self.value))

    def by_name(self, read: Callable[[_At], _Value]) -> dict[str, _Value]:
        if not isinstance(self.value, dict):
            raise self.refuse("an object")
        return {name: read(self.inner(f".{name}", held)) for name, held in self.value.items()}

    def text(self) -> str:
        if not isinstance(self.value, str):
            raise self.refuse("text")
        return self.value

    def pattern(self, expression: str, expected: str) -> str:
        if not re.fullmatch(expression, self.text()):
            raise self.refuse(expected)
        return self.text()

    def number(self) -> int:
        if type(self.value) is not int:
            raise self.refuse("a whole number")
        return self.value

    def count(self) -> int:
        if type(self.value) is not int or self.value < 1:
            raise self.refuse("a whole number of 1 or more")
        return self.value

    def range(self) -> Range:
        ends = self.each(_At.number)
        if len(ends) != 2 or ends[0] > ends[1]:
            raise self.refuse("the lowest and the highest")
        return ends

    def any(self) -> Any:
        return self.value


def _recording(at: _At) -> Recording:
    _, made_with, kernels, not_recorded = at.fields(
        "schema", "made_with", "kernels", "not_recorded"
    )
    return Recording(_made_with(made_with), kernels.each(_kernel), not_recorded.each(_not_recorded))


def _made_with(at: _At) -> MadeWith:
    tritonbind, triton, python, devices = at.fields("tritonbind", "triton", "python", "devices")
    return MadeWith(
        tritonbind.each(_At.text),
        triton.each(_At.text),
        python.each(_At.text),
        devices.each(_device),
    )


def _device(at: _At) -> Device:
    return Device(*(field.text() for field in at.fields("name", "target")))


def _kernel(at: _At) -> Kernel:
    name, digest, parameters, wrappers, launches, grids, tuned = at.fields(
        "kernel", "digest", "parameters", "wrappers", "launches", "grids", "tuned"
    )
    return Kernel(
        name.pattern(r"[^:]+:[^:]+", "`module:qualified name`"),
        digest.pattern(r"[0-9a-f]{64}", "64 hex digits"),
        parameters.each(_At.text),
        wrappers.each(_At.text),
        launches.each(_launch),
        grids.each(_grid),
        tuned.each(_tuned),
    )


def _launch(at: _At) -> Launch:
    arguments, options, target, count, grid, values, shapes, examples = at.fields(
        *("arguments", "options", "target", "count"), *("grid", "values", "shapes", "examples")
    )
    ranges = grid.each(_At.range)
    if len(ranges) != 3:
        raise grid.refuse("three ranges")
    return Launch(
        arguments.by_name(_At.any),
        options.by_name(_At.any),
        target.text(),
        count.count(),
        ranges,
        _ranges(values),
        shapes.by_name(lambda shape: None if shape.value is None else shape.each(_At.range)),
        examples.each(_example),
    )


def _ranges(at: _At) -> Ranges:
    return at.by_name(_At.range)


def _example(at: _At) -> Example:
    values, shapes, grid = at.fields("values", "shapes", "grid")
    return Example(
        values.by_name(_At.any),
        shapes.by_name(lambda shape: shape.each(_At.number)),
        grid.each(_At.number),
    )


def _grid(at: _At) -> Grid:
    source, reads = at.fields("source", "reads")
    return Grid(source.text(), _ranges(reads))


def _tuned(at: _At) -> Tuned:
    key, rows = at.fields("key", "rows")
    return Tuned(key.each(_At.text), rows.each(_tuned_row))


def _tuned_row(at: _At) -> TunedRow:
    key, config, count = at.fields("key", "config", "count")
    return TunedRow(key.each(_At.any), config.by_name(_At.any), count.count())


def _not_recorded(at: _At) -> NotRecorded:
    kernel, reason, count = at.fields("kernel", "reason", "count")
    return NotRecorded(kernel.text(), reason.text(), count.count())
