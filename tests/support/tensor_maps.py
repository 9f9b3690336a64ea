"""Tensor maps as the stand-in driver writes them down, and Triton's own code that encodes them."""

from __future__ import annotations

import ctypes
import importlib.util
import os
import struct
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import triton.backends.nvidia.driver as triton_driver

from . import standin

_FOLDER = Path(triton_driver.__file__).parent


@dataclass(frozen=True)
class TensorMap:
    """What cuTensorMapEncodeTiled was asked for; dimensions from the innermost."""

    type: int
    data: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    """In bytes, without the innermost."""
    box: tuple[int, ...]
    steps: tuple[int, ...]
    interleave: int
    swizzle: int
    l2_promotion: int
    fill: int
    is_mended: bool
    """The bit is cleared that drivers set wrongly in maps of small tensors."""


def decode(content: bytes) -> TensorMap:
    """The map in 128 bytes that the stand-in has written."""
    kind, rank, interleave, swizzle, promotion, fill = struct.unpack_from("<6B", content)
    words = struct.unpack("<16Q", content)
    assert words[1] >> 48 == 0x7E50, "no map of the stand-in's"
    return TensorMap(
        kind,
        words[2],
        words[3 : 3 + rank],
        words[8 : 8 + rank - 1],
        struct.unpack_from(f"<{rank}H", content, 8 * 12),
        struct.unpack_from(f"<{rank}B", content, 8 * 14),
        interleave,
        swizzle,
        promotion,
        fill,
        is_mended=not words[1] >> 21 & 1,
    )


def by_triton(
    metadata: dict[str, Any],
    data: int,
    shape: tuple[int, ...],
    strides: tuple[int, ...],
    *,
    nan: bool = False,
    tf32: bool = False,
) -> tuple[bytes, list[int]]:
    """The map that Triton's launcher makes of a tensor, and the parameters that it puts behind."""
    utils = SimpleNamespace(fill_tma_descriptor_tiled=_triton_module().fill_tma_descriptor_tiled)
    active = SimpleNamespace(active=SimpleNamespace(utils=utils))
    descriptor = SimpleNamespace(
        base=SimpleNamespace(data_ptr=lambda: data),
        shape=list(shape),
        strides=list(strides),
        padding="nan" if nan else "zero",
        round_f32_to_tf32=tf32,
    )
    with mock.patch.object(triton_driver.triton.runtime, "driver", active):
        encoded, *others = triton_driver.make_tensordesc_arg(descriptor, metadata, None)
    offset = type(encoded).__basicsize__ - 128
    return ctypes.string_at(id(encoded) + offset, 128), others


_module: Any = None


def _triton_module() -> Any:
    """Triton's driver.c, built here; its calls go to the stand-in."""
    global _module
    if _module is None:
        standin.install()
        library = standin.build().parent / "cuda_utils.so"
        if not library.exists():
            include = (f"-I{_FOLDER / 'include'}", f"-I{sysconfig.get_path('include')}")
            unfinished = library.with_suffix(f".{os.getpid()}")
            command = ["cc", "-shared", "-fPIC", "-O1", "-w", *include, str(_FOLDER / "driver.c")]
            subprocess.run([*command, "-o", str(unfinished)], check=True)
            unfinished.replace(library)
        flags = sys.getdlopenflags()
        sys.setdlopenflags(os.RTLD_LAZY)  # the stand-in has few of the calls that it names
        try:
            spec = importlib.util.spec_from_file_location("cuda_utils", library)
            assert spec is not None and spec.loader is not None
            _module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(_module)
        finally:
            sys.setdlopenflags(flags)
    return _module
