"""The machines that can be built for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Target:
    """A machine to build for: `sm_90` is a cubin for capability 9.0, `compute_80` is PTX."""

    capability: int
    is_ptx: bool = False

    @property
    def name(self) -> str:
        return f"{'compute' if self.is_ptx else 'sm'}_{self.capability}"

    @property
    def is_exact(self) -> bool:
        """Triton builds cubins from sm_90 on for that very machine ("a" targets)."""
        return not self.is_ptx and self.capability >= 90

    @property
    def has_hopper_launches(self) -> bool:
        """Clusters, and programmatic dependent launch, came with compute capability 9.0."""
        return self.capability >= 90

    @property
    def suffix(self) -> str:
        return "ptx" if self.is_ptx else "cubin"


TARGETS = {
    target.name: target
    for target in (
        *map(Target, (75, 80, 86, 87, 89, 90, 100, 103, 110, 120, 121)),
        *(Target(capability, True) for capability in (75, 80, 86, 87, 89)),
    )
}
"""Every target that can be built, by name."""
