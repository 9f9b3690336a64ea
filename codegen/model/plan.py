"""What was compiled of a kernel, and everything that is rendered for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from codegen.model.identifiers import image_file
from codegen.model.image import Image
from codegen.model.kernel import Kernel, Variant
from codegen.model.pointer_uses import PointerUses, union
from codegen.model.targets import Target


@dataclass(frozen=True)
class Binary:
    """A variant with its images, one per target, in the order of the targets."""

    variant: Variant
    images: tuple[Image, ...]


@dataclass(frozen=True)
class Omission:
    """An image that was wanted and is not there."""

    variant: str
    target: Target
    reason: str


@dataclass(frozen=True)
class Home:
    """Under whose name an image is kept."""

    symbol: str
    """The function."""
    label: str
    """The variant."""


Bytes = tuple[Target, bytes]
"""What images are compared by."""


@dataclass(frozen=True)
class SharedMemory:
    """What each configuration needs, where not all of them can be launched everywhere."""

    axes: tuple[int, ...]
    """The places of the axes, before that of the configurations, whose choices matter to it."""
    rows: Mapping[tuple[int, ...], Mapping[Target, tuple[int | None, ...]]]
    """For each combination of those choices and each target the bytes of each configuration, None
    for those that have no image."""


@dataclass(frozen=True)
class Plan:
    """Everything that is rendered for one function."""

    kernel: Kernel
    binaries: tuple[Binary, ...]
    """One for each variant of the kernel's specialisation, in its order."""
    shared_memory: SharedMemory | None = None
    """Nothing where all configurations fit everywhere."""
    omissions: tuple[Omission, ...] = ()
    kept: Mapping[Bytes, Home] = field(default_factory=dict)
    """The images that functions before this one in its file have."""

    @cached_property
    def uses(self) -> PointerUses:
        """What a call may read and write, whichever image it takes."""
        return union(image.uses for binary in self.binaries for image in binary.images)

    def path(self, variant: Variant, image: Image) -> str:
        """Where an image of a variant is kept, relative to the output folder."""
        folder = f"{self.kernel.file.removesuffix('.py')}.images"
        home, target = self.homes[variant.label, image.target], image.target
        return f"{folder}/{image_file(home.symbol, home.label, target.name)}.{target.suffix}"

    @cached_property
    def homes(self) -> Mapping[tuple[str, Target], Home]:
        """For each variant and target, where the image is kept: bytes that several have in common
        are kept once."""
        first = dict(self.kept)
        return {
            (binary.variant.label, image.target): first.setdefault(
                (image.target, image.data), Home(self.kernel.symbol, binary.variant.label)
            )
            for binary in self.binaries
            for image in binary.images
        }


def sharing(plans: Iterable[Plan]) -> tuple[Plan, ...]:
    """The plans, so that an image which several functions of a file have is the first one's."""
    by_file: dict[str, dict[Bytes, Home]] = {}
    shared = []
    for plan in plans:
        kept = by_file.setdefault(plan.kernel.file, {})
        plan = replace(plan, kept=dict(kept))
        shared.append(plan)
        for binary in plan.binaries:
            for image in binary.images:
                home = plan.homes[binary.variant.label, image.target]
                kept[image.target, image.data] = home
    return tuple(shared)
