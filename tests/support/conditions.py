"""The manifest's account of a function's calls, interpreted."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from typing import Any

from codegen.model.plan import Plan
from codegen.render.manifest_entries import functions_of

from . import manifest_calls

Entry = Mapping[str, Any]


@functools.cache
def _entries() -> dict[int, tuple[Plan, Entry]]:
    return {}


def entry_of(plan: Plan) -> Entry:
    """What the manifest says of a plan, through JSON."""
    known = _entries()
    if id(plan) not in known:
        name = plan.kernel.name
        document = json.loads(json.dumps(functions_of([plan]), sort_keys=True))
        known[id(plan)] = plan, document[name]
    return known[id(plan)][1]


def variant_of(plan: Plan, call: Mapping[str, Any], computed: Mapping[str, Any]) -> str:
    """The variant of a call, in which a pointer is (dtype, address), by the manifest alone.

    `computed` has what heuristics give.
    """
    return manifest_calls.variant_of(entry_of(plan), call, computed)
