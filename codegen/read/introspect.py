"""From a kernel file to `Kernel`s: what the functions say, joined with what declarations add."""

from __future__ import annotations

import contextlib
import functools
import inspect
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from triton.runtime.jit import JITFunction

from codegen.expressions.grids import grid_of, with_shapes
from codegen.model.declaration import EXPLICIT, Declaration
from codegen.model.descriptor_facts import descriptor_facts
from codegen.model.descriptors import DEFAULT_LAYOUT, DescriptorType
from codegen.model.errors import (
    CodegenError,
    CodegenErrors,
    SourceLocation,
    about,
    collected,
    meant,
)
from codegen.model.kernel import Configuration, Constexpr, Grid, Kernel, Parameter
from codegen.model.none_together import check_partners
from codegen.model.options import OPTIONS
from codegen.model.patterns import with_patterns
from codegen.model.triton_version import current, missing
from codegen.model.values import places_in, real
from codegen.model.visible import visible
from codegen.read.callees import source_key
from codegen.read.inductor import with_types_of_torch
from codegen.read.loading import load, module_name, unwrapped
from codegen.read.made_of import made_of
from codegen.read.parameter_comments import parameter_comments
from codegen.read.parameters import parameter_of
from codegen.read.reading import Lists
from codegen.read.sources import package_sources
from codegen.read.tuples import spread
from codegen.variants.cases import cases_of
from codegen.variants.decorators import (
    computed_names,
    computed_options,
    listed_configurations,
    steps_of,
)
from codegen.variants.given_options import (
    check_given_once,
    check_names,
    options_of,
    with_debug,
)
from codegen.variants.specialise import specialise
from codegen.variants.tuning import Tuning

GRID_ARGUMENTS = ("gx", "gy", "gz")


def introspect(root: Path, file: str, of_all: Lists = MappingProxyType({})) -> tuple[Kernel, ...]:
    """Every kernel that `root/file` declares. Raises `CodegenErrors` with all that is wrong.

    `of_all` has the configurations of all SMs, for kernels whose list is another for some.
    """
    kernels: list[Kernel] = []
    errors: list[CodegenError] = []
    for declaration in load(root, file):
        with collected(errors), about(f"`{declaration.name}`", declaration.location):
            kernels.append(_kernel(declaration, root, file, of_all.get(declaration.name, ())))
    if errors:
        raise CodegenErrors(errors)
    return tuple(kernels)


def configurations(root: Path, file: str) -> dict[str, tuple[Configuration, ...]]:
    """What the autotuned kernels of a file choose among, as far as no error prevents it."""
    found = {}
    with contextlib.suppress(CodegenError):
        for declaration in load(root, file):
            with contextlib.suppress(CodegenError):
                function, wrappers = unwrapped(declaration)
                declaration = with_patterns(declaration, function.params)
                found[declaration.name] = listed_configurations(
                    declaration, wrappers, function.arg_names
                )
    return found


def computed_value(root: Path, file: str, kernel: str, name: str, which: str) -> object:
    """One of the values that heuristics of a kernel give to a constexpr, as `Held.place` says
    which."""
    for parameter in _by_name(root, file)[kernel].parameters:
        if isinstance(parameter, Constexpr) and parameter.name == name:
            for choice in parameter.choices:
                if any(place[1] == which for place in places_in(choice)):
                    return real(choice)
    raise CodegenError(f"`{kernel}`: its heuristics give `{name}` other values in another process")


@functools.cache
def _by_name(root: Path, file: str) -> dict[str, Kernel]:
    return {kernel.name: kernel for kernel in introspect(root, file)}


def title_of(root: Path, file: str) -> str:
    """The first line of a kernel file's docstring."""
    module = sys.modules[module_name(root, file)]
    return visible((inspect.getdoc(module) or f"Kernels of {file}.").splitlines()[0])


def _kernel(
    declaration: Declaration, root: Path, file: str, of_all: Sequence[Configuration]
) -> Kernel:
    written = declaration
    function, wrappers = unwrapped(declaration)
    said = declaration.options
    declaration = with_types_of_torch(declaration, wrappers)
    declaration = with_patterns(declaration, function.params)
    _check_kinds(function)
    names = [raw.name for raw in function.params]
    _check_names(names, types=declaration.types)
    known = [*names, *computed_options(declaration, wrappers)]
    _check_names(known, constexprs=declaration.constexprs)
    check_names(declaration, names)
    _check_hooks(declaration, function)
    flat = spread(declaration, function.params)
    _check_names(flat.names, shapes=declaration.shapes)
    _check_grid_arguments(declaration, flat.names)
    steps = steps_of(declaration, wrappers, names, of_all)
    check_given_once(said, steps)
    flat = replace(flat, declaration=with_debug(flat.declaration, function))
    computed = computed_names(steps)
    comments = parameter_comments(function.fn)
    declaration = flat.declaration
    parameters: list[Parameter | Constexpr] = []
    errors: list[CodegenError] = []
    for raw in flat.params:
        comment = visible(comments.get(flat.owners.get(raw.name, raw.name), ""))
        with collected(errors), about(f"parameter `{raw.name}`"):
            parameter = parameter_of(declaration, raw, comment, computed)
            parameters.append(_with_layout(parameter, function))
    if errors:
        raise CodegenErrors(errors)
    check_partners(parameters)
    kernel = Kernel(
        name=declaration.name,
        file=file,
        qualname=function.fn.__qualname__,
        location=SourceLocation(function.fn.__code__.co_filename, function.starting_line_number),
        doc=visible(inspect.getdoc(function.fn) or ""),
        parameters=with_shapes(declaration, tuple(parameters)),
        grid=Grid(None),
        options=options_of(declaration, parameters),
        source_key=source_key(function),
        made_of=made_of(written),
        tuples=flat.tuples,
        targets=declaration.targets,
        optional_targets=declaration.optional_targets,
        apart=frozenset(declaration.options) & frozenset(declaration.constexprs),
        sources=package_sources(function, root.resolve()),
        lacking=tuple(number for s in steps if isinstance(s, Tuning) for number in s.lacking),
    )
    specialised = specialise(kernel, steps, cases_of(declaration, kernel, flat.params))
    _check_generated_names(specialised)
    finished = replace(specialised, grid=grid_of(declaration, specialised))
    with about(f"`{kernel.name}`", kernel.location):
        descriptor_facts(finished)  # raises for those that a descriptor does not tell
    return finished


