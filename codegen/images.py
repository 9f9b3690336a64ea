"""Every image of some kernels: as it is recorded, or compiled and proven."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from codegen.abi import prove
from codegen.aot import CompileRequest, compile_all, compile_key
from codegen.config import Config
from codegen.errors import CodegenError, CodegenErrors
from codegen.manifest import installed_tools
from codegen.model import Axis, Binary, Image, Kernel, Plan, Target, Variant
from codegen.variants import axes_of, variants_of

_HOPPER = 90
"""The capability that brought clusters of blocks and programmatic dependent launch."""

Progress = Callable[[int, int, str], None]
"""Told how many of how many images are done, and which came last."""


def build(
    config: Config,
    kernels: Sequence[Kernel],
    known: Mapping[str, Image],
    jobs: int,
    progress: Progress,
) -> tuple[list[Plan], int]:
    """The plan of each kernel, and how many images were compiled, being not `known` by their keys.

    Raises `CodegenErrors` with all that is wrong with all kernels.
    """
    wanted = _wanted(config, kernels)
    requests = [
        request for needed in wanted.values() for group in needed.requests for request in group
    ]
    missing = [request for request in requests if request.key not in known]
    done = 0

    def report(request: CompileRequest) -> None:
        nonlocal done
        done += 1
        name = request.kernel.rpartition(".")[2]
        progress(done, len(missing), f"{name} {request.variant.label} {request.target.name}")

    failures: dict[tuple[str, str], list[CodegenError]] = {}
    images = dict(known)
    for request, result in zip(missing, compile_all(missing, jobs, report), strict=True):
        try:
            if isinstance(result, CodegenError):
                raise result
            images[request.key] = prove(result, request)
        except CodegenError as error:
            reason = error.message.removeprefix(str(request))
            failures.setdefault((request.kernel, reason), []).append(error)
    if failures:
        raise CodegenErrors([_first_of(errors) for errors in failures.values()])
    plans = []
    for kernel in kernels:
        needed = wanted[kernel.name]
        binaries = (
            Binary(group[0].variant, tuple(images[request.key] for request in group))
            for group in needed.requests
        )
        plans.append(Plan(kernel, needed.axes, tuple(binaries)))
    return plans, len(missing)


@dataclass(frozen=True)
class _Wanted:
    """The images that a kernel needs."""

    axes: tuple[Axis, ...]
    requests: tuple[tuple[CompileRequest, ...], ...]
    """For each variant, one for each target."""


def _wanted(config: Config, kernels: Sequence[Kernel]) -> dict[str, _Wanted]:
    version = installed_tools()["triton"]
    wanted = {}
    errors = []
    for kernel in kernels:
        try:
            axes = axes_of(kernel)
            groups = [
                tuple(
                    _request(config, kernel, variant, target, version)
                    for target in _targets(config, kernel)
                )
                for variant in variants_of(kernel, axes)
            ]
        except CodegenError as error:
            errors.append(error)
        else:
            wanted[kernel.name] = _Wanted(axes, tuple(groups))
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
    """What a launch is asked for that some target's machine does not have."""
    options = kernel.options
    for option, is_asked in (
        (f"num_ctas={options.num_ctas}", options.num_ctas > 1),
        ("launch_pdl=True", options.launch_pdl),
    ):
        unable = [target for target in targets if target.capability < _HOPPER]
        if is_asked and unable:
            able = [target.name for target in targets if target.capability >= _HOPPER]
            raise CodegenError(
                f"`{kernel.name}`: {option} needs sm_{_HOPPER} or later, and the kernel is built "
                f"for {_names(unable)}",
                where=kernel.location,
                hint=f"limit the declaration to targets={able or ['sm_90']}",
            )


def _names(targets: Sequence[Target]) -> str:
    return ", ".join(target.name for target in targets)


def _request(
    config: Config, kernel: Kernel, variant: Variant, target: Target, version: str
) -> CompileRequest:
    try:
        key = compile_key(kernel.source_key, variant, target, kernel.options, version)
    except CodegenError as error:
        message = f"`{kernel.name}` {error.message}"
        raise CodegenError(message, where=kernel.location, hint=error.hint) from error
    folder = str(config.kernels_folder)
    return CompileRequest(folder, kernel.file, kernel.name, variant, target, kernel.options, key)


def _first_of(errors: Sequence[CodegenError]) -> CodegenError:
    """One error for the images of a function that fail for the same reason."""
    first, count = errors[0], len(errors) - 1
    if not count:
        return first
    others = f"{count} other{'s' if count > 1 else ''} of its images"
    return CodegenError(
        f"{first.message} (and so for {others})", where=first.where, hint=first.hint
    )
