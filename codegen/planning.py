"""From what was compiled to a plan: what is left out where, and what is launched instead."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence

from codegen.aot import CompileRequest
from codegen.devices import DEVICES
from codegen.errors import CannotBuild, CodegenError
from codegen.model import NO_VARIANT, Kernel, Specialisation
from codegen.plans import Binary, Image, Omission, Plan
from codegen.targets import Target

Results = Sequence[Sequence[tuple[CompileRequest, Image | CodegenError]]]
"""For each variant, what came of it for each target."""


def is_optional(kernel: Kernel) -> bool:
    """Whether the kernel may go without some of its images."""
    return kernel.optional_targets or _configuration_axis(kernel.specialisation) is not None


def absent_configurations(
    kernel: Kernel, requests: Iterable[Iterable[CompileRequest]]
) -> Iterator[tuple[CompileRequest, CodegenError]]:
    """The requests that only configurations lead to which the kernel lacks for the target's SM."""
    position = _configuration_axis(kernel.specialisation)
    if position is None:
        return
    leading: dict[int, set[int]] = {}
    for selection, number in _cells(kernel.specialisation):
        leading.setdefault(number, set()).add(selection[position])
    for number, group in enumerate(requests):
        for request in group:
            lacking = kernel.lacking_for.get(request.target.capability, ())
            if leading[number] <= set(lacking):
                message = "the kernel's own list of configurations lacks this one for the SM"
                yield request, CannotBuild(f"{request}: {message}")


def plan_of(kernel: Kernel, results: Results) -> Plan:
    """The plan, without the images that failed or that exceed the shared memory of their target.

    A call replaces a configuration that lacks an image on its device, or needs more shared memory
    than that has, by the first that fits.
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
    needs = _needs(kernel, binaries, targets)
    empty = {target for target, row in needs.items() if set(row) == {None}}
    for target in empty:
        if not kernel.optional_targets:
            raise _nothing_left(kernel, omissions, f"for {target.name}")
    for binary in binaries:
        if not binary.images and not needs:
            raise _nothing_left(kernel, omissions, f"of its variant `{binary.variant.label}`")
    if needs and len(empty) == len(needs):
        raise _nothing_left(kernel, omissions, "at all")
    for position, binary in enumerate(binaries):
        kept = tuple(image for image in binary.images if image.target not in empty)
        binaries[position] = Binary(binary.variant, kept)
    left = {target: row for target, row in needs.items() if target not in empty}
    is_tight = any(most is None or most > _room(t) for t, row in left.items() for most in row)
    return Plan(kernel, tuple(binaries), left if is_tight else {}, tuple(omissions))


def _reason(kernel: Kernel, request: CompileRequest, result: Image | CodegenError) -> str:
    """Why there is no image to launch; nothing where there is one."""
    if isinstance(result, CodegenError):
        return result.message.removeprefix(f"{request}: ")
    most = DEVICES[request.target.capability].shared_optin
    if result.shared > most and is_optional(kernel):
        return f"needs {result.shared} bytes of shared memory, and a block can have {most}"
    return ""


def _needs(
    kernel: Kernel, binaries: Sequence[Binary], targets: Sequence[Target]
) -> dict[Target, tuple[int | None, ...]]:
    """For each target and configuration, the most bytes of shared memory that its images need; None
    where some image is missing."""
    position = _configuration_axis(kernel.specialisation)
    if position is None:
        return {}
    count = len(kernel.specialisation.axes[position].labels)
    needs: dict[Target, tuple[int | None, ...]] = {}
    for target in targets:
        row: list[int | None] = [0] * count
        for selection, number in _cells(kernel.specialisation):
            if number == NO_VARIANT:
                continue
            images = (i for i in binaries[number].images if i.target == target)
            image, most = next(images, None), row[selection[position]]
            if image is None or most is None:
                row[selection[position]] = None
            else:
                row[selection[position]] = max(image.shared, most)
        needs[target] = tuple(row)
    return needs


def _room(target: Target) -> int:
    """The shared memory of the smallest machine that launches what is built for the target."""
    able = (
        device.shared_optin
        for capability, device in DEVICES.items()
        if capability == target.capability
        or (capability > target.capability and target.is_ptx)
        or (not target.is_exact and 0 < capability - target.capability < 10)
    )
    return min(able)


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
