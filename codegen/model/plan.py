"""What was compiled of a kernel, and everything that is rendered for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

from codegen.model.kernel import Kernel, Variant
from codegen.model.pointer_uses import PointerUses, union
from codegen.model.targets import Target


@dataclass(frozen=True)
class TensorMap:
    """How an image wants a tensor to be described to the machine's copy engine (TMA)."""

    swizzle: int
    """`CUtensorMapSwizzle`."""
    element_size: int
    element_type: int
    """`CUtensorMapDataType`."""
    box: tuple[int, ...]
    """The elements that one copy moves, in the order of the tensor's dimensions."""
    fp4_padded: bool = False
    """Bytes of the tensor are pairs of fp4, which are spread out in shared memory."""

    @classmethod
    def recorded(cls, entry: Mapping[str, Any]) -> TensorMap:
        """That of which `asdict` made this."""
        return cls(**{**entry, "box": tuple(entry["box"])})


@dataclass(frozen=True)
class Image:
    """One compiled variant for one target, and what the launch needs to know of it."""

    target: Target
    data: bytes = field(repr=False)
    symbol: str
    """The kernel's name inside the image."""
    num_warps: int
    shared: int
    """Bytes of dynamic shared memory."""
    registers: int
    """Registers per thread."""
    stack: int
    """Bytes of stack per thread, where spilled registers go."""
    key: str
    """Digest of everything the compiler was given; equal keys give equal bytes."""
    uses: PointerUses
    num_ctas: int = 1
    scratch: int = 0
    """Bytes of global scratch memory per block."""
    launch_pdl: bool = False
    cooperative: bool = False
    maps: tuple[TensorMap, ...] = ()
    """One for each tensor descriptor, in order, or none: then the kernel takes their parts."""

    @property
    def threads(self) -> int:
        return 32 * self.num_warps

    def record(self) -> dict[str, Any]:
        """What MANIFEST.json says of it, but for the file and the digest of its bytes."""
        own = {entry: getattr(self, entry) for entry in _RECORDED}
        uses = {entry: sorted(getattr(self.uses, name)) for entry, name in _USES.items()}
        return {**own, "tensor_maps": [asdict(tensor_map) for tensor_map in self.maps], **uses}

    @classmethod
    def recorded(cls, target: Target, entry: Mapping[str, Any], data: bytes) -> Image:
        """The image of which `record` made this."""
        return cls(
            target,
            data,
            uses=PointerUses(**{name: frozenset(entry[key]) for key, name in _USES.items()}),
            maps=tuple(TensorMap.recorded(each) for each in entry["tensor_maps"]),
            **{name: entry[name] for name in _RECORDED},
        )


_RECORDED = (
    *("key", "symbol", "num_warps", "registers", "shared", "stack", "num_ctas", "scratch"),
    *("launch_pdl", "cooperative"),
)
_USES = {"reads": "read", "writes": "written", "writes_through": "through"}
"""Of a record, and of `PointerUses`."""


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
class Needs:
    """The shared memory of configurations, where not all of them can be launched everywhere."""

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
    needs: Needs | None = None
    """Nothing where all configurations fit everywhere."""
    omissions: tuple[Omission, ...] = ()

    @cached_property
    def uses(self) -> PointerUses:
        """What a call may read and write, whichever image it takes."""
        return union(image.uses for binary in self.binaries for image in binary.images)

    @cached_property
    def homes(self) -> Mapping[tuple[str, Target], str]:
        """For each variant and target, the variant under whose name the image is kept: bytes that
        several have in common are kept once."""
        first: dict[tuple[Target, bytes], str] = {}
        return {
            (binary.variant.label, image.target): first.setdefault(
                (image.target, image.data), binary.variant.label
            )
            for binary in self.binaries
            for image in binary.images
        }
