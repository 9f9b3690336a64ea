"""Kernels as they are found (tests/kernels/found.py, gluon.py): generated, looked at and called.

What an image computes is read from its PTX, whose text has floats by their bits.
"""

from __future__ import annotations

import importlib
import json
import re
import shutil
import struct
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import standin
from tests.support.c_programs import STRICT, compile_c
from tests.support.calls import tensor
from tests.support.generated_once import generate_once
from tests.support.places import KERNELS
from tests.support.tensor_maps import by_triton, decode

PACKAGE = "found_wrappers"
FIRST, SECOND = 0x7F0000001000, 0x7F0000002000
PYPROJECT = f"""\
[tool.codegen]
output = "{PACKAGE}"
targets = ["sm_90", "compute_80"]
"""


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of the generated package, importable by its name."""
    made = generate_once(tmp_path_factory.mktemp("found"), "found", PACKAGE, _fill)
    sys.path.insert(0, str(made.parent))
    yield made
    sys.path.remove(str(made.parent))


def _fill(project: Path) -> None:
    (project / "kernels").mkdir(parents=True)
    (project / "pyproject.toml").write_text(PYPROJECT)
    for name in ("found.py", "gluon.py"):
        shutil.copy(KERNELS / name, project / "kernels")


@pytest.fixture(autouse=True)
def driver() -> Iterator[None]:
    standin.install()
    standin.reset()
    yield
    standin.reset()


def variant(package: Path, name: str, label: str = "generic") -> dict[str, Any]:
    manifest = json.loads((package / "MANIFEST.json").read_bytes())
    found: dict[str, Any] = manifest["functions"][f"tests.{name}"]["variants"][label]
    return found


def ptx(package: Path, name: str, label: str = "generic") -> str:
    """The PTX of a function's variant."""
    return (package / variant(package, name, label)["images"]["compute_80"]["file"]).read_text()


def holds(text: str, number: float) -> bool:
    """Whether PTX has a float, which it spells by its bits: in hex, or as an int for a store."""
    encoded = struct.pack(">f", number)
    spelt = f"0f{encoded.hex().upper()}", str(int.from_bytes(encoded))
    return re.search(rf"\b({'|'.join(spelt)})\b", text) is not None


HOLDS = {
    "inside": {1.5},
    "outside": {2.5},
    "launched": {8.5},
    "adds_5": {5.0},
    "adds_6": {6.0},
    "adds_5_half": {5.0},
    "adds_5_brain": {5.0},
    "adds_5_thrice": {5.0, 3.0},
    "calls_apart": {7.0},
    "reads_a_global": {3.0},
    "leaky_4": {0.25},
    "leaky_8": {0.125},
    "cubed": {3.0},
    "of_many_constants": {3.0, 11.0, 13.0},
}


@pytest.mark.parametrize("name", HOLDS)
def test_the_image_holds_the_kernels_own_numbers(package: Path, name: str) -> None:
    text = ptx(package, f"found.{name}")
    numbers = set().union(*HOLDS.values())
    assert {number for number in numbers if holds(text, number)} == HOLDS[name]


def test_products_of_a_factory_convert_to_the_types_that_they_close_over(package: Path) -> None:
    conversions = {
        name: [kind for kind in ("cvt.rn.f16", "cvt.rn.bf16") if kind in ptx(package, name)]
        for name in ("found.adds_5", "found.adds_5_half", "found.adds_5_brain")
    }
    assert conversions == {
        "found.adds_5": [],
        "found.adds_5_half": ["cvt.rn.f16"],
        "found.adds_5_brain": ["cvt.rn.bf16"],
    }


def test_a_callee_that_is_not_inlined_is_called(package: Path) -> None:
    text = ptx(package, "found.calls_apart")
    assert "call.uni" in text and ".func" in text


def test_functions_in_configurations_are_called(package: Path) -> None:
    texts = [ptx(package, "found.tuned", f"config_{number}-generic") for number in (0, 1)]
    assert [holds(text, 3.0) for text in texts] == [False, True]


