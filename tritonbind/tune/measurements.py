"""What was measured, in a file beside the table: a later run measures what is missing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tritonbind import recording_file
from tritonbind.errors import TritonbindError
from tritonbind.recording import Json
from tritonbind.tune.cases import Case, Key, in_order
from tritonbind.tune.cuda import Device
from tritonbind.tune.functions import Function
from tritonbind.tune.search import Found

SCHEMA = "tritonbind.measurements/1"


@dataclass(frozen=True)
class Row:
    """What was measured of one key. Times are microseconds, the geometric mean of its cases."""

    key: Key
    cases: tuple[Case, ...]
    found: Found


@dataclass
class Measurements:
    """Of one function, on one device."""

    function: Function
    device: Device
    rows: dict[str, Row] = field(default_factory=dict)
    """By the text of the key."""
    refused: list[Key] = field(default_factory=list)
    """The keys of this run at which nothing can be launched."""

    def has(self, key: Key, cases: tuple[Case, ...]) -> bool:
        row = self.rows.get(json.dumps(key))
        return row is not None and row.cases == cases

    def add(self, row: Row) -> None:
        self.rows[json.dumps(row.key)] = row

    @property
    def sorted_rows(self) -> list[Row]:
        return sorted(self.rows.values(), key=lambda row: in_order(row.key))

    @property
    def made_of(self) -> Json:
        """Measurements of anything else are of no use."""
        return {
            "function": self.function.name,
            "digest": self.function.digest,
            "device": asdict(self.device),
        }

    def write(self, path: Path) -> None:
        """As a whole. Raises TritonbindError where it cannot be written."""
        rows = [_to_json(row) for row in self.sorted_rows]
        document = {"schema": SCHEMA, **self.made_of, "keys": rows}
        recording_file.write_whole(f"{recording_file.laid_out(document)}\n", path)


def read(path: Path, function: Function, device: Device) -> tuple[Measurements, str | None]:
    """What a file has of a function and a device; and why nothing, where it has something else.

    Raises:
        TritonbindError: the file cannot be read, or is none.
    """
    empty = Measurements(function, device)
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if document["schema"] != SCHEMA:
            raise ValueError(f"its schema is {document['schema']}")
        for name, value in json.loads(json.dumps(empty.made_of)).items():
            if document[name] != value:
                return empty, f"{path} is of another {_SAID[name]}: all is measured again"
        rows = {json.dumps(row["key"]): _from_json(row) for row in document["keys"]}
    except FileNotFoundError:
        return empty, None
    except OSError as error:
        raise TritonbindError(f"{path}: {error.strerror}") from error
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise TritonbindError(
            f"{path} has no measurements of `tritonbind tune`: {error}",
            "remove it; all is measured again then",
        ) from error
    return Measurements(function, device, rows), None


_SAID = {"function": "function", "digest": "build of the package", "device": "GPU or driver"}


def _to_json(row: Row) -> Json:
    found = row.found
    return {
        "key": row.key,
        "cases": [case.as_json() for case in row.cases],
        "times": _by_text(found.times),
        "slower": _by_text(found.slower),
        "failed": _by_text(found.failed),
    }


def _by_text(found: Mapping[int, Any]) -> Json:
    return {
        str(number): round(one, 3) if isinstance(one, float) else one
        for number, one in sorted(found.items())
    }


def _from_json(row: Json) -> Row:
    times, slower, failed = (
        {int(number): one for number, one in row[name].items()}
        for name in ("times", "slower", "failed")
    )
    cases = tuple(Case.from_json(case) for case in row["cases"])
    return Row(tuple(row["key"]), cases, Found(times, slower, failed))
