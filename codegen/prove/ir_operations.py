"""What the operations of Triton's IR do with addresses: a row for each that needs one."""

from __future__ import annotations

import enum
from collections.abc import Mapping


class Deed(enum.Enum):
    """What an operation does with the addresses that it is given."""

    READS = "it reads the memory at its first operand"
    WRITES = "it writes the memory at its first operand"
    UPDATES = "it does both"
    PASSES_ON = "its results are made of all its operands together"
    CHOOSES = "its results are some of its operands"
    NOTHING = "it looks at them, or not even that"


def deed_of(name: str) -> Deed | None:
    """What the operation does; None: nobody here knows."""
    return Deed.PASSES_ON if name.startswith(_ARITHMETIC) else _DEEDS.get(name)


_ARITHMETIC = ("arith.", "math.", "ub.")
_OPERATIONS: Mapping[Deed, tuple[str, ...]] = {
    Deed.READS: (
        *("tt.load", "tt.atomic_load", "tt.atomic_poll"),
        *("tt.descriptor_load", "tt.descriptor_gather"),
        *("ttg.async_copy_global_to_local", "ttng.async_tma_copy_global_to_local"),
        "ttng.async_tma_gather",
    ),
    Deed.WRITES: (
        *("tt.store", "tt.atomic_store", "tt.descriptor_store", "tt.descriptor_scatter"),
        *("ttng.async_tma_copy_local_to_global", "ttng.async_tma_scatter"),
    ),
    Deed.UPDATES: (
        *("tt.atomic_rmw", "tt.atomic_cas", "tt.descriptor_reduce", "ttng.async_tma_reduce"),
    ),
    Deed.PASSES_ON: (
        *("tt.addptr", "tt.int_to_ptr", "tt.ptr_to_int", "tt.bitcast", "tt.mulhiui"),
        *("tt.splat", "tt.unsplat", "tt.broadcast", "tt.expand_dims", "tt.reshape", "tt.trans"),
        *("tt.split", "tt.reduce", "tt.scan", "tt.map_elementwise", "ttg.convert_layout"),
    ),
    Deed.CHOOSES: ("tt.cat", "tt.join", "tt.gather"),
    Deed.NOTHING: ("tt.print", "tt.assert", "cf.assert"),
}
_DEEDS = {name: deed for deed, names in _OPERATIONS.items() for name in names}
BRANCHES = ("cf.br", "cf.cond_br", "cf.switch")
LEAVES = (".yield", ".return", "_yield", "_return", ".condition")
"""How the operations are called that end a block with the values of what holds it."""
