"""A function's entry in MANIFEST.json, asked which variant a call falls to. Needs no generator."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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
    return int(document["default"])


def variants_of_configuration(entry: Entry, number: int) -> Iterator[Mapping[str, Any]]:
    """The variants that calls with this configuration may fall to."""
    for row in entry["calls"]:
        kinds = {one["kind"]: one["is"] for one in row["conditions"]}
        if number in kinds.get("configuration", [number]):
            yield entry["variants"][row["variant"]]


def _holds(
    condition: Mapping[str, Any], call: Mapping[str, Any], computed: Mapping[str, Any], found: int
) -> bool:
    names, values = condition["of"], condition["is"]
    match condition["kind"]:
        case "dtype":
            return all(call[name] is None or call[name][0] in values for name in names)
        case "none":
            return (call[names[0]] is None) in values
        case "width":
            fits = call[names[0]] is None or -(2**31) <= call[names[0]] < 2**31
            return ("i32" if fits else "i64") in values
        case "constexpr":
            return call[names[0]] in values
        case "value":
            return (call[names[0]] or 0) in values
        case "configuration":
            return found in values
        case "heuristic":
            return computed[names[0]] in values
        case "hints":
            (facts,) = values
            return all(_has(call[name], hint) for name, hint in facts.items())
    raise AssertionError(f"a condition of no known kind: {condition}")


def _has(value: Any, hint: int) -> bool:
    number = value[1] if isinstance(value, tuple) else value
    return bool(number == 1 if hint == 1 else number % 16 == 0)
