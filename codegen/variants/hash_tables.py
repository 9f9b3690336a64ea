"""Hash tables, made here and read in C: they find what a call gives among many in a few steps."""

from __future__ import annotations

from collections.abc import Sequence

FEW = 4
"""So many are looked through one by one."""
_FACTOR, _WORD = 0x9E3779B97F4A7C15, (1 << 64) - 1


def slots(keys: Sequence[Sequence[int]]) -> tuple[int, ...]:
    """The place of each key where C looks for it, -1 where nothing is; nothing at all for few keys.

    A key is as many numbers as C mixes. `templates/runtime/core/tb_lookup.h` has the other half.
    """
    if len(keys) <= FEW:
        return ()
    size = 1 << (4 * len(keys) - 1).bit_length()
    table = [-1] * size
    for place, key in enumerate(keys):
        at = _mixed(key) % size
        while table[at] >= 0:
            at = (at + 1) % size
        table[at] = place
    return tuple(table)


def words(text: str) -> tuple[int, ...]:
    """A string as C mixes it: its length, then eight bytes at a time, the last eight at the end."""
    data = text.encode()
    length = len(data)
    pieces = [data[start : start + 8] for start in range(0, length - 8, 8)]
    if length >= 8:
        pieces.append(data[-8:])
    elif length >= 4:
        pieces.append(data[:4] + data[-4:])
    else:
        pieces.append(bytes(data[place] for place in (0, length // 2, -1)) if data else b"")
    return (length, *(int.from_bytes(piece, "little") for piece in pieces))


def initializer(table: Sequence[int]) -> str:
    """A `tb_slots`."""
    return f"{{(const int32_t[]){{{', '.join(map(str, table))}}}, {len(table) - 1}}}"


def _mixed(key: Sequence[int]) -> int:
    state = 0
    for number in key:
        state ^= number & _WORD
        state = (state ^ state >> 32) * _FACTOR & _WORD
        state ^= state >> 29
    return state
