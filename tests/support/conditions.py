"""The manifest's account of a function's calls, interpreted."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from typing import Any

from codegen.manifest import functions_of
from codegen.model import Plan

Entry = Mapping[str, Any]


@functools.cache
def _entries() -> dict[int, tuple[Plan, Entry]]:
    return {}


def entry_of(plan: Plan) -> Entry:
    """What the manifest says of a plan, through JSON."""
    known = _entries()
    if id(plan) not in known:
        name = plan.kernel.name
        paths = {
            (name, binary.variant.label, image.target.name): "file"
            for binary in plan.binaries
            for image in binary.images
        }
        document = json.loads(json.dumps(functions_of([plan], paths), sort_keys=True))
        known[id(plan)] = plan, document[name]
    return known[id(plan)][1]


def variant_of(plan: Plan, call: Mapping[str, Any], computed: Mapping[str, Any]) -> str:
    """The variant of a call, in which a pointer is (dtype, address), by the manifest alone.

    `computed` has what heuristics give.
    """
    entry = entry_of(plan)
    found = _configuration(entry["configurations"], call, computed)
    for row in entry["calls"]:
        if all(_holds(one, call, computed, found) for one in row["conditions"]):
            return str(row["variant"])
    raise AssertionError("no row fits the call")


def _configuration(
    document: Mapping[str, Any] | None, call: Mapping[str, Any], computed: Mapping[str, Any]
) -> int:
    if document is None:
        return 0
    if document["argument"] is not None:
        return int(call[document["argument"]])
    for row in document["tuned"]:
        if all(_holds(one, call, computed, 0) for one in row["conditions"]):
            return int(row["configuration"])
    return int(document["default"])


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
