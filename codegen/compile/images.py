"""Every image of some kernels: taken from the manifest, or compiled and proven."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from codegen.compile.cache import Cache
from codegen.compile.planning import Results, absent_configurations, is_optional, plan_of
from codegen.model.errors import CannotBuild, CodegenError, CodegenErrors, about, collected
from codegen.model.image import Compiled, Image
from codegen.model.kernel import Kernel, Variant
from codegen.model.plan import Plan
from codegen.model.request import Compile, CompileRequest, OnProgress, Result, compile_key
from codegen.model.targets import Target
from codegen.project.manifest import installed_tools
from codegen.project.settings import Config
from codegen.prove.layout_proof import prove
from codegen.read.differing import Differs


@dataclass(frozen=True)
class Built:
    """What came of the kernels of a run."""

    plans: tuple[Plan, ...]
    """One for each kernel."""
    compiled: int
    """Images of the plans that were compiled, the others being as recorded."""
    memory: int
    """Bytes that a compiler's process had at most."""


def build(
    config: Config,
    kernels: Sequence[Kernel],
    known: Mapping[str, Image],
    cache: Cache | None,
    compile_: Compile,
    progress: OnProgress,
) -> Built:
    """Compile what is not `known` by its key, nor in the cache, and plan every kernel.

    Raises `CodegenErrors` with all that is wrong with all kernels.
    """
    wanted = _wanted(config, kernels)
    absent = {
        request: error
        for kernel in kernels
        for request, error in absent_configurations(kernel, wanted[kernel.name])
    }
    requests = [request for groups in wanted.values() for group in groups for request in group]
    missing = [r for r in requests if r.key not in known and r not in absent]
    made: dict[str, Image | CodegenError] = dict(known)
    if cache is not None and missing:
        made |= cache.images(request.key for request in missing)
        missing = [request for request in missing if request.key not in made]
    done = 0

    def take(request: CompileRequest, result: Result) -> None:
        nonlocal done
        done += 1
        name = request.kernel.rpartition(".")[2]
        progress(done, len(missing), f"{name} {request.variant.label} {request.target.name}")
        try:
            if isinstance(result, Compiled):
                made[request.key] = image = prove(result, request)
                if cache is not None:
                    cache.keep(image)
        except CodegenError as error:
            made[request.key] = error

    results = compile_(missing, take)
    for request, result in zip(missing, results, strict=True):
        if isinstance(result, CodegenError):
            made[request.key] = result
    plans: list[Plan] = []
    failures: dict[tuple[str, str], list[CodegenError]] = {}
    for kernel in kernels:
        groups = [
            [(r, absent[r] if r in absent else made[r.key]) for r in group]
            for group in wanted[kernel.name]
        ]
        failed = list(_failures(kernel, groups))
        for failure in failed:
            # Of what differs, the value is another each time it is looked at.
            reason = failure.what if isinstance(failure, Differs) else failure.reason
            able = _able(groups)
            if able and isinstance(failure, CannotBuild) and failure.hint is None:
                failure = failure.but(
                    hint=f"limit the declaration to targets={able}, or let what cannot be built be "
                    "left out: optional_targets=True"
                )
            failures.setdefault((kernel.name, reason), []).append(failure)
        if not failed:
            try:
                plans.append(plan_of(kernel, groups))
            except CodegenError as error:
                failures[kernel.name, error.reason] = [error]
    if failures:
        failing = {name for name, _ in failures}
        raise CodegenErrors(
            [_first_of(errors) for errors in failures.values()],
            _without(kernels, failing),
        )
    memory = max((r.memory for r in results if isinstance(r, Compiled)), default=0)
    new = {request.key for request in missing}
    images = (image for plan in plans for binary in plan.binaries for image in binary.images)
    compiled = sum(image.key in new for image in images)
    return Built(tuple(plans), compiled, memory)


