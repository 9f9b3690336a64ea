"""The story of a run: read kernels, choose variants, compile, prove, render, compare, write."""

from __future__ import annotations

import contextlib
import importlib
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from codegen import files
from codegen.config import Config
from codegen.errors import CodegenError, CodegenErrors, shown
from codegen.files import FileChange, GeneratedFile
from codegen.freshness import Staleness, find_staleness
from codegen.identifiers import c_module
from codegen.manifest import (
    NAME,
    Manifest,
    installed_tools,
    read_inputs,
    read_manifest,
)
from codegen.selection import Selection, changed_alone, select
from codegen.triton_version import current, supported

if TYPE_CHECKING:
    from codegen.aot import CompileRequest
    from codegen.compilers import Compile, OnDone, Result
    from codegen.model import Kernel

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
    """Compilers at once."""
    scheduler: str | None = None
    """The address of a Dask scheduler, whose workers compile instead."""


@dataclass(frozen=True)
class Outcome:
    """What a run found and made, in memory."""

    staleness: Staleness
    changes: tuple[FileChange, ...]
    manifest: Manifest
    compiled: int = 0
    """Images that were compiled, the others being as recorded."""
    memory: int = 0
    """Bytes that a compiler's process had at most."""


def plan_run(
    request: Request,
    progress: Progress = lambda done, total, name: None,
    say: Callable[[str], None] = lambda sentence: None,
) -> Outcome:
    """Everything a run would change. Nothing is imported or compiled when the output is fresh.

    `say` is told what is worth knowing of earlier runs and of the workers of a cluster.
    Raises `CodegenErrors` with all that is wrong with all kernels.
    """
    config = request.config
    output = config.output_folder
    manifest = read_manifest(output)
    selection = select(config, manifest, request.selected)
    staleness = find_staleness(config, manifest)
    if not staleness and not request.rebuild:
        return Outcome(staleness, (), manifest)
    if staleness.triton and not request.accept_tools:
        supported(staleness.triton[1])
        raise CodegenError(
            f"{config.output}/ was made with Triton {staleness.triton[0]}, and this is Triton "
            f"{staleness.triton[1]}, which makes other bytes",
            hint=f"install triton=={staleness.triton[0]}, or pass --accept-triton",
        )
    selection.refuse(staleness)
    if not (request.selected or request.rebuild):
        selection = select(config, manifest, changed_alone(config, manifest, staleness))
    # Before anything is imported: what is edited while this runs must be stale afterwards.
    inputs = selection.inputs(read_inputs(config))
    with _compiling(request, say) as compiler_of:
        kernels, titles = _introspect(request, selection)

        from codegen.entries import functions_of, recorded_images
        from codegen.images import build
        from codegen.kept import Kept

        kept = Kept(output)
        if request.rebuild:
            kept.clear()
        known = {} if request.rebuild else recorded_images(manifest, output)
        compile_ = kept.compiling(compiler_of(kernels), _generator(inputs), say)
        built = build(config, kernels, known, compile_, progress)

    from codegen.c_view import image_path
    from codegen.render import render

    plans = built.plans
    rendered = render(plans, titles, config.kernels, selection.read_kept())
    paths = {
        (plan.kernel.name, binary.variant.label, image.target.name): image_path(plan, binary, image)
        for plan in plans
        for binary in plan.binaries
        for image in binary.images
    }
    made = Manifest(
        tools=installed_tools(),
        options=config.options,
        inputs=inputs,
        files={file.path: files.digest(file.content) for file in rendered},
        functions={**selection.kept_functions, **functions_of(plans, paths)},
    )
    everything: list[GeneratedFile] = [*rendered, made.to_file()]
    changes = files.compare(output, everything, [*manifest.files, NAME])
    return Outcome(staleness, tuple(changes), made, built.compiled, built.memory)


