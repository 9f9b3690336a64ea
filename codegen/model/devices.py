"""A well-known GPU of each target: what kernel files hear when they ask for the device."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

KIB, GIB = 1 << 10, 1 << 30


@dataclass(frozen=True)
class Device:
    """A GPU as its data sheet has it."""

    capability: int
    name: str
    sm_count: int
    shared_optin: int
    """The most bytes of shared memory that a block may have."""
    shared_per_sm: int
    threads_per_sm: int
    memory: int
    """Bytes."""
    l2: int
    """Bytes."""
    clock: int
    """kHz."""
    memory_clock: int
    """kHz."""
    bus_width: int
    """Bits."""

    @property
    def is_integrated(self) -> bool:
        """It shares its memory with the CPU."""
        return self.capability in (87, 110, 121)

    @property
    def version(self) -> tuple[int, int]:
        """The compute capability as (major, minor)."""
        return divmod(self.capability, 10)


def _device(
    capability: int,
    name: str,
    sm_count: int,
    shared_kib: int,
    threads: int,
    memory_gib: int,
    l2_mib: int,
    mhz: tuple[int, int],
    bus_width: int,
) -> Device:
    reserved = 0 if capability < 80 else 1  # from sm_80 on the system takes 1 KiB of each block's
    return Device(
        capability,
        name,
        sm_count,
        (shared_kib - reserved) * KIB,
        shared_kib * KIB,
        threads,
        memory_gib * GIB,
        l2_mib * KIB * KIB,
        mhz[0] * 1000,
        mhz[1] * 1000,
        bus_width,
    )


# Shared memory and threads: "Technical Specifications per Compute Capability" of NVIDIA's CUDA C++
# Programming Guide. The rest: the data sheet of the device.
_ROWS = (
    (75, "Tesla T4", 40, 64, 1024, 16, 4, (1590, 5001), 256),
    (80, "NVIDIA A100-SXM4-80GB", 108, 164, 2048, 80, 40, (1410, 1593), 5120),
    (86, "NVIDIA A10", 72, 100, 1536, 24, 6, (1695, 6251), 384),
    (87, "Orin", 16, 164, 1536, 64, 4, (1300, 3200), 256),
    (89, "NVIDIA L4", 58, 100, 1536, 24, 48, (2040, 6251), 192),
    (90, "NVIDIA H100 80GB HBM3", 132, 228, 2048, 80, 50, (1980, 2619), 5120),
    (100, "NVIDIA B200", 148, 228, 2048, 180, 126, (1965, 3996), 8192),
    (103, "NVIDIA B300", 148, 228, 2048, 268, 126, (1965, 3996), 8192),
    (110, "NVIDIA Thor", 20, 228, 1536, 128, 32, (1575, 4266), 256),
    (120, "NVIDIA GeForce RTX 5090", 170, 100, 1536, 32, 96, (2407, 14001), 512),
    (121, "NVIDIA GB10", 48, 100, 1536, 128, 24, (2418, 4266), 256),
)

DEVICES = {row[0]: _device(*row) for row in _ROWS}
"""By capability, for every target that can be built."""


def device_of(capability: int) -> Device:
    """The device of a capability; of one without a device here, the next lower one's."""
    known = max((other for other in DEVICES if other <= capability), default=min(DEVICES))
    return dataclasses.replace(DEVICES[known], capability=capability)
