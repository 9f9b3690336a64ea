"""Launches of the sample that are prepared once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.support import standin
from tests.support.calls import arguments, tensor
from tests.support.library_tensor import LibraryTensor
from tests.support.sample import Sample

SCALE = "sample.scale"


def prepared(sample: Sample, name: str, **changes: Any) -> Callable[..., None]:
    return sample.prepare(sample.wrapper(name), *arguments(name, **changes))


def launches(run: Callable[[], object]) -> list[standin.Launch]:
    """What is launched meanwhile."""
    before = len(standin.launches())
    assert run() is None
    return standin.launches()[before:]


def library(device: int = 0) -> dict[str, Any]:
    """The tensors of scale, of a library that has streams."""
    plain = tensor(8, dtype="fp16", device=device)
    return dict.fromkeys(
        ("x_ptr", "out_ptr"),
        LibraryTensor(plain.array, "fp16", device=device, address=plain.address),
    )
