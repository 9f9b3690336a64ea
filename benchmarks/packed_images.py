"""What the images of the committed library would be compressed, and what undoing it would take."""

from __future__ import annotations

import lzma
import sys
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.commands import ROOT, run
from codegen.project.library import build_library

ROUNDS = 10
_LOAD = "import ctypes, sys, time; start = time.perf_counter(); ctypes.CDLL(sys.argv[1]); "
_LOAD += "print(time.perf_counter() - start)"


@dataclass(frozen=True)
class Method:
    """A way to compress: bytes of all images, seconds to undo it for all and for the largest."""

    name: str
    size: int
    all: float
    largest: float


@dataclass(frozen=True)
class Packed:
    images: int
    size: int
    largest: int
    library: int
    load: float
    """Seconds until the library is loaded, as it is."""
    methods: tuple[Method, ...]


def measure() -> Packed:
    library = build_library(ROOT / "generated").path
    folders = (ROOT / "generated").rglob("*.images")
    images = [path.read_bytes() for folder in folders for path in sorted(folder.iterdir())]
    loads = [float(run([sys.executable, "-c", _LOAD, library]).output) for _ in range(ROUNDS)]
    return Packed(
        images=len(images),
        size=sum(map(len, images)),
        largest=max(map(len, images)),
        library=library.stat().st_size,
        load=min(loads),
        methods=(
            _method("zlib, level 9", images, lambda data: zlib.compress(data, 9), zlib.decompress),
            _method(
                "xz, preset 9", images, lambda data: lzma.compress(data, preset=9), lzma.decompress
            ),
        ),
    )


def _method(
    name: str,
    images: list[bytes],
    pack: Callable[[bytes], bytes],
    unpack: Callable[[bytes], bytes],
) -> Method:
    packed = [pack(image) for image in images]
    largest = pack(max(images, key=len))
    return Method(
        name,
        sum(map(len, packed)),
        _seconds(lambda: [unpack(data) for data in packed]),
        _seconds(lambda: unpack(largest)),
    )


def _seconds(action: Callable[[], object]) -> float:
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return min(times)
