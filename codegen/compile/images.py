"""Every image of some kernels: taken from the manifest or the cache, or compiled and proven."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from codegen.compile.cache import Cache
from codegen.compile.failed_images import failures_of
from codegen.compile.planning import Results, absent_configurations, plan_of
from codegen.compile.requests import requests_for
from codegen.model.errors import CodegenError, CodegenErrors, collected
from codegen.model.image import Compiled, Image
from codegen.model.kernel import Kernel
from codegen.model.plan import Plan, sharing
from codegen.model.request import Compile, CompileRequest, OnProgress, Result
from codegen.project.settings import Config
from codegen.prove.layout_proof import prove


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
    wanted = requests_for(config, kernels)
    absent = {
        request: error
        for kernel in kernels
        for request, error in absent_configurations(kernel, wanted[kernel.name])
    }
    requests = [request for groups in wanted.values() for group in groups for request in group]
    missing = _first(r for r in requests if r.key not in known and r not in absent)
    made: dict[str, Image | CodegenError] = dict(known)
    if cache is not None and missing:
        made |= cache.images(request.key for request in missing)
        missing = [request for request in missing if request.key not in made]
    asked = {request.key: request for request in missing}
    new, memory = _compiled(missing, cache, compile_, progress)
    made |= new

    def result_of(request: CompileRequest) -> Image | CodegenError:
        found = absent.get(request) or made[request.key]
        return _about(request, asked.get(request.key, request), found)

    results = {
        name: [[(request, result_of(request)) for request in group] for group in groups]
        for name, groups in wanted.items()
    }
    plans = _planned(kernels, results)
    images = {image.key for plan in plans for binary in plan.binaries for image in binary.images}
    return Built(plans, len(images & new.keys()), memory)


def _first(requests: Iterable[CompileRequest]) -> list[CompileRequest]:
    """One request for each key: functions of one kernel may ask for the same image."""
    found: dict[str, CompileRequest] = {}
    for request in requests:
        found.setdefault(request.key, request)
    return list(found.values())


def _about(
    request: CompileRequest, asked: CompileRequest, found: Image | CodegenError
) -> Image | CodegenError:
    """What came of the request, where it was `asked` for another function's sake."""
    if isinstance(found, Image):
        return found
    return found.but(subject=(found.subject or "").replace(str(asked), str(request)))


def _compiled(
    requests: Sequence[CompileRequest], cache: Cache | None, compile_: Compile, progress: OnProgress
) -> tuple[dict[str, Image | CodegenError], int]:
    """By its key, what came of each request; and the most memory that a compiler's process had."""
    made: dict[str, Image | CodegenError] = {}
    numbers = itertools.count(1)

    def take(request: CompileRequest, result: Result) -> None:
        name = request.kernel.rpartition(".")[2]
        said = f"{name} {request.variant.label} {request.target.name}"
        progress(next(numbers), len(requests), said)
        if not isinstance(result, Compiled):
            return
        try:
            made[request.key] = image = prove(result, request)
            if cache is not None:
                cache.keep(image)
        except CodegenError as error:
            made[request.key] = error

    results = compile_(requests, take)
    for request, result in zip(requests, results, strict=True):
        if isinstance(result, CodegenError):
            made[request.key] = result
    return made, max((r.memory for r in results if isinstance(r, Compiled)), default=0)


def _planned(kernels: Sequence[Kernel], results: Mapping[str, Results]) -> tuple[Plan, ...]:
    """A plan for each kernel, of the results by its name. Raises `CodegenErrors`."""
    plans: list[Plan] = []
    errors: list[CodegenError] = []
    for kernel in kernels:
        failed = failures_of(kernel, results[kernel.name])
        if not failed:
            with collected(failed):
                plans.append(plan_of(kernel, results[kernel.name]))
        errors += failed
    if errors:
        planned = {plan.kernel.name for plan in plans}
        broken = {kernel.file for kernel in kernels if kernel.name not in planned}
        raise CodegenErrors(errors, [k.file for k in kernels if k.file not in broken])
    return sharing(plans)
