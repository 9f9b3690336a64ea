"""What is launched: the kernels of benchmarks/kernels with fixed arguments."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

BUILT = Path(__file__).resolve().parent / "kernels" / "built"
PACKAGE = "launch_wrappers"
ELEMENTS, ALPHA = 4096, 2.0


@dataclass(frozen=True)
class Case:
    """A kernel, and how many tensors, i32, fp32 and constexprs it takes, in this order."""

    symbol: str
    tensors: int = 0
    ints: int = 0
    floats: int = 0
    constexprs: int = 0
    programs: int = 1

    @property
    def count(self) -> int:
        return self.tensors + self.ints + self.floats + self.constexprs

    @property
    def scalars(self) -> tuple[int | float, ...]:
        """Ints that 16 divides, as sizes are, and the first choice of each constexpr."""
        return (*[ELEMENTS] * self.ints, *[ALPHA] * self.floats, *[0] * self.constexprs)

    @cached_property
    def image(self) -> dict[str, Any]:
        """What the manifest says of the image that these arguments get."""
        text = (BUILT / PACKAGE / "MANIFEST.json").read_text()
        variants = json.loads(text)["functions"][f"launches.{self.symbol}"]["variants"]
        found: dict[str, Any] = next(iter(variants.values()))["images"]["sm_90"]
        return found

    @property
    def content(self) -> bytes:
        return (BUILT / PACKAGE / self.image["file"]).read_bytes()

    def taken(self, addresses: Sequence[int]) -> tuple[int | float, ...]:
        """The values that the image takes; then come Triton's two addresses, here 0."""
        return (*addresses, *self.scalars[: self.ints + self.floats])


CASES = (
    Case("arguments_0"),
    Case("arguments_5", tensors=3, ints=1, floats=1, programs=ELEMENTS // 1024),
    Case("arguments_19", tensors=5, ints=9, constexprs=5),
    Case("arguments_40", tensors=10, ints=30),
)


def wrappers() -> Any:
    """The generated module; `python -m benchmarks.kernels` generates it."""
    if str(BUILT) not in sys.path:
        sys.path.insert(0, str(BUILT))
    return importlib.import_module(f"{PACKAGE}.launches")


def package() -> Any:
    wrappers()
    return sys.modules[PACKAGE]


def library() -> Path:
    """The shared library, which importing the module builds."""
    wrappers()
    path: Path = sys.modules[f"{PACKAGE}._library"].path()
    return path


Burst = Callable[[int], float]
"""Makes so many launches, and gives the seconds for each."""
