"""The kernels of tests/kernels/descriptors.py: generated, and what they should compute.

`CASES` is for any machine with a GPU: each makes tensors, some of them written, and knows the whole
of their storage afterwards. `python -m tests.support.descriptors FOLDER` calls all of them with
torch, where FOLDER is the generated package.
"""

from __future__ import annotations

import importlib
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from tests.support.generated_once import generate_once
from tests.support.places import KERNELS

PACKAGE = "descriptor_wrappers"
TARGETS = ("sm_80", "sm_90", "sm_100", "compute_80")
PYPROJECT = f"[tool.codegen]\ntargets = {list(TARGETS)}\noutput = {PACKAGE!r}\n"

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Strided:
    """A tensor in a storage that has more: elements around it and between its rows.

    The bits of bf16 are held as uint16.
    """

    storage: Array
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    offset: int = 0
    dtype: str = ""

    @property
    def view(self) -> Array:
        """The tensor's elements, to be read or written."""
        size = self.storage.itemsize
        steps = [size * stride for stride in self.strides]
        return np.lib.stride_tricks.as_strided(self.storage[self.offset :], self.shape, steps)

    def written(self, values: Array) -> Array:
        """The storage with these elements in the tensor's place."""
        copy = replace(self, storage=self.storage.copy())
        copy.view[...] = values
        return copy.storage


@dataclass(frozen=True)
class Case:
    """One call, and the storages that it leaves behind by the places of their arguments."""

    name: str
    function: str
    make: Callable[[np.random.Generator], tuple[Sequence[Strided | int], Mapping[int, Array]]]
    tolerance: float = 0.0
    """Of the largest element."""
    kept_bits: int = 32
    """How many bits of fp32 a result may use, from the highest."""

    def check(self, index: int, expected: Array, found: Array) -> None:
        """Compare a storage that the call has left behind."""
        assert found.dtype == expected.dtype, self.name
        if self.tolerance == 0:
            np.testing.assert_array_equal(found, expected, f"{self.name}, argument {index}")
        else:
            largest = np.abs(expected[np.isfinite(expected)]).max()
            allowed = self.tolerance * largest
            message = f"{self.name}, argument {index}"
            np.testing.assert_allclose(found, expected, rtol=0, atol=allowed, err_msg=message)
        if self.kept_bits < 32:
            lost = found.view(np.uint32) & ((1 << 32 - self.kept_bits) - 1)
            assert not lost.any(), f"{self.name}: more than {self.kept_bits} bits are left"


def _strided(
    random: np.random.Generator,
    shape: tuple[int, ...],
    strides: tuple[int, ...],
    dtype: str = "float32",
    offset: int = 0,
    name: str = "",
) -> Strided:
    """Random elements, also around the tensor."""
    size = offset + sum((n - 1) * s for n, s in zip(shape, strides, strict=True)) + 1 + 40
    kind = np.dtype(dtype)
    if kind.kind == "f":
        storage = random.standard_normal(size).astype(kind)
    else:
        storage = random.integers(0, 200, size, dtype=kind)
    return Strided(storage, shape, strides, offset, name)


def _copy(dtype: str, rows: int) -> Case:
    def make(random: np.random.Generator) -> Any:
        source = _strided(random, (100, 72), (80, 1), dtype, offset=16)
        target = _strided(random, (100, 72), (88, 1), dtype, offset=8)
        return (source, target, 100, 72, rows), {1: target.written(source.view)}

    return Case(f"copy {dtype} by {rows} rows", "copy", make)


def _clipped(random: np.random.Generator) -> Any:
    """What is beyond the source reads as 0; what is beyond the target is not written."""
    source = _strided(random, (40, 48), (48, 1), "float16")
    target = _strided(random, (50, 56), (64, 1), "float16")
    values = np.zeros((50, 56), np.float16)
    values[:40, :48] = source.view
    return (source, target, 64, 64, 64), {1: target.written(values)}


def _matmul(random: np.random.Generator) -> Any:
    a = _strided(random, (200, 144), (152, 1), "float16", offset=8)
    b = _strided(random, (144, 192), (200, 1), "float16")
    c = _strided(random, (200, 192), (196, 1), "float32", offset=4)
    product = a.view.astype(np.float64) @ b.view.astype(np.float64)
    return (a, b, c, 200, 192, 144), {2: c.written(product)}


