"""From what was compiled to a plan: what is left out where, and what is launched instead."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

from codegen.aot import CompileRequest
from codegen.devices import DEVICES
from codegen.errors import CodegenError
from codegen.model import NO_VARIANT, Binary, Image, Kernel, Omission, Plan, Specialisation, Target

Results = Sequence[Sequence[tuple[CompileRequest, Image | CodegenError]]]
"""For each variant, what came of it for each target."""


def is_optional(kernel: Kernel) -> bool:
    """Whether the kernel may go without some of its images."""
    return kernel.optional_targets or _configuration_axis(kernel.specialisation) is not None


def plan_of(kernel: Kernel, results: Results) -> Plan:
    """The plan, without the images that failed or that exceed the shared memory of their target.

    A configuration that lacks an image on a target is replaced there, by the first that is whole.
    Raises `CodegenError` when nothing is left for some variant or target.
    """
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
    targets = [request.target for request, _ in results[0]]
    usable = _usable(kernel, binaries, targets)
    for target, numbers in usable.items():
        if not numbers and not kernel.optional_targets:
            raise _nothing_left(kernel, omissions, f"for {target.name}")
    for binary in binaries:
        if not binary.images and not usable:
            raise _nothing_left(kernel, omissions, f"of its variant `{binary.variant.label}`")
    if usable and not any(usable.values()):
        raise _nothing_left(kernel, omissions, "at all")
    remapped = {
        target: numbers
        for target, numbers in usable.items()
        if numbers and numbers != tuple(range(len(numbers)))
    }
    return Plan(kernel, tuple(binaries), remapped, tuple(omissions))


def _reason(kernel: Kernel, request: CompileRequest, result: Image | CodegenError) -> str:
    """Why there is no image to launch; nothing where there is one."""
    if isinstance(result, CodegenError):
        return result.message.removeprefix(f"{request}: ")
    most = DEVICES[request.target.capability].shared_optin
    if result.shared > most and is_optional(kernel):
        return f"needs {result.shared} bytes of shared memory, and a block can have {most}"
    return ""


def _usable(
    kernel: Kernel, binaries: Sequence[Binary], targets: Sequence[Target]
) -> Mapping[Target, tuple[int, ...]]:
    """For each target the configuration to take for each; empty ones where none is whole."""
    position = _configuration_axis(kernel.specialisation)
    if position is None:
        return {}
    count = len(kernel.specialisation.axes[position].labels)
    usable = {}
    for target in targets:
        whole = set(range(count))
        for selection, number in _cells(kernel.specialisation):
            if number != NO_VARIANT and not any(
                image.target == target for image in binaries[number].images
            ):
                whole.discard(selection[position])
        first = min(whole, default=None)
        usable[target] = (
            () if first is None else tuple(n if n in whole else first for n in range(count))
        )
    return usable


def _configuration_axis(specialisation: Specialisation) -> int | None:
    kinds = [axis.kind for axis in specialisation.axes]
    return kinds.index("configuration") if "configuration" in kinds else None


def _cells(specialisation: Specialisation) -> Sequence[tuple[tuple[int, ...], int]]:
    """Each combination of choices with its variant."""
    selections = itertools.product(*(range(len(axis.labels)) for axis in specialisation.axes))
    numbers = specialisation.cells or range(len(specialisation.variants))
    return list(zip(selections, numbers, strict=True))


def _nothing_left(kernel: Kernel, omissions: Sequence[Omission], what: str) -> CodegenError:
    reasons = "".join(
        f"\n    {omission.variant} {omission.target.name}: {omission.reason}"
        for omission in omissions[:_MOST_REASONS]
    )
    return CodegenError(
        f"`{kernel.name}`: no image is left {what}{reasons}",
        where=kernel.location,
        hint="build other configurations, or limit the targets",
    )


_MOST_REASONS = 4
