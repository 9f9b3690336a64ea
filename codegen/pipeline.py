"""The story of a run: read kernels, choose variants, compile, prove, render, compare, write."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from codegen import files
from codegen.config import Config
from codegen.errors import CodegenError, CodegenErrors
from codegen.files import FileChange
from codegen.freshness import Staleness, find_staleness
from codegen.manifest import (
    NAME,
    Manifest,
    functions_of,
    installed_tools,
    read_inputs,
    read_manifest,
    recorded_images,
)
from codegen.model import Binary, GeneratedFile, Image, Kernel, Plan, Target, Variant
from codegen.selection import Selection, select

Progress = Callable[[int, int, str], None]
"""Told how many of how many images are done, and which came last."""


@dataclass(frozen=True)
class Request:
    """What a run was asked to do."""

    config: Config
    selected: tuple[str, ...] = ()
    """Functions or kernel files to regenerate; all when empty."""
    rebuild: bool = False
    """Compile everything, whatever the output holds."""
    accept_tools: bool = False
    """Overwrite what another version of Triton made."""
    jobs: int = 1


@dataclass(frozen=True)
class Outcome:
    """What a run found and made, in memory."""

    staleness: Staleness
    changes: tuple[FileChange, ...]
    manifest: Manifest
    compiled: int = 0
    """Images that were compiled, the others being as recorded."""


def plan_run(request: Request, progress: Progress = lambda done, total, name: None) -> Outcome:
    """Everything a run would change. Nothing is imported or compiled when the output is fresh.

    Raises `CodegenErrors` with all that is wrong with all kernels.
    """
    config = request.config
    output = config.output_folder
    manifest = read_manifest(output)
    staleness = find_staleness(config, manifest)
    if not staleness and not request.rebuild:
        return Outcome(staleness, (), manifest)
    if staleness.triton and not request.accept_tools:
        raise CodegenError(
            f"{config.output}/ was made with Triton {staleness.triton[0]}, and this is Triton "
            f"{staleness.triton[1]}, which makes other bytes",
            hint="install the version that pyproject.toml pins, or pass --accept-triton",
        )
    selection = select(config, manifest, staleness, request.selected)
    kernels, titles = _introspect(config, selection)
    known = {} if request.rebuild else recorded_images(manifest, output)
    plans, compiled = _build(config, kernels, known, request.jobs, progress)

    from codegen.c_view import image_path
    from codegen.render import render

    rendered = render(plans, titles, config.kernels, selection.kept_files)
    paths = {
        (plan.kernel.name, binary.variant.label, image.target.name): image_path(
            plan.kernel, binary, image
        )
        for plan in plans
        for binary in plan.binaries
        for image in binary.images
    }
    made = Manifest(
        tools=installed_tools(),
        options=config.options,
        inputs={**read_inputs(config), **selection.kept_inputs},
        files={file.path: files.digest(file.content) for file in rendered},
        functions={**selection.kept_functions, **functions_of(plans, paths)},
    )
    everything: list[GeneratedFile] = [*rendered, made.to_file()]
    changes = files.compare(output, everything, [*manifest.files, NAME])
    return Outcome(staleness, tuple(changes), made, compiled)


def _introspect(config: Config, selection: Selection) -> tuple[list[Kernel], dict[str, str]]:
    from codegen.introspect import introspect, title_of

    root = config.kernels_folder
    kernels: list[Kernel] = []
    titles = {}
    errors: list[CodegenError] = []
    for path in selection.kernel_files:
        try:
            found = introspect(root, path)
        except CodegenErrors as several:
            errors += several.errors
        except CodegenError as error:
            errors.append(error)
        else:
            kernels += found
            titles[path] = title_of(root, path)
    errors += _clashes(kernels)
    if not errors and not kernels:
        errors.append(
            CodegenError(
                f"no kernel below {root} is declared",
                hint="put @export(...) from codegen.export above a @triton.jit function",
            )
        )
    if errors:
        raise CodegenErrors(errors)
    return kernels, titles


def _clashes(kernels: Sequence[Kernel]) -> list[CodegenError]:
    seen: dict[str, Kernel] = {}
    errors = []
    for kernel in kernels:
        first = seen.setdefault(kernel.symbol, kernel)
        if first is not kernel:
            errors.append(
                CodegenError(
                    f"`{kernel.name}` ends as `{first.name}` at {first.location} does, and the "
                    "last part names the C function",
                    where=kernel.location,
                    hint="give one of them another last part",
                )
            )
    return errors


def _build(
    config: Config,
    kernels: Sequence[Kernel],
    known: dict[str, Image],
    jobs: int,
    progress: Progress,
) -> tuple[list[Plan], int]:
    """Compile what is not known, prove it, and put every image in its place."""
    from codegen.abi import prove
    from codegen.aot import CompileRequest, compile_all, compile_key
    from codegen.variants import axes_of, variants_of

    version = installed_tools()["triton"]
    axes = {kernel.name: axes_of(kernel) for kernel in kernels}
    wanted: dict[tuple[str, Variant, Target], CompileRequest] = {}
    for kernel in kernels:
        for variant in variants_of(kernel, axes[kernel.name]):
            for target in config.targets:
                key = compile_key(kernel.source_key, variant, target, kernel.options, version)
                wanted[kernel.name, variant, target] = CompileRequest(
                    str(config.kernels_folder),
                    kernel.file,
                    kernel.name,
                    variant,
                    target,
                    kernel.options,
                    key,
                )
    missing = [request for request in wanted.values() if request.key not in known]
    done = 0

    def report(request: CompileRequest) -> None:
        nonlocal done
        done += 1
        name = request.kernel.rpartition(".")[2]
        progress(done, len(missing), f"{name} {request.variant.label} {request.target.name}")

    errors = []
    images = dict(known)
    for request, result in zip(missing, compile_all(missing, jobs, report), strict=True):
        try:
            if isinstance(result, CodegenError):
                raise result
            images[request.key] = prove(result, request)
        except CodegenError as error:
            errors.append(error)
    if errors:
        raise CodegenErrors(errors)
    plans = []
    for kernel in kernels:
        binaries = tuple(
            Binary(
                variant,
                tuple(
                    images[wanted[kernel.name, variant, target].key] for target in config.targets
                ),
            )
            for variant in variants_of(kernel, axes[kernel.name])
        )
        plans.append(Plan(kernel, axes[kernel.name], binaries))
    return plans, len(missing)


def write(outcome: Outcome, output: Path) -> None:
    """Put the changes of a run on disk, all or none."""
    if outcome.changes:
        files.apply(output, outcome.changes)
