"""What a library does with a table of `tritonbind tune`: which configuration a key gets."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

Key = tuple[Any, ...]


def read(path: Path) -> Mapping[str, Any]:
    return json.loads(path.read_text())


def chosen(table: Mapping[str, Any], key: Key) -> Mapping[str, Any]:
    """The configuration of the nearest key: else equal, with numbers of the nearest ratios."""
    near = [(_distance(key, row["key"]), row["config"]) for row in table["rows"]]
    fitting = [pair for pair in near if pair[0] < math.inf]
    return min(fitting, key=lambda pair: pair[0])[1] if fitting else table["default"]


def _distance(key: Key, other: list[Any]) -> float:
    pairs = list(zip(key, other, strict=True))
    numbers = [pair for pair in pairs if all(type(one) is int for one in pair)]
    if any(one != two for one, two in pairs if (one, two) not in numbers):
        return math.inf
    return sum(abs(_logarithm(one) - _logarithm(two)) for one, two in numbers)


def _logarithm(number: int) -> float:
    """Of 1 + |number|, on straight lines between powers of two."""
    whole = (abs(number) + 1).bit_length() - 1
    return math.copysign(whole + (abs(number) + 1) / (1 << whole) - 1, number)
