"""Recordings as files: JSON that people can read, checked when it is read, written as a whole."""

from __future__ import annotations

import json
import os
from pathlib import Path

from tritonbind.document import At
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
_encoded = json.JSONEncoder(ensure_ascii=False).encode
_VALUES = (("constexpr",), ("repr",))
"""The keys of arguments that are no types."""
_AGAIN = "record again, or merge again from recordings that are whole"


def read(path: Path | str) -> Recording:
    """The recording in a file. Raises `TritonbindError` for what is none."""
    try:
        document = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise TritonbindError(f"{path}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
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
    if type(value) is int:  # most of a recording
        return f"{name}{value}"
    if not isinstance(value, (dict, list, tuple)) or not value:
        return name + _encoded(value)
    if isinstance(value, dict):
        items = [laid_out(value[key], indent + 2, f"{_encoded(key)}: ") for key in value]
    else:
        items = [laid_out(held, indent + 2) for held in value]
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    length = indent + len(name) + sum(map(len, items)) + 2 * len(items)
    if length < _COLUMNS and not any("\n" in item for item in items):
        return f"{name}{opening}{', '.join(items)}{closing}"
    inner = "\n" + " " * (indent + 2)
    return f"{name}{opening}{inner}{f',{inner}'.join(items)}\n{' ' * indent}{closing}"


def from_json(document: Json, path: str) -> Recording:
    """The recording that a document is. Raises `TritonbindError`, which names `path`."""
    schema = document.get("schema") if isinstance(document, dict) else None
    if schema != SCHEMA:
        raise TritonbindError(
            f'{path}: expected a recording ("schema": "{SCHEMA}"), got "schema": '
            f"{json.dumps(schema)}",
            hint="name a file that this version of `tritonbind record` wrote",
        )
    return _recording(At(path, document, _AGAIN))


def _range(at: At) -> Range:
    ends = at.numbers()
    if len(ends) != 2 or ends[0] > ends[1]:
        raise at.refuse("the lowest and the highest")
    return ends


def _recording(at: At) -> Recording:
    _, made_with, kernels, not_recorded = at.fields(
        "schema", "made_with", "kernels", "not_recorded"
    )
    return Recording(_made_with(made_with), kernels.each(_kernel), not_recorded.each(_not_recorded))


def _made_with(at: At) -> MadeWith:
    tritonbind, triton, python, devices = at.fields("tritonbind", "triton", "python", "devices")
    return MadeWith(
        tritonbind.each(At.text),
        triton.each(At.text),
        python.each(At.text),
        devices.each(_device),
    )


def _device(at: At) -> Device:
    return Device(*(field.text() for field in at.fields("name", "target")))


def _kernel(at: At) -> Kernel:
    name, digest, parameters, wrappers, launches, grids, tuned = at.fields(
        "kernel", "digest", "parameters", "wrappers", "launches", "grids", "tuned"
    )
    return Kernel(
        name.pattern(r"[^:]+:[^:]+", "`module:qualified name`"),
        digest.pattern(r"[0-9a-f]{64}", "64 hex digits"),
        parameters.each(At.text),
        wrappers.each(At.text),
        launches.each(_launch),
        grids.each(_grid),
        tuned.each(_tuned),
    )


def _launch(at: At) -> Launch:
    arguments, options, target, count, grid, values, shapes, examples = at.fields(
        *("arguments", "options", "target", "count"), *("grid", "values", "shapes", "examples")
    )
    ranges = grid.each(_range)
    if len(ranges) != 3:
        raise grid.refuse("three ranges")
    return Launch(
        arguments.by_name(_argument),
        options.by_name(At.any),
        target.text(),
        count.count(),
        ranges,
        _ranges(values),
        shapes.by_name(lambda shape: None if shape.value is None else shape.each(_range)),
        examples.each(_example),
    )


def _argument(at: At) -> Json:
    """What a parameter was, in the notation of `tritonbind.arguments`."""
    if isinstance(at.value, list):
        at.each(_argument)
        return at.value
    is_value = isinstance(at.value, dict) and tuple(at.value) in _VALUES
    if not (is_value or at.value is None or isinstance(at.value, str)):
        raise at.refuse('a type, null, a list of these, {"constexpr": ...} or {"repr": ...}')
    return at.value


def _ranges(at: At) -> Ranges:
    return at.by_name(_range)


def _example(at: At) -> Example:
    values, shapes, grid = at.fields("values", "shapes", "grid")
    return Example(
        values.by_name(At.any),
        shapes.by_name(At.numbers),
        grid.numbers(),
    )


def _grid(at: At) -> Grid:
    source, reads = at.fields("source", "reads")
    return Grid(source.text(), _ranges(reads))


def _tuned(at: At) -> Tuned:
    key, rows = at.fields("key", "rows")
    return Tuned(key.each(At.text), rows.each(_tuned_row))


def _tuned_row(at: At) -> TunedRow:
    key, config, count = at.fields("key", "config", "count")
    return TunedRow(key.each(At.any), config.by_name(At.any), count.count())


def _not_recorded(at: At) -> NotRecorded:
    kernel, reason, count = at.fields("kernel", "reason", "count")
    return NotRecorded(kernel.text(), reason.text(), count.count())