def _with_layout(
    parameter: Parameter | Constexpr, function: JITFunction[Any]
) -> Parameter | Constexpr:
    """A Gluon kernel's tensor descriptors have layouts, and no other's have."""
    if isinstance(parameter, Constexpr) or parameter.descriptor is None:
        return parameter
    types = [type_ for type_ in parameter.types if isinstance(type_, DescriptorType)]
    if function.is_gluon():
        made = tuple(replace(type_, layout=type_.layout or DEFAULT_LAYOUT) for type_ in types)
        return replace(parameter, types=made)
    for type_ in types:
        if type_.layout:
            raise CodegenError(
                f"its type is `{type_}`, and only a Gluon kernel's descriptors have layouts",
                hint="leave the layout out",
            )
    return parameter


def _check_kinds(function: JITFunction[Any]) -> None:
    for raw in function.params:
        kind = raw._param.kind
        if kind == kind.POSITIONAL_ONLY:
            raise CodegenError(
                "it is positional-only, and Triton compiles such a kernel with the values of "
                "other parameters in its place",
                subject=f"parameter `{raw.name}`",
                hint="remove the `/` from the kernel's signature",
            )
        what = f"a {kind.description} parameter"
        if kind in (kind.KEYWORD_ONLY, kind.VAR_KEYWORD) and what not in current().language:
            message, hint = missing(what)
            raise CodegenError(message, subject=f"parameter `{raw.name}`", hint=hint)


def _check_hooks(declaration: Declaration, function: JITFunction[Any]) -> None:
    if function.pre_run_hooks and declaration.hooks != "caller":
        raise CodegenError(
            "the kernel has a hook that Triton runs before each launch and that cannot be compiled",
            hint='do in the caller what it does, and say so: hooks="caller"',
        )


def _check_names(names: Sequence[str], **mappings: Mapping[str, object]) -> None:
    for what, mapping in mappings.items():
        for name in mapping:
            if name not in names:
                raise CodegenError(
                    f"{what} names `{name}`, which is no parameter",
                    hint=_of_triton(what, name)
                    or meant(name, names, f"the kernel's parameters are {', '.join(names)}"),
                )


def _of_triton(what: str, name: str) -> str | None:
    """An option of Triton's that stands among the constexprs."""
    is_given_elsewhere = what == "constexprs" and name in OPTIONS
    return (
        f"it is an option of Triton's: write {name}=... beside it" if is_given_elsewhere else None
    )


def _check_grid_arguments(declaration: Declaration, names: Sequence[str]) -> None:
    clash = set(GRID_ARGUMENTS) & set(names)
    if declaration.grid == EXPLICIT and clash:
        raise CodegenError(
            f"an explicit grid adds gx, gy and gz, and the kernel has a parameter `{min(clash)}` "
            "of its own",
            hint="rename it in the kernel, or write the grid as a function",
        )


def _check_generated_names(kernel: Kernel) -> None:
    """What the generated code of the function calls by its name, no argument can hide."""
    names = (p.name for p in kernel.parameters)
    own = (f"{kernel.symbol}_{form.format(name)}" for name in names for form in _FORMS)
    taken = {f"_{kernel.symbol}", *(f"{kernel.symbol}_{name}" for name in _GENERATED), *own}
    for argument in kernel.arguments:
        if argument.name in taken:
            raise CodegenError(
                f"the generated code of `{kernel.symbol}` has a name like this for itself",
                subject=f"parameter `{argument.name}`",
                hint=f'end the name in @export("{kernel.name}", ...) otherwise',
            )


_GENERATED = (
    *(
        "function",
        "grid",
        "on",
        "with",
        "arguments",
        "variants",
        "launch",
        "prepare",
        "call",
        "python",
        "binding",
    ),
    *("cells", "hints", "keys", "key_places", "targets", "tuned", "needs"),
)
_FORMS = ("compute_{}", "{}_values", "{}_choices", "{}_slots")
