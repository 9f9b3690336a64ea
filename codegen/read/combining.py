"""One `Kernel` from what its file says for each SM: what may differ, and what must be equal."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from codegen.model.constexpr_values import canonical
from codegen.model.errors import CodegenError, about
from codegen.model.kernel import Kernel
from codegen.model.parameters import Constexpr

_MAY_DIFFER = (
    *("location", "identity", "source_key", "source_keys", "made_of", "made_of_for", "sources"),
    *("lacking", "lacking_for"),
)


def combine(views: Mapping[int, Kernel]) -> Kernel:
    """The kernel that `views` shows by capability. Raises `CodegenError` where they contradict."""
    first = next(iter(views.values()))
    hint = "export the kernel under a name for each of them, with targets=[...]"
    with about(f"`{first.name}`", first.location, hint):
        for what, values in _differing(views):
            if what not in _MAY_DIFFER:
                raise _contradiction(*_innermost(what, values))
    return dataclasses.replace(
        first,
        source_keys=_source_keys(views),
        made_of_for={capability: view.made_of for capability, view in views.items()},
        sources={name: sum_ for view in views.values() for name, sum_ in view.sources.items()},
        lacking=(),
        lacking_for={capability: view.lacking for capability, view in views.items()},
    )


def _source_keys(views: Mapping[int, Kernel]) -> dict[int, str]:
    """As a project of one SM has it; functions among constexprs may have another source for each
    SM, and then it stands for them too."""
    given = {
        capability: [canonical(p.choices) for p in view.parameters if isinstance(p, Constexpr)]
        for capability, view in views.items()
    }
    if not _differ(given):
        return {capability: view.source_key for capability, view in views.items()}
    texts = {c: json.dumps([view.source_key, given[c]]) for c, view in views.items()}
    return {c: hashlib.sha256(text.encode()).hexdigest() for c, text in texts.items()}


def _innermost(what: str, values: Mapping[int, Any]) -> tuple[str, Mapping[int, Any]]:
    """The smallest part of a field that differs, and what to call it."""
    if what == "grid":
        return what, {capability: grid.axes for capability, grid in values.items()}
    if what == "options":
        return next(_differing(values))
    if what != "parameters":
        return what, values
    names = {capability: [p.name for p in parameters] for capability, parameters in values.items()}
    if _differ(names):
        return what, names
    for place, name in enumerate(next(iter(names.values()))):
        of_name = {capability: parameters[place] for capability, parameters in values.items()}
        if len({type(parameter) for parameter in of_name.values()}) > 1:
            return f"kind of parameter `{name}`", {c: type(p).__name__ for c, p in of_name.items()}
        for field, parts in _differing(of_name):
            return f"{field} of parameter `{name}`", parts
    raise AssertionError(values)


def _differing(values: Mapping[int, Any]) -> Iterator[tuple[str, Mapping[int, Any]]]:
    """The fields in which dataclasses of one kind differ, with their values."""
    for field in dataclasses.fields(next(iter(values.values()))):
        parts = {capability: getattr(value, field.name) for capability, value in values.items()}
        if _differ(parts):
            yield field.name, parts


def _contradiction(what: str, values: Mapping[int, Any]) -> CodegenError:
    groups: dict[str, list[int]] = {}
    for capability, value in values.items():
        text = ", ".join(map(str, value)) if isinstance(value, (tuple, list)) else str(value)
        groups.setdefault(text, []).append(capability)
    said = [f"`{text}` for {sms(capabilities)}" for text, capabilities in groups.items()]
    return CodegenError(f"the {what} may not depend on the SM, got {' and '.join(said)}")


def _differ(values: Mapping[int, Any]) -> bool:
    first = next(iter(values.values()))
    return any(value != first for value in values.values())


def sms(capabilities: Sequence[int]) -> str:
    return ", ".join(f"sm_{capability}" for capability in capabilities)
