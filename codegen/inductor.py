"""What `torch.compile` says of the kernels that it writes: their types, and values compiled in."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from codegen.export import Declaration


def with_types_of_torch(declaration: Declaration, wrappers: Sequence[object]) -> Declaration:
    """The declaration, with what it leaves open as the launchers around the kernel have it."""
    for wrapper in wrappers:
        meta = getattr(wrapper, "triton_meta", None)
        if isinstance(meta, Mapping) and isinstance(meta.get("signature"), Mapping):
            values = dict(meta.get("constants") or {})
            named = {*declaration.types, *declaration.constexprs, *values}
            types = {name: type_ for name, type_ in _types(meta) if name not in named}
            given = {n: v for n, v in values.items() if n not in declaration.types}
            return dataclasses.replace(
                declaration,
                types={**types, **declaration.types},
                constexprs={**given, **declaration.constexprs},
            )
    return declaration


def _types(meta: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The run-time parameters with their types; ints that were multiples of 16 are hinted so."""
    attributes: object = next(iter(meta.get("configs") or ()), None)
    types = []
    for place, (name, type_) in enumerate(meta["signature"].items()):
        if type_ == "constexpr":
            continue
        facts = attributes.get((place,), ()) if isinstance(attributes, Mapping) else ()
        is_hinted = ["tt.divisibility", 16] in facts and not type_.startswith("*")
        types.append((name, f"{type_}:16" if is_hinted else type_))
    return types
