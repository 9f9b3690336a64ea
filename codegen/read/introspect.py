"""From a kernel file to `Kernel`s: what the functions say, joined with what declarations add."""

from __future__ import annotations

import contextlib
import functools
import inspect
import sys
from collections.abc import Sequence
from pathlib import Path
from types import MappingProxyType

from codegen.expressions.grids import grid_of, with_shapes
from codegen.model.constexpr_values import places_in, real
from codegen.model.declaration import Declaration
from codegen.model.descriptor_facts import descriptor_facts
from codegen.model.errors import CodegenError, CodegenErrors, SourceLocation, about, collected
from codegen.model.identifiers import own_names
from codegen.model.kernel import Configuration, Kernel, KernelSource
from codegen.model.parameters import Constexpr
from codegen.model.visible import visible
from codegen.read.callees import source_key
from codegen.read.declared import check_arguments, check_fits, in_full
from codegen.read.launches import given_in, launched
from codegen.read.loading import load, module_name, unwrapped
from codegen.read.made_of import made_of
from codegen.read.parameters import parameters_of
from codegen.read.reading import Lists
from codegen.read.sources import package_sources
from codegen.read.tuples import spread
from codegen.variants.cases import cases_of
from codegen.variants.decorators import computed_names, listed_configurations, steps_of
from codegen.variants.given_options import check_given_once, options_of
from codegen.variants.launches import specialise_launches, without_hints
from codegen.variants.specialise import specialise, with_choices
from codegen.variants.tuning import Tuning
from tritonbind.kernel_identity import identity_of


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


def kernel_declared(declaration: Declaration, root: Path, file: str) -> Kernel:
    """What a declaration would be of a file that is not written yet. Raises `CodegenError`."""
    with about(f"`{declaration.name}`", declaration.location):
        return _kernel(declaration, root, file, ())


def configurations(root: Path, file: str) -> dict[str, tuple[Configuration, ...]]:
    """What the autotuned kernels of a file choose among, as far as no error prevents it."""
    found = {}
    with contextlib.suppress(CodegenError):
        for declaration in load(root, file):
            with contextlib.suppress(CodegenError):
                function, decorators = unwrapped(declaration)
                declaration = in_full(declaration, function, decorators)
                found[declaration.name] = listed_configurations(
                    declaration, decorators, function.arg_names
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


def _kernel(written: Declaration, root: Path, file: str, of_all: Sequence[Configuration]) -> Kernel:
    """What source and declaration say, then what follows from that, then both as one."""
    function, decorators = unwrapped(written)
    launches = written.launches
    if written.is_of_the_kernel_alone:
        decorators = ()  # the launches say what they gave
    declaration = in_full(written, function, decorators)
    check_fits(declaration, function, decorators)
    flat = spread(declaration, function)
    check_arguments(declaration, flat.names)
    given = [] if launches is None else given_in(launches, decorators, function)
    steps = steps_of(declaration, decorators, function.arg_names, of_all, given)
    check_given_once(written.options, steps)
    parameters = parameters_of(flat, function, computed_names(steps))
    if launches is not None:
        parameters = without_hints(parameters)
    source = KernelSource(
        name=declaration.name,
        file=file,
        qualname=function.fn.__qualname__,
        location=SourceLocation(function.fn.__code__.co_filename, function.starting_line_number),
        doc=visible(inspect.getdoc(function.fn) or ""),
        parameters=with_shapes(declaration, parameters),
        options=options_of(flat.options, flat.constexprs, parameters),
        source_key=source_key(function),
        identity=identity_of(function) if launches is None else launched(launches, function),
        tuned=() if launches is None else launches.tuned,
        made_of=made_of(written),
        tuples=flat.tuples,
        targets=declaration.targets,
        optional_targets=declaration.optional_targets,
        apart=frozenset(flat.options) & frozenset(flat.constexprs),
        sources=package_sources(function, root.resolve()),
        lacking=tuple(number for s in steps if isinstance(s, Tuning) for number in s.lacking),
    )
    if launches is not None:
        specialisation = specialise_launches(source, launches, flat.params, steps, given)
    else:
        specialisation = specialise(source, steps, cases_of(declaration, source, flat.params))
    parameters = with_choices(source.parameters, specialisation)
    grid = grid_of(declaration, parameters, flat.tuples)
    kernel = Kernel.of(source, parameters, grid, specialisation)
    _check_names(kernel)
    with about(f"`{kernel.name}`", kernel.location):
        descriptor_facts(kernel)  # raises for those that a descriptor does not tell
    return kernel


def _check_names(kernel: Kernel) -> None:
    """What the generated code of the function calls by its name, no argument can hide."""
    taken = own_names(kernel.symbol, [parameter.name for parameter in kernel.parameters])
    for argument in kernel.arguments:
        if argument.name in taken:
            raise CodegenError(
                f"the generated code of `{kernel.symbol}` has a name like this for itself",
                subject=f"parameter `{argument.name}`",
                hint=f'end the name in @export("{kernel.name}", ...) otherwise',
            )
