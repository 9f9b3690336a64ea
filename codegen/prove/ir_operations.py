"""What the operations of Triton's IR do with addresses: a row for each that needs one."""

from __future__ import annotations

import enum
from collections.abc import Mapping


class Effect(enum.Enum):
    """What an operation does with the addresses that it is given."""

    READS = "it reads the memory at its first operand"
    WRITES = "it writes the memory at its first operand"
    UPDATES = "it does both"
    PASSES_ON = "its results are made of all its operands together"
    CHOOSES = "its results are some of its operands"
    NOTHING = "it looks at them, or not even that"


def effect_of(name: str) -> Effect | None:
    """What the operation does; None: nobody here knows."""
    return Effect.PASSES_ON if name.startswith(_ARITHMETIC) else _EFFECTS.get(name)


_ARITHMETIC = ("arith.", "math.", "ub.")
_OPERATIONS: Mapping[Effect, tuple[str, ...]] = {
    Effect.READS: (
        *("tt.load", "tt.atomic_load", "tt.atomic_poll"),
        *("tt.descriptor_load", "tt.descriptor_gather"),
        *("ttg.async_copy_global_to_local", "ttng.async_tma_copy_global_to_local"),
        "ttng.async_tma_gather",
    ),
    Effect.WRITES: (
        *("tt.store", "tt.atomic_store", "tt.descriptor_store", "tt.descriptor_scatter"),
        *("ttng.async_tma_copy_local_to_global", "ttng.async_tma_scatter"),
    ),
    Effect.UPDATES: (
        *("tt.atomic_rmw", "tt.atomic_cas", "tt.descriptor_reduce", "ttng.async_tma_reduce"),
    ),
    Effect.PASSES_ON: (
        *("tt.addptr", "tt.int_to_ptr", "tt.ptr_to_int", "tt.bitcast", "tt.mulhiui"),
        *("tt.splat", "tt.unsplat", "tt.broadcast", "tt.expand_dims", "tt.reshape", "tt.trans"),
        *("tt.split", "tt.reduce", "tt.scan", "tt.map_elementwise", "ttg.convert_layout"),
    ),
    Effect.CHOOSES: ("tt.cat", "tt.join", "tt.gather"),
    Effect.NOTHING: ("tt.print", "tt.assert", "cf.assert"),
}
_EFFECTS = {name: effect for effect, names in _OPERATIONS.items() for name in names}
BRANCHES = ("cf.br", "cf.cond_br", "cf.switch")
LEAVES = (".yield", ".return", "_yield", "_return", ".condition")
"""How the operations are called that end a block with the values of what holds it."""
