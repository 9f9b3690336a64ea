"""The kernels of tests/kernels/launch_features.py: generated, and what they compute of what."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from .generated_once import generate_once
from .places import KERNELS

KERNEL_FILE = KERNELS / "launch_features.py"
PACKAGE = "feature_wrappers"
PYPROJECT = f"""\
[tool.codegen]
output = "{PACKAGE}"
targets = ["sm_80", "sm_90", "sm_100"]
"""

Arguments = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """One call: what is passed, in order, and what the kernel must have written exactly."""

    name: str
    """The function, without its package."""
    arguments: Callable[[], Arguments]
    """Fresh ones at each call: arrays, which outputs fill with NaN, and ints."""
    expected: Callable[[Mapping[str, Any]], dict[str, np.ndarray]]
    """The outputs by name, computed in float64 from what was passed."""
    repeat: int = 1
    """How often the same call is made, one after the other on one stream."""
    interpreted: bool = True
    """Programs can run one after the other, as they do in Triton's interpreter."""


def _whole(seed: int, *shape: int, most: int = 3, dtype: str = "float32") -> np.ndarray:
    """Whole numbers, with which every kernel here computes exactly."""
    return np.random.default_rng(seed).integers(-most, most + 1, shape).astype(dtype)


def _affine(given: Mapping[str, Any]) -> dict[str, np.ndarray]:
    return {"out": 2 * given["x"].astype(np.float64) + 1}


def _tiles(name: str, batches: int, rows: int, columns: int) -> Case:
    def arguments() -> Arguments:
        x = _whole(rows, batches, rows, columns, most=1000)
        sizes = {"batches": batches, "rows": rows, "columns": columns}
        return {"x": x, "out": np.full_like(x, np.nan), **sizes}

    return Case(name, arguments, _affine)


def _weigh(name: str, rows: int, columns: int) -> Case:
    def arguments() -> Arguments:
        x = _whole(columns, rows, columns)
        return {"x": x, "out": np.full_like(x, np.nan), "rows": rows, "columns": columns}

    def expected(given: Mapping[str, Any]) -> dict[str, np.ndarray]:
        x = given["x"].astype(np.float64)
        return {"out": x * x.sum(axis=1, keepdims=True)}

    return Case(name, arguments, expected)


def _advance(size: int, repeat: int) -> Case:
    def arguments() -> Arguments:
        return {"x": _whole(size, size), "size": size}

    def expected(given: Mapping[str, Any]) -> dict[str, np.ndarray]:
        return {"x": 2.0**repeat * (given["x"].astype(np.float64) + 1) - 1}

    return Case("advance", arguments, expected, repeat)


def _times_total(size: int) -> Case:
    def arguments() -> Arguments:
        x = _whole(size, size)
        total, arrived = np.zeros(1, np.float32), np.zeros(1, np.int32)
        out = np.full_like(x, np.nan)
        return {"x": x, "total": total, "arrived": arrived, "out": out, "size": size}

    def expected(given: Mapping[str, Any]) -> dict[str, np.ndarray]:
        x = given["x"].astype(np.float64)
        programs = np.array([-(-size // 1024)])
        return {"out": x * x.sum(), "total": x.sum(keepdims=True), "arrived": programs}

    return Case("times_total", arguments, expected, interpreted=False)


def _product(name: str, rows: int, columns: int, depth: int) -> Case:
    def arguments() -> Arguments:
        left, right = (_whole(size, size, depth, dtype="float16") for size in (rows, columns))
        out = np.full((rows, columns), np.nan, np.float16)
        sizes = {"rows": rows, "columns": columns, "depth": depth}
        return {"left": left, "right": right, "out": out, **sizes}

    def expected(given: Mapping[str, Any]) -> dict[str, np.ndarray]:
        return {"out": given["left"].astype(np.float64) @ given["right"].astype(np.float64).T}

    return Case(name, arguments, expected)


def _line(name: str, size: int) -> Case:
    def arguments() -> Arguments:
        x = _whole(size, size, most=1000)
        grid = {"gx": -(-size // 1024), "gy": 1, "gz": 1}
        return {"x": x, "out": np.full_like(x, np.nan), "size": size, **grid}

    return Case(name, arguments, _affine)


CASES = (
    *(
        _tiles(name, *sizes)
        for name in ("tiles", "tiles_dependent", "tiles_in_clusters")
        for sizes in ((3, 40, 80), (2, 17, 36))
    ),
    *(_weigh(name, 5, columns) for name in ("weigh_2", "weigh_16") for columns in (8000, 5001)),
    _advance(10_000, 15),
    _advance(4096, 10),
    _times_total(30_000),
    _times_total(4096),
    *(
        _product(name, *sizes)
        for name in (
            *("product_in_much_shared", "product_in_few_registers"),
            "product_by_specialists",
        )
        for sizes in ((160, 144, 192), (100, 200, 72))
    ),
    *(
        _line(f"line{suffix}", size)
        for suffix in ("", "_p", "_g", "_pg", "_c", "_cp", "_cg", "_cpg")
        for size in (5001, 8192)
    ),
)
"""Each function with sizes for its aligned variant and for its generic one."""


def addresses(name: str, **changes: Any) -> list[Any]:
    """The arguments of a function's first case, with made-up addresses for its arrays."""
    given = next(case for case in CASES if case.name == name).arguments()
    unknown = changes.keys() - given.keys() - {"stream"}
    assert not unknown, f"{name} has no argument {unknown}"
    made_up = {
        key: 0x10000 * (place + 1) if isinstance(value, np.ndarray) else value
        for place, (key, value) in enumerate(given.items())
    }
    return list({**made_up, **changes}.values())


@dataclass(frozen=True)
class Features:
    """The generated package of these kernels."""

    folder: Path

    @cached_property
    def functions(self) -> dict[str, Any]:
        """What the manifest says of each, without the package's name."""
        document = json.loads((self.folder / "MANIFEST.json").read_bytes())
        return {name.partition(".")[2]: entry for name, entry in document["functions"].items()}

    @cached_property
    def library(self) -> Path:
        (found,) = (self.folder / "_lib").glob("*.so")
        return found

    @cached_property
    def module(self) -> Any:
        """The functions, by name, as TVM FFI finds them in the library."""
        import tvm_ffi

        return tvm_ffi.load_module(str(self.library))

    def fresh(self, folder: Path) -> Any:
        """A copy of the library, loaded as a module that has opened no driver and no image."""
        import tvm_ffi

        assert self.module  # its globals come first
        copy = folder / "fresh.so"
        shutil.copy(self.library, copy)
        return tvm_ffi.load_module(str(copy))

    def call(self, name: str, **changes: Any) -> None:
        """Call a function with addresses for arrays, and the stream last if it is given."""
        self.module[name](*addresses(name, **changes))

    def image(self, name: str, target: str, variant: str = "aligned") -> dict[str, Any]:
        """What the manifest says of one image."""
        found: dict[str, Any] = self.functions[name]["variants"][variant]["images"][target]
        return found


def generate(shared: Path) -> Features:
    """The package below `shared`, made by the first process that asks for it."""
    return Features(generate_once(shared, "features", PACKAGE, _write_project))


def _write_project(folder: Path) -> None:
    (folder / "kernels").mkdir(parents=True, exist_ok=True)
    (folder / "pyproject.toml").write_text(PYPROJECT)
    shutil.copy(KERNEL_FILE, folder / "kernels")
