"""What `tuned` says: the best configuration for each key, in a dict or in files of the project."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from codegen.model.declaration import Declaration, Key, Pattern, TunedRows
from codegen.model.errors import CodegenError, shown, told
from codegen.model.options import OPTIONS, REFUSED
from codegen.model.paths import read_file

SCHEMA = "tritonbind.tuned/1"
"""Of a file that `tritonbind tune` wrote."""


def table_of(declaration: Declaration) -> TunedRows:
    """The table that a declaration gives; an empty one without. Raises `CodegenError`."""
    tuned = declaration.tuned
    if isinstance(tuned, TunedRows):
        return tuned
    if isinstance(tuned, Mapping):
        rows = ((key if isinstance(key, tuple) else (key,), dict(v)) for key, v in tuned.items())
        return TunedRows(tuple(rows))
    if tuned is None:
        return TunedRows()
    folder = Path(declaration.location.path).parent
    if Path(tuned).is_absolute() or ".." in Path(tuned).parts or not tuned.endswith(".json"):
        raise CodegenError(
            f"tuned must be a .json file beside the kernel file or below, got {tuned!r}",
            hint="keep the table there, where changes of it are noticed",
        )
    paths = sorted(folder.glob(tuned))
    if not paths:
        raise CodegenError(
            f"there is no file {shown(folder / tuned)}",
            hint="copy Triton's *.autotune.json files there, or write the table by hand",
        )
    return _joined({path: _read(path) for path in paths})


def _joined(tables: Mapping[Path, TunedRows]) -> TunedRows:
    """One table of several files, which may not contradict one another."""
    joined: dict[Key, Pattern] = {}
    for path, table in tables.items():
        for key, pattern in table.rows:
            if joined.setdefault(key, pattern) != pattern:
                raise CodegenError(
                    f"the key {list(key)!r} has two configurations in {shown(path.parent)}",
                    hint="remove the older file",
                )
    defaults = [table.default for table in tables.values() if table.default is not None]
    if any(default != defaults[0] for default in defaults):
        raise CodegenError(
            f"calls with other keys have two configurations in {shown(next(iter(tables)).parent)}",
            hint="remove the older file, or tune into one",
        )
    takes_nearest = any(table.takes_nearest for table in tables.values())
    return TunedRows(tuple(joined.items()), next(iter(defaults), None), takes_nearest)


def _read(path: Path) -> TunedRows:
    """Of a file: what `tritonbind tune` wrote, Triton's own (one key and its timings), or a list of
    key and config."""
    try:
        document = json.loads(read_file(path))
        if isinstance(document, dict) and document.get("schema") == SCHEMA:
            return TunedRows(_rows(document["rows"]), dict(document["default"]), takes_nearest=True)
        return TunedRows(_rows(document if isinstance(document, list) else [document]))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise CodegenError(
            f"{shown(path)} is no table of tuned configurations: {told(error)}",
            hint='write a list of {"key": [...], "config": {...}}, or copy an *.autotune.json',
        ) from error


def _rows(entries: list[Mapping[str, Any]]) -> tuple[tuple[Key, Pattern], ...]:
    return tuple((tuple(map(frozen, entry["key"])), _best(entry)) for entry in entries)


def _best(entry: Mapping[str, Any]) -> Mapping[str, object]:
    if "config" in entry:
        return dict(entry["config"])
    best, _ = min(entry["configs_timings"], key=lambda pair: pair[1])
    # Triton takes Config's own argument, unless it is None, of what stands among its kwargs too.
    own = {name: best[name] for name in best if name in OPTIONS or name in REFUSED}
    return {**own, **best["kwargs"], **{n: value for n, value in own.items() if value is not None}}


def frozen(value: Any) -> object:
    """A value of JSON, with tuples for lists, as a key has them."""
    return tuple(map(frozen, value)) if isinstance(value, list) else value
