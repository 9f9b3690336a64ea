"""What a call loses when one argument is not as a hinted variant assumes, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from codegen.model.kernel import GENERIC, HINTED
from codegen.variants.axes.hints import HintsAxis

Conditions = Mapping[tuple[str, tuple[str, ...]], Sequence[Any]]
Facts = Mapping[str, int]
Row = tuple[str, Conditions, Facts]
"""A variant, when a call gets it, and what it assumes of arguments besides."""


def losses(entry: Mapping[str, Any]) -> Iterator[str]:
    """A sentence for each hinted variant of a manifest's entry, and each kind of argument.

    What the aligned and generic variants of several choices have in common is said once, of both
    without the choices. There is none of a function whose launches are listed: it has what they
    assumed.
    """
    if entry["combinations"] is not None:
        return
    rows = [_row(call) for call in entry["calls"]]
    pointers = set(entry["pointers"])
    said: dict[tuple[str, str, str], dict[tuple[str, str], None]] = {}
    for label, conditions, facts in rows:
        groups: dict[tuple[str, str, tuple[str, ...]], list[str]] = {}
        facts = _in_order(entry["variants"][label], facts)
        for name, number in facts.items():
            left = {other: facts[other] for other in facts if other != name}
            labels, kept = _fallback(rows, conditions, left)
            if labels:
                kind = _kind(name, number, pointers)
                groups.setdefault((kind, labels, tuple(kept)), []).append(name)
        for (kind, labels, kept_names), names in groups.items():
            rest = [name for name in facts if name not in (*kept_names, *names)]
            which = names[0] if len(names) == 1 else f"any of {', '.join(names)}"
            lost_kinds = [
                f"{what} of {', '.join(ones)}" for what, ones in _lost(rest, facts, pointers)
            ]
            others = ["what is assumed of the others"] * (len(names) > 1)
            loses = " and ".join([*lost_kinds, *others])
            tail = f", and loses {loses}" if loses else ""
            if loses:
                tail += f"; {_remedy(entry, label, facts, names)}"
            choice = label.removesuffix(HINTED)
            is_plain = label.endswith(HINTED) and labels == choice + GENERIC
            key = (f"with {which} {kind}", tail, "" if is_plain else label)
            said.setdefault(key, {})[label, labels] = None
    for (call, tail, _), pairs in said.items():
        hinted, lesser = next(iter(pairs)) if len(pairs) == 1 else (HINTED, GENERIC)
        yield f"{hinted} {call}: {lesser}{tail}"


def _row(call: Mapping[str, Any]) -> Row:
    conditions: dict[tuple[str, tuple[str, ...]], Sequence[Any]] = {}
    facts: Facts = {}
    for condition in call["conditions"]:
        if condition["kind"] == HintsAxis.kind:
            (facts,) = condition["is"]
        else:
            conditions[condition["kind"], tuple(condition["of"])] = condition["is"]
    return call["variant"], conditions, facts


def _remedy(entry: Mapping[str, Any], label: str, facts: Facts, names: Sequence[str]) -> str:
    """The `cases` with which such a call keeps what is assumed of the others."""
    absent = {
        name for name, value in entry["variants"][label]["constexprs"].items() if value == "None"
    }
    hints = {name: hint for name, hint in entry["hints"].items() if name not in absent}
    cases = []
    for case in (facts, {**facts, names[0]: None}):
        changes = {
            name: case.get(name) for name in {**hints, **case} if case.get(name) != hints.get(name)
        }
        cases.append("{" + ", ".join(f'"{name}": {hint}' for name, hint in changes.items()) + "}")
    where = f", where that is {names[0]} alone" if len(names) > 1 else ""
    return f"cases=[{', '.join(cases)}] would keep it{where}"


def _in_order(variant: Mapping[str, Any], facts: Facts) -> Facts:
    """As the kernel has its parameters; those that are compiled in come last."""
    order = [name for name, _ in variant["parameters"]]
    names = sorted(facts, key=lambda name: order.index(name) if name in order else len(order))
    return {name: facts[name] for name in names}


def _fallback(rows: Sequence[Row], conditions: Conditions, facts: Facts) -> tuple[str, Facts]:
    """The variants that calls with these conditions get where these facts alone hold, those that
    assume most first; and what the last of them assumes, which takes all that are left."""
    labels: dict[str, None] = {}
    for label, others, assumed in rows:
        shared = conditions.keys() & others.keys()
        is_possible = all(any(one in others[key] for one in conditions[key]) for key in shared)
        if is_possible and assumed.items() <= facts.items():
            labels[label] = None
            if all(
                key in conditions and all(one in others[key] for one in conditions[key])
                for key in others
            ):
                return " or ".join(labels), assumed
    return "", {}


def _kind(name: str, number: int, pointers: set[str]) -> str:
    """How an argument is that is not as assumed."""
    if name in pointers:
        return "not aligned"
    return "not 1" if number == 1 else "not divisible by 16"


def _lost(
    names: Sequence[str], facts: Facts, pointers: set[str]
) -> Iterator[tuple[str, list[str]]]:
    for what, kind in _LOST.items():
        found = [name for name in names if _kind(name, facts[name], pointers) == kind]
        if found:
            yield what, found


_LOST = {
    "the alignment": "not aligned",
    "the divisibility": "not divisible by 16",
    "the constant 1": "not 1",
}