@contextlib.contextmanager
def _compiling(
    request: Request, say: Callable[[str], None]
) -> Iterator[Callable[[Sequence[Kernel]], Compile]]:
    """What compiles the images of some kernels: the workers of a cluster, or processes here.

    The first of these starts now.
    """
    if request.scheduler is not None:
        from codegen.cluster import Cluster

        address = request.scheduler
        yield lambda kernels: Cluster(address, request.config, kernels, say).compile
        return
    from codegen.compilers import Compilers, compile_all

    compilers = Compilers()
    compilers.start_one()

    def compile_(requests: Sequence[CompileRequest], on_done: OnDone) -> list[Result]:
        threading.Thread(target=_import_what_comes_next, daemon=True).start()
        return compile_all(requests, request.jobs, on_done, compilers)

    try:
        yield lambda kernels: compile_
    finally:
        compilers.stop()


def _generator(inputs: Mapping[str, str]) -> str:
    """A digest of this package."""
    own = [pair for pair in inputs.items() if pair[0].startswith("codegen/")]
    return files.digest(repr(own).encode())


def _import_what_comes_next() -> None:
    """While others compile. Who imports it then hears of what fails."""
    with contextlib.suppress(Exception):
        importlib.import_module("codegen.render")


def _introspect(request: Request, selection: Selection) -> tuple[list[Kernel], dict[str, str]]:
    config = request.config
    try:
        current()  # before an import of Triton, which may fail in an unknown one
        from codegen.reading import read_kernels
    except ModuleNotFoundError as error:
        raise CodegenError(
            f"reading kernels needs the package {error.name}, which is not installed",
            hint="install the versions that tritonbind pins: pip install --editable .",
        ) from error

    root = config.kernels_folder
    kernels: list[Kernel] = []
    titles = {}
    errors: list[CodegenError] = []
    for reading in read_kernels(root, selection.kernel_files, config.targets, request.jobs):
        errors += reading.errors
        kernels += reading.kernels
        titles[reading.file] = reading.title
    errors += _clashes(kernels, selection)
    if not root.is_dir():
        errors.append(
            CodegenError(
                f"there is no folder {shown(root)}",
                hint='make it, or name the one of the kernels in [tool.codegen]: kernels = "..."',
            )
        )
    elif not errors and not kernels and (request.selected or not selection.kept_functions):
        where = ", ".join(selection.kernel_files) if selection.other_files else shown(root)
        errors.append(
            CodegenError(
                f"no kernel is declared in {where}",
                hint="put @export(...) from codegen.export above a @triton.jit function",
            )
        )
    if errors:
        raise CodegenErrors(errors)
    return kernels, titles


def _clashes(kernels: Sequence[Kernel], selection: Selection) -> list[CodegenError]:
    """Names that C would see twice: of functions by their last part, of files by their path."""
    seen = {
        name.rpartition(".")[2]: f"`{name}` in {selection.config.kernels}/{entry['kernel']}"
        for name, entry in selection.kept_functions.items()
    }
    kept = [entry["kernel"].partition(":")[0] for entry in selection.kept_functions.values()]
    files_seen = {c_module(file): file for file in kept}
    errors = []
    for kernel in kernels:
        here = f"`{kernel.name}` at {kernel.location}"
        first = seen.setdefault(kernel.symbol, here)
        if first is not here:
            clash = f"`{kernel.name}` ends as {first} does"
            errors.append(
                CodegenError(
                    f"{clash}, and the last part of a name is that of the C function",
                    where=kernel.location,
                    hint="give one of them another last part",
                )
            )
        file = files_seen.setdefault(c_module(kernel.file), kernel.file)
        if file != kernel.file:
            files_seen[c_module(kernel.file)] = kernel.file
            errors.append(
                CodegenError(
                    f"the files {file} and {kernel.file} would have the same name in C, "
                    f"{c_module(file)}",
                    where=kernel.location,
                    hint="rename one of them",
                )
            )
    return errors


def write(outcome: Outcome, output: Path) -> None:
    """Put the changes of a run on disk, all or none."""
    if outcome.changes:
        from codegen.kept import Kept

        files.apply(output, outcome.changes)
        Kept(output).clear()
