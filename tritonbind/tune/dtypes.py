"""The element types of tensors: their names in keys, in DLPack, and numbers to fill them with."""

from __future__ import annotations

import random
import struct
from dataclasses import dataclass

_INT, _UINT, _FLOAT, _BFLOAT, _BOOL = 0, 1, 2, 4, 6
_NUMBERS = 1 << 14


@dataclass(frozen=True)
class DType:
    """A type of elements."""

    label: str
    """Torch's name, without `torch.`."""
    code: int
    """DLPack's."""
    size: int
    """In bytes."""
    one: int | None = None
    """Of 8-bit floats the byte that is 1.0: bytes up to it are finite and small."""

    @property
    def is_float(self) -> bool:
        return self.code not in (_INT, _UINT, _BOOL)

    def numbers(self) -> bytes:
        """Small finite numbers for floats, always the same; nothing for ints, which stay 0."""
        lot = random.Random(0)
        if not self.is_float:
            return b""
        if self.one is not None:
            signs = (0, 0x80)
            return bytes(lot.choice(signs) | lot.randint(1, self.one) for _ in range(_NUMBERS))
        values = [lot.uniform(-1, 1) for _ in range(_NUMBERS)]
        if self.code == _BFLOAT:
            whole = struct.pack(f"<{_NUMBERS}f", *values)
            return b"".join(whole[at + 2 : at + 4] for at in range(0, len(whole), 4))
        return struct.pack(f"<{_NUMBERS}{_FORMATS[self.size]}", *values)


_FORMATS = {2: "e", 4: "f", 8: "d"}

DTYPES = {
    "i1": DType("bool", _BOOL, 1),
    **{f"i{bits}": DType(f"int{bits}", _INT, bits // 8) for bits in (8, 16, 32, 64)},
    **{f"u{bits}": DType(f"uint{bits}", _UINT, bits // 8) for bits in (8, 16, 32, 64)},
    **{f"fp{bits}": DType(f"float{bits}", _FLOAT, bits // 8) for bits in (16, 32, 64)},
    "bf16": DType("bfloat16", _BFLOAT, 2),
    "fp8e4nv": DType("float8_e4m3fn", 10, 1, one=0x38),
    "fp8e4b8": DType("float8_e4m3fnuz", 11, 1, one=0x40),
    "fp8e5": DType("float8_e5m2", 12, 1, one=0x3C),
    "fp8e5b16": DType("float8_e5m2fnuz", 13, 1, one=0x40),
}
"""By Triton's name."""


def label_of(name: str) -> str:
    """Torch's name of a type by Triton's: the same where torch has none."""
    return DTYPES[name].label if name in DTYPES else name
