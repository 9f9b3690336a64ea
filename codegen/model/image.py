"""A compiled image: each property once, for the compiler, the proof and the manifest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from codegen.model.pointer_uses import PointerUses
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


@dataclass(frozen=True, kw_only=True)
class Properties:
    """What a launch needs to know of an image, by the compiler's account.

    A new property is a new field here, which `compile.triton_compiler` sets and `render.c_view`
    prints.
    """

    symbol: str
    """The kernel's name inside the image."""
    num_warps: int
    """Warps of a block, with those that warp specialisation adds."""
    shared: int
    """Bytes of dynamic shared memory."""
    num_ctas: int = 1
    scratch: int = 0
    """Bytes of global scratch memory per block."""
    launch_pdl: bool = False
    tensor_maps: tuple[TensorMap, ...] = ()
    """One for each tensor descriptor, in order, or none: then the kernel takes their parts."""
    uses: PointerUses

    def properties(self) -> dict[str, Any]:
        return {entry.name: getattr(self, entry.name) for entry in fields(Properties)}


@dataclass(frozen=True)
class Compiled(Properties):
    """An image as the compiler made it, with what the compiler says of it."""

    data: bytes = field(repr=False)
    """The image: a cubin, or PTX."""
    cubin: bytes = field(repr=False)
    """The cubin; where the image is PTX, what ptxas made of it."""
    parameter_sizes: tuple[int, ...]
    """Bytes of each kernel parameter by Triton's own account, with the scratch pointers."""
    memory: int = field(default=0, compare=False)
    """Bytes that the process which compiled it has had at most until then."""


@dataclass(frozen=True)
class Image(Properties):
    """One variant for one target, whose launch layout is proven."""

    target: Target
    data: bytes = field(repr=False)
    key: str
    """Digest of everything the compiler was given; equal keys give equal bytes."""
    registers: int
    """Registers per thread."""
    stack: int
    """Bytes of stack per thread, where spilled registers go."""
    cooperative: bool = False

    @property
    def threads(self) -> int:
        return 32 * self.num_warps

    def record(self) -> dict[str, Any]:
        """All but its target and bytes, as MANIFEST.json has it: `RECORDED`."""
        own = {entry.name: getattr(self, entry.name) for entry in _OWN}
        maps = [asdict(each) for each in self.tensor_maps]
        uses = {name: sorted(names) for name, names in vars(self.uses).items()}
        return {**own, "tensor_maps": maps, **uses}

    @classmethod
    def recorded(cls, target: Target, data: bytes, record: Mapping[str, Any]) -> Image:
        """The image that `record` was made of, with its bytes."""
        own = {entry.name: record[entry.name] for entry in _OWN}
        maps = record["tensor_maps"]
        own["tensor_maps"] = tuple(TensorMap(**{**each, "box": (*each["box"],)}) for each in maps)
        uses = {entry.name: frozenset(record[entry.name]) for entry in fields(PointerUses)}
        return cls(target, data, **own, uses=PointerUses(**uses))


_OWN = tuple(entry for entry in fields(Image) if entry.name not in ("target", "data", "uses"))
RECORDED = frozenset(entry.name for entry in (*_OWN, *fields(PointerUses)))
