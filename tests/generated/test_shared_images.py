"""Functions of one kernel have the images that they both need once: compiled, kept and loaded."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import standin
from tests.support.generated_once import generate_once
from tests.support.project import HEADER

pytestmark = pytest.mark.triton

KERNELS = """
TYPES = {"x": "*fp32", "n": "i32"}


@export("shared.first", types=TYPES, constexprs={"BLOCK": 64}, grid=lambda n: (cdiv(n, 64),))
@triton.jit
def double(x, n, BLOCK: tl.constexpr):
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(x + at, tl.load(x + at, at < n) * 2, at < n)


export("shared.second", types=TYPES, constexprs={"BLOCK": [64, 128]}, grid="explicit")(double)
"""
ADDRESS = 0x7F0000000000


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = generate_once(tmp_path_factory.getbasetemp(), "shared", "shared_made", _fill)
    sys.path.insert(0, str(folder.parent))
    yield folder
    sys.path.remove(str(folder.parent))


def _fill(project: Path) -> None:
    (project / "kernels").mkdir(parents=True, exist_ok=True)
    settings = '[tool.codegen]\ntargets = ["sm_90"]\noutput = "shared_made"\n'
    (project / "pyproject.toml").write_text(settings)
    (project / "kernels" / "double.py").write_text(HEADER + KERNELS)


def images(package: Path) -> dict[str, dict[str, str]]:
    """By function and variant, the file of the image."""
    functions = json.loads((package / "MANIFEST.json").read_bytes())["functions"]
    return {
        name: {label: one["images"]["sm_90"]["file"] for label, one in entry["variants"].items()}
        for name, entry in functions.items()
    }


def test_what_both_need_is_compiled_and_kept_once(package: Path) -> None:
    found = images(package)
    folder = package / "double.images"
    assert found["shared.second"]["BLOCK_64-aligned"] == found["shared.first"]["aligned"]
    assert sorted(path.name for path in folder.iterdir()) == [
        "first.aligned.sm_90.cubin",  # which the generic variants have, too
        "second.BLOCK_128-aligned.sm_90.cubin",
    ]


def test_the_second_function_takes_the_tables_of_the_first(package: Path) -> None:
    source = (package / "double.c").read_text()
    assert source.count("TB_EMBED(") == 2
    (rows,) = (part for part in source.split("\n\n") if "tb_variant second_variants" in part)
    assert rows.splitlines()[1:3] == [
        "    {.images = first__aligned_images, .image_count = 1},",
        "    {.images = second__BLOCK_128_aligned_images, .image_count = 1},",
    ]


@pytest.mark.usefixtures("package")
def test_what_one_function_has_loaded_the_other_launches() -> None:
    standin.install()
    standin.reset()
    module: Any = importlib.import_module("shared_made.double")
    module.first(ADDRESS, 100)
    loaded = standin.calls("cuLibraryLoadData")
    module.second(ADDRESS, 100, 64, 7, 1, 1)
    first, second = standin.launches()
    assert (first.grid, second.grid) == ((2, 1, 1), (7, 1, 1))
    assert first.image == second.image
    assert standin.calls("cuLibraryLoadData") == loaded
    module.second(ADDRESS, 100, 128, 7, 1, 1)
    assert standin.calls("cuLibraryLoadData") == loaded + 1
