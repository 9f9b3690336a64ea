"""The runtime's making of descriptors, built by itself and called with plain values."""

from __future__ import annotations

import ctypes
import functools
import shutil
import struct
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from . import standin
from .c_programs import STRICT
from .places import C_PROGRAMS, RUNTIME


@dataclass(frozen=True)
class Wanted:
    """What an image wants: a `tb_map`, and what the argument's declaration says."""

    type: int
    element_size: int
    swizzle: int
    box: tuple[int, ...]
    fp4_padded: bool = False
    nan: bool = False
    tf32: bool = False


@dataclass(frozen=True)
class Described:
    """What a launch would pass of a tensor."""

    map: bytes
    data: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    padding_is_nan: bool
    round_to_tf32: bool
    shape32: tuple[int, ...]


class Refused(Exception):
    """The status and the sentence of a failure."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


class _Tensor(ctypes.Structure):
    _fields_ = [
        ("data", ctypes.c_void_p),
        ("ndim", ctypes.c_int32),
        ("shape", ctypes.POINTER(ctypes.c_int64)),
        ("strides", ctypes.POINTER(ctypes.c_int64)),
    ]


def describe(
    wanted: Wanted,
    data: int,
    shape: Sequence[int] | None,
    strides: Sequence[int] | None = None,
    *,
    ndim: int | None = None,
    encode: bool = True,
) -> Described:
    """Make a descriptor of a tensor, and its map. Raises `Refused`."""
    rank = len(wanted.box)
    count = len(shape or ()) if ndim is None else ndim
    tensor = _Tensor(data, count, _integers(shape), _integers(strides))
    packed = struct.pack(
        "<4B?x5H",
        *(0, wanted.type, wanted.element_size, wanted.swizzle, wanted.fp4_padded),
        *(*wanted.box, *[0] * (5 - rank)),
    )
    result = ctypes.create_string_buffer(128 + 8 + 40 + 40 + 20 + 2 + 2 + 4 + 64)
    status = _library().describe(
        ctypes.byref(tensor),
        rank,
        wanted.element_size,
        ctypes.byref(ctypes.c_int(wanted.nan)),
        ctypes.byref(ctypes.c_int(wanted.tf32)),
        packed if encode else None,
        result,
    )
    if status != 0:
        raise Refused(status, _library().tritonbind_last_error().decode())
    data, *numbers = struct.unpack_from("<Q5q5q5i??", result.raw, 128)
    return Described(
        result.raw[:128],
        data,
        tuple(numbers[:rank]),
        tuple(numbers[5 : 5 + rank]),
        numbers[15],
        numbers[16],
        tuple(numbers[10 : 10 + rank]),
    )


def _integers(values: Sequence[int] | None) -> ctypes.Array[ctypes.c_int64] | None:
    return None if values is None else (ctypes.c_int64 * max(len(values), 1))(*values)


@functools.cache
def _library() -> ctypes.CDLL:
    """Built with the sanitizer of undefined behaviour, behind the stand-in driver."""
    standin.install()
    folder = Path(tempfile.mkdtemp(prefix="tritonbind-describe-"))
    try:
        sources = [C_PROGRAMS / "describe.c", *sorted((RUNTIME / "core").glob("*.c"))]
        command = ["cc", "-std=c99", "-O1", *STRICT, "-fPIC", "-shared", "-fvisibility=hidden"]
        command += ["-fsanitize=undefined", "-fno-sanitize-recover=all", f"-I{RUNTIME.parent}"]
        links = ["-ldl", "-lm", "-lpthread"]
        target = folder / "describe.so"
        subprocess.run([*command, *map(str, sources), "-o", str(target), *links], check=True)
        library = ctypes.CDLL(str(target))
    finally:
        shutil.rmtree(folder)
    library.tritonbind_last_error.restype = ctypes.c_char_p
    return library