def _without(kernels: Sequence[Kernel], failing: Collection[str]) -> list[str]:
    """The kernel files whose kernels are all whole."""
    broken = {kernel.file for kernel in kernels if kernel.name in failing}
    return [kernel.file for kernel in kernels if kernel.file not in broken]


def _able(groups: Results) -> list[str]:
    """The targets for which all variants of a kernel can be built, where there are others."""
    results: dict[str, list[bool]] = {}
    for group in groups:
        for request, result in group:
            results.setdefault(request.target.name, []).append(isinstance(result, Image))
    return [name for name, made in results.items() if all(made)]


def _failures(kernel: Kernel, groups: Results) -> Iterator[CodegenError]:
    """What ends the run: where there are several ways to build a kernel, one may fail."""
    may_fail = is_optional(kernel)
    for _, result in itertools.chain.from_iterable(groups):
        if isinstance(result, CodegenError) and not (may_fail and isinstance(result, CannotBuild)):
            yield result


def _wanted(
    config: Config, kernels: Sequence[Kernel]
) -> dict[str, list[tuple[CompileRequest, ...]]]:
    """For each variant of each kernel, a request for each target."""
    version = installed_tools()["triton"]
    wanted = {}
    errors: list[CodegenError] = []
    for kernel in kernels:
        with collected(errors):
            wanted[kernel.name] = [
                tuple(
                    _request(config, kernel, variant, target, version)
                    for target in _targets(config, kernel)
                )
                for variant in kernel.specialisation.variants
            ]
    if errors:
        raise CodegenErrors(errors)
    return wanted


def _targets(config: Config, kernel: Kernel) -> tuple[Target, ...]:
    """Those of the project's targets that the kernel is for."""
    if kernel.targets is None:
        _check_options(kernel, config.targets)
        return config.targets
    targets = tuple(target for target in config.targets if target in kernel.targets)
    _check_options(kernel, targets)
    if not targets:
        raise CodegenError(
            f"`{kernel.name}` is for {_names(kernel.targets)}, and the project builds "
            f"{_names(config.targets)}",
            where=kernel.location,
            hint="add one of them to [tool.codegen] targets",
        )
    return targets


def _check_options(kernel: Kernel, targets: Sequence[Target]) -> None:
    """What a launch is asked for that some target's machine, or every one's, does not have."""
    options = kernel.options
    # Targets that the compiler refuses for a configuration's or a heuristic's are left out by it;
    # this it ignores.
    is_dependent = any(each.options.launch_pdl for each in kernel.specialisation.variants)
    for option, is_asked, least, of_all in (
        (f"num_ctas={options.num_ctas}", options.num_ctas > 1, 90, True),
        ("launch_pdl=True", options.launch_pdl or is_dependent, 90, False),
        ("clc=True", options.clc, 100, True),
    ):
        able = [target.name for target in targets if target.capability >= least]
        unable = [target for target in targets if target.capability < least]
        if is_asked and unable and (of_all or not able):
            raise CodegenError(
                f"`{kernel.name}`: {option} needs sm_{least} or later, and the kernel is built "
                f"for {_names(unable)}",
                where=kernel.location,
                hint=f"limit the declaration to targets={able or [f'sm_{least}']}",
            )


def _names(targets: Sequence[Target]) -> str:
    return ", ".join(target.name for target in targets)


def _request(
    config: Config, kernel: Kernel, variant: Variant, target: Target, version: str
) -> CompileRequest:
    with about(f"`{kernel.name}`", kernel.location):
        key = compile_key(kernel.source_key_for(target), variant, target, version, config.listed())
    folder = str(config.kernels_folder)
    made_of = kernel.as_made_for(target).key
    return CompileRequest(folder, kernel.file, kernel.name, variant, target, key, made_of)


def _first_of(errors: Sequence[CodegenError]) -> CodegenError:
    """One error for the images of a function that fail for the same reason."""
    first, count = errors[0], len(errors) - 1
    if not count:
        return first
    others = f"{count} other{'s' if count > 1 else ''} of its images"
    return first.but(reason=f"{first.reason} (and so for {others})")
