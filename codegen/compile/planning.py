"""From compiled images to a plan: what each target lacks, and what is launched instead."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from codegen.compile.shared_memory import configuration_axis, is_tight, shared_memory_of
from codegen.model.devices import DEVICES
from codegen.model.errors import CannotBuild, CodegenError, about
from codegen.model.image import Image
from codegen.model.kernel import Kernel
from codegen.model.plan import Binary, Omission, Plan, SharedMemory
from codegen.model.request import CompileRequest
from codegen.model.targets import Target
from codegen.variants.axes.hints import HintsAxis

Results = Sequence[Sequence[tuple[CompileRequest, Image | CodegenError]]]
"""For each variant, what came of it for each target."""


def is_optional(kernel: Kernel) -> bool:
    """Whether the kernel may go without some of its images."""
    return kernel.optional_targets or configuration_axis(kernel.specialisation) is not None


def absent_configurations(
    kernel: Kernel, requests: Iterable[Iterable[CompileRequest]]
) -> Iterator[tuple[CompileRequest, CodegenError]]:
    """The requests that only configurations lead to which the kernel lacks for the target's SM."""
    position = configuration_axis(kernel.specialisation)
    if position is None:
        return
    leading: dict[int, set[int]] = {}
    for selection, number in kernel.specialisation.combinations():
        leading.setdefault(number, set()).add(selection[position])
    for number, group in enumerate(requests):
        for request in group:
            lacking = kernel.lacking_for.get(request.target.capability, ())
            if leading[number] <= set(lacking):
                reason = "the kernel's own list of configurations lacks this one for the SM"
                yield request, CannotBuild(reason, subject=str(request))


def plan_of(kernel: Kernel, results: Results) -> Plan:
    """The plan, without the images that failed or that exceed the shared memory of their target.

    A call replaces a configuration that lacks an image on its device for what else it chooses, or
    needs more shared memory than that has, by the first that fits.
    Raises `CodegenError` when nothing is left for some choices or target.
    """
    binaries, omissions = _sorted(kernel, results)
    targets = [request.target for request, _ in results[0]]
    shared_memory = shared_memory_of(kernel.specialisation, binaries, targets)
    with about(f"`{kernel.name}`", kernel.location):
        if shared_memory is None:
            for binary in binaries:
                if not binary.images and not _may_lack(kernel, binaries, binary):
                    what = f"of its variant `{binary.variant.label}`"
                    raise _nothing_left(kernel, omissions, what)
            return Plan(kernel, binaries, None, omissions)
        able = _able(kernel, shared_memory, targets, omissions)
    rows = {
        choices: {target: row[target] for target in able}
        for choices, row in shared_memory.rows.items()
    }
    kept = (
        replace(binary, images=tuple(image for image in binary.images if image.target in able))
        for binary in binaries
    )
    tight = replace(shared_memory, rows=rows) if is_tight(rows) else None
    return Plan(kernel, tuple(kept), tight, omissions)


def _may_lack(kernel: Kernel, binaries: Sequence[Binary], binary: Binary) -> bool:
    """Whether a kernel with optional targets can do without all images of a variant: of a list of
    launches, one that assumes nothing. Some kernels cannot be compiled without what launches
    assumed, such as a stride of 1."""
    axes = kernel.specialisation.axes
    is_listed = bool(kernel.specialisation.selections) and any(one.images for one in binaries)
    if not (kernel.optional_targets and is_listed and isinstance(axes[-1], HintsAxis)):
        return False
    return binary.variant.selection[-1] == len(axes[-1].labels) - 1


def _sorted(kernel: Kernel, results: Results) -> tuple[tuple[Binary, ...], tuple[Omission, ...]]:
    """The images that can be launched, and why the others cannot."""
    binaries = []
    omissions = []
    for group in results:
        images = []
        for request, result in group:
            reason = _reason(kernel, request, result)
            if reason:
                omissions.append(Omission(request.variant.label, request.target, reason))
            elif isinstance(result, Image):
                images.append(result)
        binaries.append(Binary(group[0][0].variant, tuple(images)))
    return tuple(binaries), tuple(omissions)


def _able(
    kernel: Kernel,
    shared_memory: SharedMemory,
    targets: Sequence[Target],
    omissions: Sequence[Omission],
) -> list[Target]:
    """The targets with a configuration; where they need not be all, for some calls of each kind."""
    able = {
        choices: [target for target in targets if set(row[target]) != {None}]
        for choices, row in shared_memory.rows.items()
    }
    for target in targets:
        if not kernel.optional_targets and not all(target in some for some in able.values()):
            raise _nothing_left(kernel, omissions, f"for {target.name}")
    if not all(able.values()):
        raise _nothing_left(
            kernel, omissions, "of some choices" if any(able.values()) else "at all"
        )
    return [target for target in targets if any(target in some for some in able.values())]


def _reason(kernel: Kernel, request: CompileRequest, result: Image | CodegenError) -> str:
    """Why there is no image to launch; nothing where there is one."""
    if isinstance(result, CodegenError):
        return result.reason
    most = DEVICES[request.target.capability].shared_optin
    if result.shared > most and is_optional(kernel):
        return f"needs {result.shared} bytes of shared memory, and a block can have {most}"
    return ""


def _nothing_left(kernel: Kernel, omissions: Sequence[Omission], what: str) -> CodegenError:
    reasons = "".join(
        f"\n    {omission.variant} {omission.target.name}: {omission.reason}"
        for omission in omissions[:_MOST_REASONS]
    )
    return CodegenError(f"no image is left {what}{reasons}", hint=_hint(kernel))


_MOST_REASONS = 4


def _hint(kernel: Kernel) -> str:
    if kernel.specialisation.selections:
        return (
            "leave these launches out of its list, or its declaration out of the kernel file; or "
            "generate with a Triton that has what the kernel uses"
        )
    if configuration_axis(kernel.specialisation) is not None:
        return "build other configurations, or limit the targets"
    return (
        "limit what its types and constexprs let calls choose, or the targets; what is never "
        "None has a type without it in types"
    )