def _negate(random: np.random.Generator) -> Any:
    source = _strided(random, (3000,), (1,), "int32", offset=4)
    target = _strided(random, (2992,), (1,), "int32")
    return (source, target), {1: target.written(-source.view[:2992])}


def _transpose(random: np.random.Generator) -> Any:
    source = _strided(random, (3, 56, 70), (4800, 80, 1), "uint16", name="bf16")
    target = _strided(random, (3, 70, 56), (4600, 64, 1), "uint16", offset=8, name="bf16")
    return (source, target, 3, 56, 70), {1: target.written(source.view.transpose(0, 2, 1))}


def _pad(random: np.random.Generator) -> Any:
    source = _strided(random, (10, 20), (24, 1))
    out = _strided(random, (16, 32), (32, 1))
    values = np.full((16, 32), np.nan, np.float32)
    values[:10, :20] = source.view
    return (source, out), {1: out.written(values)}


def _rounded(random: np.random.Generator) -> Any:
    source = _strided(random, (16, 32), (36, 1))
    out = Strided(np.zeros(512, np.float32), (16, 32), (32, 1))
    return (source, out), {1: out.written(source.view)}


def _facts(random: np.random.Generator) -> Any:
    source = _strided(random, (3, 1, 4, 20, 24), (4096, 4096, 1024, 32, 1), "uint8", offset=16)
    out = Strided(np.zeros(6, np.int64), (6,), (1,))
    total = source.view[0, 0, :2, :16, :24].astype(np.int64).sum()
    return (source, 2.5, out), {2: np.array([3, 24, 4096, 32, total, 5], np.int64)}


CASES = (
    *(_copy(dtype, rows) for dtype in ("float16", "float32") for rows in (32, 64)),
    Case("copy to a larger matrix", "copy", _clipped),
    Case("matmul of ragged sizes", "matmul", _matmul, tolerance=1e-5),
    Case("negate in one dimension", "negate", _negate),
    Case("transpose in three dimensions", "transpose", _transpose),
    Case("pad with nan", "pad", _pad),
    # tf32 has 10 bits of fraction; of rounding and cutting off, either is within one unit
    Case("round to tf32", "rounded", _rounded, tolerance=2**-10, kept_bits=19),
    Case("facts of five dimensions", "facts", _facts),
)


def on_gpu(case: Case, module: Any, seed: int = 0) -> None:
    """Call the function of a generated module on torch's tensors, and compare."""
    import torch

    arguments, expected = case.make(np.random.default_rng(seed))
    storages, given = {}, []
    for index, argument in enumerate(arguments):
        if not isinstance(argument, Strided):
            given.append(argument)
            continue
        storages[index] = torch.from_numpy(argument.storage.copy()).cuda()
        typed = storages[index].view(torch.bfloat16) if argument.dtype else storages[index]
        given.append(torch.as_strided(typed, argument.shape, argument.strides, argument.offset))
    getattr(module, case.function)(*given)
    for index, storage in storages.items():
        untouched = arguments[index]
        assert isinstance(untouched, Strided)
        wanted = expected.get(index, untouched.storage)
        if index in expected:
            case.check(index, wanted, storage.cpu().numpy())
        else:
            np.testing.assert_array_equal(storage.cpu().numpy(), wanted, case.name)


def generate(shared: Path) -> Path:
    """The package of the kernels below `shared`, made by the first process that asks for it."""
    return generate_once(shared, "descriptors", PACKAGE, _fill)


def _fill(project: Path) -> None:
    (project / "kernels").mkdir(parents=True, exist_ok=True)
    (project / "pyproject.toml").write_text(PYPROJECT)
    shutil.copy(KERNELS / "descriptors.py", project / "kernels")


if __name__ == "__main__":
    package = Path(sys.argv[1]).resolve()
    sys.path.insert(0, str(package.parent))
    wrappers = importlib.import_module(f"{package.name}.descriptors")
    for each in CASES:
        for seed in range(3):
            on_gpu(each, wrappers, seed)
        print("good:", each.name)
