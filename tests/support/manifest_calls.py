"""A function's entry in MANIFEST.json, asked which variant a call falls to. Needs no generator."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

Entry = Mapping[str, Any]


def variant_of(entry: Entry, call: Mapping[str, Any], computed: Mapping[str, Any]) -> str:
    """The label of the variant; in `call` a pointer is (dtype, address), or None.

    `computed` has what heuristics give.
    """
    found = configuration_of(entry, call, computed)
    for row in entry["calls"]:
        if all(_holds(one, call, computed, found) for one in row["conditions"]):
            return str(row["variant"])
    raise AssertionError("no row fits the call")


def configuration_of(entry: Entry, call: Mapping[str, Any], computed: Mapping[str, Any]) -> int:
    """The number of the call's configuration, 0 for a kernel that has none."""
    document = entry["configurations"]
    if document is None:
        return 0
    if document["argument"] is not None:
        return int(call[document["argument"]])
    for row in document["tuned"]:
        if all(_holds(one, call, computed, 0) for one in row["conditions"]):
            return int(row["configuration"])
    near = [
        (_distance(row["conditions"], call), row["configuration"])
        for row in document["tuned"]
        if document["takes_nearest"]
        and all(
            _holds(one, call, computed, 0) or one["kind"] == "value" for one in row["conditions"]
        )
    ]
    return int(min(near, key=lambda pair: pair[0])[1] if near else document["default"])


def _distance(conditions: Sequence[Mapping[str, Any]], call: Mapping[str, Any]) -> float:
    """By the ratios of the numbers in a key."""
    numbers = [
        (call[one["of"][0]] or 0, one["is"][0]) for one in conditions if one["kind"] == "value"
    ]
    return sum(abs(_logarithm(number) - _logarithm(of_row)) for number, of_row in numbers)


def _logarithm(number: int) -> float:
    """Of 1 + |number|, on straight lines between powers of two."""
    whole = (abs(number) + 1).bit_length() - 1
    return math.copysign(whole + (abs(number) + 1) / (1 << whole) - 1, number)


def variants_of_configuration(entry: Entry, number: int) -> Iterator[Mapping[str, Any]]:
    """The variants that calls with this configuration may fall to."""
    for row in entry["calls"]:
        kinds = {one["kind"]: one["is"] for one in row["conditions"]}
        if number in kinds.get("configuration", [number]):
            yield entry["variants"][row["variant"]]


def _holds(
    condition: Mapping[str, Any], call: Mapping[str, Any], computed: Mapping[str, Any], found: int
) -> bool:
    found_in = {**call, **computed}
    of = {name: found_in.get(name) for name in condition["of"]}
    if condition["kind"] == "configuration":
        of = {"": found}
    return HOLDS[condition["kind"]](of, condition["is"])


def _is_among(of: Mapping[str, Any], values: Sequence[Any]) -> bool:
    return all(one in values for one in of.values())


HOLDS: Mapping[str, Callable[[Mapping[str, Any], Sequence[Any]], bool]] = {
    "dtype": lambda of, values: all(one is None or one[0] in values for one in of.values()),
    "none": lambda of, values: all((one is None) in values for one in of.values()),
    "width": lambda of, values: all(_width(one) in values for one in of.values()),
    "constexpr": _is_among,
    "option": _is_among,
    "value": lambda of, values: all((one or 0) in values for one in of.values()),
    "configuration": _is_among,
    "heuristic": _is_among,
    "hints": lambda of, values: all(_has(of[name], hint) for name, hint in values[0].items()),
}
"""For each kind of condition, whether it holds of what a call has for the parameters."""


def _width(number: int | None) -> str:
    return "i32" if number is None or -(2**31) <= number < 2**31 else "i64"


def _has(value: Any, hint: int) -> bool:
    number = value[1] if isinstance(value, tuple) else value
    return bool(number == 1 if hint == 1 else number % 16 == 0)
