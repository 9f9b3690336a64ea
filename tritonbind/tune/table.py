"""The table that `tuned=` reads, and what it saves."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tritonbind import recording_file
from tritonbind.recording import Json
from tritonbind.tune.cover import cover
from tritonbind.tune.cuda import Device
from tritonbind.tune.functions import DEFAULT, Function
from tritonbind.tune.measurements import Measurements, Row

SCHEMA = "tritonbind.tuned/1"


@dataclass(frozen=True)
class Table:
    """The configuration for each key."""

    function: Function
    device: Device
    rows: tuple[tuple[Row, int], ...]
    """At least one."""

    @property
    def chosen(self) -> list[int]:
        """The configurations that it names, each once."""
        return sorted({number for _, number in self.rows})

    @property
    def default(self) -> int:
        """The configuration of calls that no key is near: that of most keys."""
        counts = Counter(number for _, number in self.rows)
        return min(counts, key=lambda number: (-counts[number], number))

    @property
    def gain(self) -> float | None:
        """How many times as fast as with the default calls are, as the geometric mean of the keys
        at which the default was measured; None without one."""
        ratios = []
        for row, number in self.rows:
            default = {**row.found.slower, **row.found.times}.get(DEFAULT)
            if default is not None:
                ratios.append(default / row.found.times[number])
        return math.exp(sum(map(math.log, ratios)) / len(ratios)) if ratios else None

    def write(self, path: Path) -> None:
        """As a whole. Raises TritonbindError where it cannot be written."""
        listed = self.function.configurations
        document = {
            "schema": SCHEMA,
            "function": self.function.name,
            "device": self.device.name,
            "driver": self.device.cuda,
            "default": pattern(listed[self.default]),
            "rows": [
                {"key": row.key, "config": pattern(listed[number])} for row, number in self.rows
            ],
        }
        recording_file.write_whole(f"{recording_file.laid_out(document)}\n", path)


def table_of(measurements: Measurements, tolerance: float) -> Table | None:
    """The table with the fewest configurations, each key within the tolerance of its best.

    Keys at which no configuration could be measured are not in it. None where that is all.
    """
    rows = [row for row in measurements.sorted_rows if row.found.times]
    if not rows:
        return None
    numbers = cover([row.found.times for row in rows], tolerance)
    pairs = tuple(zip(rows, numbers, strict=True))
    return Table(measurements.function, measurements.device, pairs)


def pattern(values: Mapping[str, Json]) -> dict[str, Json]:
    """A configuration as `tuned=` names it: by the values that JSON has."""
    return {name: one for name, one in values.items() if not isinstance(one, (dict, list))}


def ambiguous(function: Function) -> list[int]:
    """Configurations that no table can name, as another has the same values in JSON."""
    patterns = [pattern(values) for values in function.configurations]
    return [number for number, one in enumerate(patterns) if patterns.index(one) != number]