def test_a_name_that_depends_on_constexprs_is_the_symbol(package: Path) -> None:
    for size in (16, 32):
        symbol = f"fill_{size}_fp32"
        images = variant(package, "found.named", f"SIZE_{size}-generic")["images"]
        assert {image["symbol"] for image in images.values()} == {symbol}
        assert f".entry {symbol}(" in ptx(package, "found.named", f"SIZE_{size}-generic")


def test_layouts_of_gluon_decide_on_the_width_of_loads(package: Path) -> None:
    widths = {
        name: set(re.findall(r"ld\.global(\.v\d)?\.", ptx(package, f"gluon.{name}", "aligned")))
        for name in ("copy", "copy_by_ones")
    }
    assert widths == {"copy": {".v4"}, "copy_by_ones": {""}}


def test_equal_layouts_have_one_image(package: Path) -> None:
    keys = {
        name: variant(package, f"gluon.{name}")["images"]["sm_90"]["key"]
        for name in ("copy", "copy_by_ones", "copy_by_ones_too")
    }
    assert keys["copy"] != keys["copy_by_ones"] == keys["copy_by_ones_too"]


def test_a_gluon_kernel_is_launched(package: Path) -> None:
    copy = importlib.import_module(f"{PACKAGE}.gluon").copy
    copy(tensor(3000, address=FIRST), tensor(3000, address=SECOND), 3000)
    launch = standin.launch()
    assert launch.grid == (3, 1, 1)
    assert [launch.value(place, "i64") for place in (0, 1)] == [FIRST, SECOND]
    assert launch.value(2, "i32") == 3000


@pytest.mark.parametrize(
    ("name", "columns", "swizzle"),
    [
        ("doubled", 64, 128),
        ("tripled", 64, 128),
        ("doubled_narrow", 16, 64),
        ("doubled_plain", 64, 0),
    ],
)
def test_a_descriptor_of_gluon_has_the_map_of_its_layout(
    package: Path, name: str, columns: int, swizzle: int
) -> None:
    recorded, _ = variant(package, f"gluon.{name}")["images"]["sm_90"]["tensor_maps"]
    assert recorded["swizzle"] == (0, 32, 64, 128).index(swizzle)
    box = min(columns, swizzle // 4 or columns)
    assert recorded["box"] == [16, box]
    function = getattr(importlib.import_module(f"{PACKAGE}.gluon"), name)
    given = [tensor(100, 80, steps=(96, 1), address=address) for address in (FIRST, SECOND)]
    function(*given)
    launch = standin.launch()
    assert launch.grid == (7, 1, 1)
    for place, address in ((0, FIRST), (5, SECOND)):
        described = {
            **{"swizzle": recorded["swizzle"], "elem_size": 4, "elem_type": 7},
            **{"block_size": recorded["box"], "fp4_padded": False},
        }
        encoded, _ = by_triton(described, address, (100, 80), (96, 1))
        assert decode(launch.parameters[place]) == decode(encoded)


def test_classes_among_constexprs_are_told_apart(package: Path) -> None:
    keys = {
        name: variant(package, f"gluon.{name}")["images"]["sm_90"]["key"]
        for name in ("doubled", "tripled", "doubled_narrow", "doubled_plain")
    }
    assert len(set(keys.values())) == 4


def test_odd_names_reach_their_parameters(package: Path) -> None:
    odd = importlib.import_module(f"{PACKAGE}.found").of_odd_names
    odd(tensor(1, dtype="i32", address=FIRST), 2, 3, 4, *range(5, 13))
    launch = standin.launch()
    assert launch.grid == (2, 5, 4)
    types = ["i64", "i32", "i32", "i32", "i64", *["i32"] * 7]
    found = [launch.value(place, type_) for place, type_ in enumerate(types)]
    assert found == [FIRST, *range(2, 13)]


def test_a_method_is_launched(package: Path) -> None:
    importlib.import_module(f"{PACKAGE}.found").inside(4096, 1, 2, 3)
    assert standin.launch().grid == (1, 2, 3)


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
@pytest.mark.parametrize("name", ["found", "gluon"])
def test_the_c_compiles_without_a_word(package: Path, compiler: str, name: str) -> None:
    source = package / f"{name}.c"
    compile_c(compiler, "-std=c99", *STRICT, f"-I{package}", "-fsyntax-only", source)
