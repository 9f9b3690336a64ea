"""A declaration in full, and whether it fits the kernel that it stands above."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from triton.runtime.jit import JITFunction

from codegen.model.declaration import EXPLICIT, Declaration
from codegen.model.errors import CodegenError, meant
from codegen.model.identifiers import GRID_NAMES
from codegen.model.options import OPTIONS
from codegen.model.patterns import without_patterns
from codegen.model.triton_version import current, missing
from codegen.read.inductor import said_by_torch
from codegen.read.launches import as_launched
from codegen.variants.decorators import computed_options
from codegen.variants.given_options import check_names


def in_full(
    declaration: Declaration, function: JITFunction[Any], decorators: Sequence[object]
) -> Declaration:
    """As written, with what its launches say, or torch.compile where it leaves something open, and
    with an entry for each parameter that one of its patterns fits. Raises `CodegenError`."""
    if declaration.launches is not None:
        return as_launched(declaration, declaration.launches, function, decorators)
    types, constexprs, options = said_by_torch(declaration, decorators)
    types, constexprs = without_patterns(
        {**types, **declaration.types}, {**constexprs, **declaration.constexprs}, function.params
    )
    options = {**options, **declaration.options}
    return replace(declaration, types=types, constexprs=constexprs, options=options)


def check_fits(
    declaration: Declaration, function: JITFunction[Any], decorators: Sequence[object]
) -> None:
    """Raise `CodegenError` for what the kernel cannot have, or what the declaration names and the
    kernel does not have."""
    for raw in function.params:
        _check_kind(raw)
    names = [raw.name for raw in function.params]
    _check_known("types", declaration.types, names)
    computed = computed_options(declaration, decorators)
    _check_known("constexprs", declaration.constexprs, [*names, *computed])
    check_names(declaration, function.params)
    if function.pre_run_hooks and declaration.hooks != "caller":
        raise CodegenError(
            "the kernel has a hook that Triton runs before each launch and that cannot be compiled",
            hint='do in the caller what it does, and say so: hooks="caller"',
        )


def check_arguments(declaration: Declaration, names: Sequence[str]) -> None:
    """Raise `CodegenError` for what the declaration says of parameters one by one, whose tuples
    are written out."""
    _check_known("shapes", declaration.shapes, names)
    clash = set(GRID_NAMES) & set(names)
    if declaration.grid == EXPLICIT and clash:
        raise CodegenError(
            f"an explicit grid adds gx, gy and gz, and the kernel has a parameter `{min(clash)}` "
            "of its own",
            hint="rename it in the kernel, or write the grid as a function",
        )


def _check_kind(raw: Any) -> None:
    kind = raw._param.kind
    if kind == kind.POSITIONAL_ONLY:
        raise CodegenError(
            "it is positional-only, and Triton compiles such a kernel with the values of other "
            "parameters in its place",
            subject=f"parameter `{raw.name}`",
            hint="remove the `/` from the kernel's signature",
        )
    what = f"a {kind.description} parameter"
    if kind in (kind.KEYWORD_ONLY, kind.VAR_KEYWORD) and what not in current().language:
        message, hint = missing(what)
        raise CodegenError(message, subject=f"parameter `{raw.name}`", hint=hint)


def _check_known(what: str, mapping: Mapping[str, object], names: Collection[str]) -> None:
    for name in mapping:
        if name not in names:
            hint = meant(name, names, f"the kernel's parameters are {', '.join(names)}")
            if what == "constexprs" and name in OPTIONS:
                hint = f"it is an option of Triton's: write {name}=... beside it"
            raise CodegenError(f"{what} names `{name}`, which is no parameter", hint=hint)
