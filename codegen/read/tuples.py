"""Parameters that are tuples: each leaf is a parameter of its own, until the compiler gets them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from triton.runtime.jit import JITFunction

from codegen.model.declaration import Declaration
from codegen.model.errors import CodegenError, about
from codegen.model.kernel import Variant
from codegen.model.tuple_shapes import TupleShape
from codegen.variants.given_options import with_debug


@dataclasses.dataclass(frozen=True)
class Leaf:
    """A leaf, as Triton's `KernelParam` describes a parameter.

    What the kernel says of the whole parameter, such as not to specialise it, Triton ignores here.
    """

    name: str
    has_default: bool = False
    default: object = None
    annotation_type: str = ""
    is_constexpr: bool = False
    is_const: bool = False
    do_not_specialize: bool = False
    do_not_specialize_on_alignment: bool = False


@dataclasses.dataclass(frozen=True)
class Spread:
    """A kernel as if its tuples had been written out."""

    types: Mapping[str, Any]
    """Those that the declaration gives, of leaves instead of tuples."""
    constexprs: Mapping[str, object]
    """The values, likewise."""
    options: Mapping[str, object]
    """Those of the declaration, and the decorator's `debug`."""
    params: tuple[Any, ...]
    """Triton's `KernelParam`s and `Leaf`s, in order."""
    tuples: tuple[tuple[str, TupleShape], ...]
    """The parameters that are tuples."""
    owners: Mapping[str, str]
    """The parameter that each leaf belongs to."""
    is_launched: bool = False
    """The declaration lists launches; then constexprs have whatever values these had."""

    @property
    def names(self) -> list[str]:
        return [raw.name for raw in self.params]


def spread(declaration: Declaration, function: JITFunction[Any]) -> Spread:
    """The leaves of the parameters to which `types` gives tuples. Raises `CodegenError`."""
    types = dict(declaration.types)
    constexprs = dict(declaration.constexprs)
    spread_params: list[Any] = []
    tuples = []
    owners: dict[str, str] = {}
    for raw in function.params:
        declared = declaration.types.get(raw.name)
        with about(f"parameter `{raw.name}`"):
            _check(declaration, raw, declared)
        if not isinstance(declared, tuple) or raw.is_constexpr:
            spread_params.append(raw)
            continue
        del types[raw.name]
        tuples.append((raw.name, _shape_of(raw.name, declared)))
        for name, entry, default in _leaves(raw.name, declared, raw.default):
            owners[name] = raw.name
            spread_params.append(Leaf(name, default is not None, default))
            if isinstance(entry, str):
                types[name] = entry
            else:
                constexprs[name] = [entry]
    _check_names([raw.name for raw in spread_params], owners)
    options = with_debug(declaration, function)
    return Spread(
        types,
        constexprs,
        options,
        tuple(spread_params),
        tuple(tuples),
        owners,
        declaration.launches is not None,
    )


def nested_signature(variant: Variant, names: Sequence[str]) -> dict[str, Any]:
    """The types by the kernel's own parameters, as Triton's JIT puts them together.

    A tuple has a tuple of types, a namedtuple one that has its fields.
    """
    types, tuples = dict(variant.signature), dict(variant.tuples)
    return {name: tuples[name].filled(types) if name in tuples else types[name] for name in names}


def paths_of(variant: Variant, names: Sequence[str]) -> dict[str, tuple[int, ...]]:
    """Where each entry of the variant's signature stands in `nested_signature`."""
    tuples = dict(variant.tuples)
    return {
        leaf: path
        for index, name in enumerate(names)
        for leaf, path in (tuples[name].paths((index,)) if name in tuples else [(name, (index,))])
    }


def flattened(entries: Iterable[Any]) -> Iterator[Any]:
    """The entries, with tuples opened."""
    for entry in entries:
        yield from flattened(entry) if isinstance(entry, tuple) else (entry,)


def _shape_of(name: str, declared: tuple[Any, ...]) -> TupleShape:
    names = _entry_names(name, declared)
    entries = (
        _shape_of(inner, entry) if isinstance(entry, tuple) else inner
        for inner, entry in zip(names, declared, strict=True)
    )
    return TupleShape(tuple(entries), _fields(declared))


def _leaves(
    name: str, declared: tuple[Any, ...], default: object
) -> Iterator[tuple[str, object, object]]:
    """The name of each leaf, what is declared of it, and its default if the kernel has one."""
    is_alike = isinstance(default, tuple) and len(default) == len(declared)
    defaults = default if is_alike and isinstance(default, tuple) else [None] * len(declared)
    names = _entry_names(name, declared)
    for inner, entry, value in zip(names, declared, defaults, strict=True):
        if isinstance(entry, tuple):
            yield from _leaves(inner, entry, value)
        else:
            yield inner, entry, value


def _entry_names(name: str, declared: tuple[Any, ...]) -> list[str]:
    places = _fields(declared) or range(len(declared))
    return [f"{name}_{place}" for place in places]


def _fields(declared: tuple[Any, ...]) -> tuple[str, ...] | None:
    """The names of a namedtuple's entries; Triton does not look for those of a base class."""
    return type(declared).__dict__.get("_fields")


def _check(declaration: Declaration, raw: Any, declared: object) -> None:
    is_variadic = raw._param.kind is raw._param.VAR_POSITIONAL
    if is_variadic and not isinstance(declared, tuple) and raw.name not in declaration.constexprs:
        is_named = raw.name in declaration.types
        got = f"gives it {declared!r}" if is_named else "does not name it"
        message, hint = (
            f"it is a tuple, *{raw.name}, and types {got}",
            f'give the type of each entry: types={{"{raw.name}": ("*fp32", "i32")}}',
        )
    elif isinstance(declared, tuple) and raw.name in declaration.constexprs:
        message, hint = (
            f"constexprs gives it a value, and types gives it `{declared}`",
            "leave it out of one of them",
        )
    elif isinstance(declared, tuple) and raw.annotation_type:
        message, hint = (
            f"types gives it a tuple, and the kernel annotates it as `{raw.annotation_type}`",
            "give it one type, or remove the annotation",
        )
    else:
        return
    raise CodegenError(message, hint=hint)


def _check_names(names: Sequence[str], owners: Mapping[str, str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise CodegenError(
                f"an entry of it becomes the argument `{name}`, and another argument is called so "
                "too",
                subject=f"parameter `{owners[name]}`",
                hint="rename one of them in the kernel",
            )
