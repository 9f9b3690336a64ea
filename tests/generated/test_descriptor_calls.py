"""Kernels that take descriptors, generated and called: through TVM FFI, from Python and from C."""

from __future__ import annotations

import importlib
import json
import os
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support import descriptors, standin
from tests.support.c_programs import STRICT, compile_c, run
from tests.support.calls import declared
from tests.support.descriptor_refusals import ADDRESS, REFUSED, half, single
from tests.support.places import C_PROGRAMS, REPOSITORY, RUNTIME
from tests.support.tensor_maps import by_triton, decode

pytestmark = pytest.mark.triton

SANITIZE = ("-g", "-O0", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The generated package, importable."""
    folder = tmp_path_factory.getbasetemp()
    is_worker = "PYTEST_XDIST_WORKER" in os.environ
    found = descriptors.generate(folder.parent if is_worker else folder)
    sys.path.insert(0, str(found.parent))
    yield found
    sys.path.remove(str(found.parent))


@pytest.fixture
def module(package: Path) -> Iterator[Any]:
    """The wrappers, behind a stand-in driver that has seen nothing."""
    standin.install()
    standin.reset()
    yield importlib.import_module(f"{descriptors.PACKAGE}.descriptors")
    standin.reset()


def metadata(package: Path, function: str, label: str, target: str) -> list[dict[str, Any]]:
    """What Triton has said of an image's descriptors, in its own words."""
    manifest = json.loads((package / "MANIFEST.json").read_text())
    entry = manifest["functions"][f"tests.descriptors.{function}"]["variants"][label]
    types = {9: 10, 8: 9}  # the driver's numbers, as Triton counts them
    return [
        {
            "swizzle": each["swizzle"],
            "elem_size": each["element_size"],
            "elem_type": types.get(each["element_type"], each["element_type"]),
            "block_size": each["box"],
            "fp4_padded": each["fp4_padded"],
        }
        for each in entry["images"][target]["tensor_maps"]
    ]


def numbers(values: list[int], count: int) -> list[bytes]:
    """A descriptor's last parameters: the shape as i32, the strides as i64."""
    shape, strides = values[:count], values[count:]
    return [struct.pack("<i", n) for n in shape] + [struct.pack("<q", n) for n in strides]


@pytest.mark.parametrize(
    ("make", "dtype", "rows"), [(half, "fp16", 32), (half, "fp16", 64), (single, "fp32", 64)]
)
def test_a_launch_passes_what_tritons_does(
    module: Any, package: Path, make: Any, dtype: str, rows: int
) -> None:
    source, target = make(100, 72, steps=(80, 1)), make(100, 72, address=ADDRESS + 4096)
    module.copy(source, target, 100, 72, rows)
    launch = standin.launch()
    assert launch.grid == (-(-100 // rows), 2, 1)
    expected: list[bytes] = []
    for described, given in zip(
        metadata(package, "copy", f"{dtype}-ROWS_{rows}", "sm_90"), (source, target), strict=True
    ):
        map_, others = by_triton(described, given.address, given.shape, given.strides)
        expected += [map_, *numbers(others, 2)]
    expected += [struct.pack("<i", 100), struct.pack("<i", 72), bytes(8), bytes(8)]
    assert list(launch.parameters) == expected
    assert standin.calls("cuTensorMapEncodeTiled") >= 2


def test_a_prepared_launch_has_the_maps_of_its_preparation(module: Any) -> None:
    given = (half(100, 72, steps=(80, 1)), half(100, 72, address=ADDRESS + 4096), 100, 72, 32)
    module.copy(*given)
    encoded = standin.calls("cuTensorMapEncodeTiled")
    launch = importlib.import_module(descriptors.PACKAGE).prepare(module.copy, *given)
    assert standin.calls("cuTensorMapEncodeTiled") == 2 * encoded > 0
    launch()
    launch()
    assert standin.calls("cuTensorMapEncodeTiled") == 2 * encoded
    first, *others = standin.launches()
    assert others == [first, first]


def test_the_three_operands_of_a_matmul(module: Any) -> None:
    module.matmul(half(200, 144), half(144, 192), single(200, 192), 200, 192, 144)
    launch = standin.launch()
    a, b, c = (decode(launch.parameters[place]) for place in (0, 5, 10))
    assert (a.box, b.box, c.box) == ((64, 128), (64, 64), (32, 128))
    assert (a.shape, b.shape, c.shape) == ((144, 200), (192, 144), (192, 200))
    assert (a.type, b.type, c.type) == (6, 6, 7)
    assert [launch.value(place, "i32") for place in (15, 16, 17)] == [200, 192, 144]


@pytest.mark.parametrize(
    ("function", "type_", "fill"), [("pad", 7, 1), ("rounded", 11, 0)], ids=["nan", "tf32"]
)
def test_the_options_of_a_declaration(module: Any, function: str, type_: int, fill: int) -> None:
    getattr(module, function)(single(10, 20), 4096)
    map_ = decode(standin.launch().parameters[0])
    assert (map_.type, map_.fill, map_.shape) == (type_, fill, (20, 10))


def test_an_offset_belongs_to_the_address(module: Any) -> None:
    given = half(64, 64, byte_offset=4096, address=ADDRESS + 4096)
    module.copy(given, half(64, 64), 64, 64, 64)
    assert decode(standin.launch().parameters[0]).data == ADDRESS + 4096


CHILD = """
import sys
sys.modules["torch"] = None
sys.path.insert(0, sys.argv[1])
from tests.support.calls import tensor
from tests.support.descriptor_refusals import ADDRESS, half, single
from tests.support.tensor_maps import decode
from descriptor_wrappers import descriptors as module
"""


def child(package: Path, source: str, **configuration: Any) -> str:
    return standin.run_child(CHILD + source, str(package.parent), **configuration)


APART = """
module.facts(tensor(3, 1, 4, 20, 32, dtype="u8", steps=(4096, 4096, 1024, 32, 1)), 2.5, 4096)
module.pad(single(10, 20), 4096)
module.rounded(single(10, 20), 4096)
facts, pad, rounded = standin.launches()
print(facts.image.kind, *facts.values("*u8", *["i64"] * 10, "i1", "i1", *["i32"] * 5, *["i64"] * 5))
print(facts.value(23, "fp32"), facts.value(24, "*i64"))
print(*pad.values("*fp32", *["i64"] * 4, "i1", "i1", "i32", "i32", "i64", "i64", "*fp32"))
print(*rounded.values("*fp32", *["i64"] * 4, "i1", "i1", "i32", "i32", "i64", "i64", "*fp32"))
print(standin.calls("cuTensorMapEncodeTiled"), standin.calls("cuDriverGetVersion"))
"""
SHAPE, STRIDES = "3 1 4 20 32", "4096 4096 1024 32 1"


@pytest.mark.parametrize(("device", "kind"), [(80, "cubin"), (86, "cubin"), (120, "ptx")])
def test_older_images_get_a_descriptor_taken_apart(package: Path, device: int, kind: str) -> None:
    assert child(package, APART, devices=[device]) == (
        f"{kind} {ADDRESS} {SHAPE} {STRIDES} 0 0 {SHAPE} {STRIDES}\n2.5 4096\n"
        + f"{ADDRESS} 10 20 20 1 1 0 10 20 20 1 4096\n"
        + f"{ADDRESS} 10 20 20 1 0 1 10 20 20 1 4096\n"
        + "0 0\n"
    )


SCALED = """
a, b = tensor(128, 256, dtype="fp8e4nv"), tensor(128, 128, dtype="u8", address=ADDRESS + 4096)
module.scaled(a, 4096, b, 4096, single(128, 128), 256)
map_ = decode(standin.launch().parameters[6])
print(map_.type, map_.shape, map_.strides, map_.box)
for given in (tensor(128, 128, dtype="u8", address=ADDRESS + 16), tensor(128, 96, dtype="u8")):
    try:
        module.scaled(a, 4096, given, 4096, single(128, 128), 256)
    except ValueError as error:
        print(str(error).partition("\\n")[0])
"""


def test_fp4_that_the_machine_spreads_out(package: Path) -> None:
    scaled = "tests.descriptors.scaled argument #2 `b_desc` must have"
    assert child(package, SCALED, devices=[100]) == (
        "14 (256, 128) (128,) (128, 128)\n"
        f"{scaled} data aligned to 32 bytes for fp4, got the address 0x7f0000000010\n"
        f"{scaled} a last dimension that is a multiple of 64 bytes for fp4, got shape (128, 96)\n"
    )


UNEVEN = """
even = tensor(64, 56, dtype="fp16")
uneven = tensor(64, 50, dtype="fp16", steps=(56, 1), address=ADDRESS + 65536)
for given in ((uneven, even), (even, uneven)):
    try:
        module.copy(*given, 64, 50, 32)
        print("launched")
    except ValueError as error:
        print(str(error).partition("\\n")[0])
"""


def test_rows_that_are_stored_are_of_whole_units_where_the_device_stores_those(
    package: Path,
) -> None:
    refused = (
        "tests.descriptors.copy argument #1 `target` must have a last dimension that is a multiple "
        "of 8 elements, as stores on this device need, got shape (64, 50)"
    )
    assert child(package, UNEVEN, devices=[90]) == f"launched\n{refused}\n"
    assert child(package, UNEVEN, devices=[80]) == "launched\nlaunched\n"


SIGNATURE = (
    "tests.descriptors.copy(source: tensordesc<fp16[ROWS, COLUMNS]> | "
    "tensordesc<fp32[ROWS, COLUMNS]>, target: tensordesc<fp16[ROWS, COLUMNS]> | "
    "tensordesc<fp32[ROWS, COLUMNS]>, rows: i32, columns: i32, ROWS: 32 | 64, stream=None)"
)


@pytest.mark.parametrize(("changes", "error", "index", "text"), REFUSED)
def test_what_a_call_refuses(
    module: Any, changes: dict[int, Any], error: type[Exception], index: int, text: str
) -> None:
    arguments: list[Any] = [half(64, 64), half(64, 64), 64, 64, 64]
    for place, value in changes.items():
        arguments[place] = value
    with pytest.raises(error) as caught:
        module.copy(*arguments)
    name = ["source", "target", "rows", "columns", "ROWS"][index]
    assert str(caught.value) == (
        f"tests.descriptors.copy argument #{index} `{name}` {text}\n{SIGNATURE}"
    )
    assert standin.launches() == []


def test_a_driver_that_refuses_a_map(module: Any) -> None:
    standin.fail("cuTensorMapEncodeTiled", 1, skip=1)
    with pytest.raises(RuntimeError) as caught:
        module.copy(half(64, 64), half(64, 64), 64, 64, 64)
    assert str(caught.value) == (
        "tests.descriptors.copy: cuTensorMapEncodeTiled of `target` failed on cuda:0: "
        f"CUDA_ERROR_INVALID_VALUE (1): invalid argument\n{SIGNATURE}"
    )
    assert standin.launches() == []
    assert standin.current_context() == 0


def test_an_empty_grid_encodes_nothing(module: Any) -> None:
    module.copy(half(64, 64), half(64, 64), 0, 64, 64)
    assert standin.launches() == []
    assert standin.calls("cuTensorMapEncodeTiled") == 0


def test_the_schema_and_the_docs(module: Any, package: Path) -> None:
    import tvm_ffi

    metadata = tvm_ffi.get_global_func_metadata("tests.descriptors.pad")
    _, *arguments = json.loads(metadata["type_schema"])["args"]
    assert arguments[0] == {"type": "Tensor"}
    assert "source: tensor of float32, blocks of 16 x 32, padded with nan, read: of any shape" in (
        " ".join(module.pad.__doc__.split())
    )
    assert declared(module.copy).__annotations__["source"] == "Tensor"
    header = (package / "descriptors.h").read_text()
    assert " * a_desc: tensor of float16, blocks of BLOCK_M x BLOCK_K, read: [m, k]\n" in header
    assert "    const tritonbind_tensor *a_desc,\n" in header


@pytest.mark.parametrize(
    "command", [("gcc", "-std=c99"), ("clang", "-std=c99"), ("g++", "-std=c++17", "-x", "c++")]
)
def test_from_c(package: Path, tmp_path: Path, command: tuple[str, ...]) -> None:
    (library,) = (package / "_lib").glob("*.so")
    check_from_c(package, library, tmp_path, command)


def check_from_c(package: Path, library: Path, folder: Path, command: tuple[str, ...]) -> None:
    source = C_PROGRAMS / "descriptors.c"
    program = folder / "descriptors"
    link = (f"-L{library.parent}", f"-l:{library.name}", f"-Wl,-rpath,{library.parent}", "-ldl")
    compile_c(*command, *STRICT, f"-I{package}", source, "-o", program, *link)
    copy = "tests.descriptors.copy argument"
    assert run(program, log=folder / "log", ASAN_OPTIONS="detect_leaks=0") == (
        f"0\n0\n2 {copy} #1 `target` must be a tensor with a shape, got NULL\n"
        f"2 {copy} #0 `source` must be a tensor with a shape, got the shape NULL\n"
        f"2 {copy} #0 `source` must have 2 dimensions, got -1\n"
        f"2 {copy} #1 `target` must be a tensor with memory, got the data NULL\n"
        f"2 {copy} #0 `source` must be of dtype float16 or float32, got tritonbind_dtype 11\n"
    )
    first, second = standin.read_log(folder / "log")
    maps = [decode(launch.parameters[place]) for launch in (first, second) for place in (0, 5)]
    assert [map_.strides for map_ in maps] == [(128,), (160,), (256,), (320,)]
    assert [map_.type for map_ in maps] == [6, 6, 7, 7]
    assert {map_.shape for map_ in maps} == {(64, 48)}


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_the_sources_compile_without_a_warning(package: Path, compiler: str) -> None:
    strict = (*STRICT, "-Wshadow", "-Wstrict-prototypes", "-Wmissing-prototypes")
    command = (compiler, "-std=c99", *strict, "-O2", "-fsyntax-only", f"-I{package}")
    compile_c(*command, package / "descriptors.c", *sorted((package / "runtime").rglob("*.c")))
    assert (package / "runtime/core/tb_descriptor.c").read_bytes() == (
        RUNTIME / "core/tb_descriptor.c"
    ).read_bytes()


def test_under_the_sanitizers(package: Path, tmp_path: Path) -> None:
    builder = importlib.import_module(f"{descriptors.PACKAGE}._library")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CC", "gcc")
        library = builder.build(tmp_path / "libsanitized.so", SANITIZE)
    check_from_c(package, library, tmp_path, ("gcc", "-std=c99", *SANITIZE))


def test_it_is_fresh_and_the_maps_are_read_back(package: Path) -> None:
    """A second run compiles nothing: all that a launch needs is in the manifest."""
    command = [sys.executable, "-m", "codegen", "--project", str(package.parent), "regenerate"]
    for options in (["--check"], ["--diff"]):
        done = subprocess.run([*command, *options], cwd=REPOSITORY, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


def test_the_cases_for_a_gpu_can_be_passed(module: Any) -> None:
    """Their tensors are good descriptors, and what they expect lies within the storage."""
    from tests.support.fake_tensor import FakeTensor

    for case in descriptors.CASES:
        standin.reset()
        arguments, expected = case.make(np.random.default_rng(0))
        assert expected
        given = [
            (
                FakeTensor(a.view, a.dtype or None, address=ADDRESS + a.offset * a.view.itemsize)
                if isinstance(a, descriptors.Strided)
                else a
            )
            for a in arguments
        ]
        getattr(module, case.function)(*given)
        assert len(standin.launches()) == 1
        for index, storage in expected.items():
            written = arguments[index]
            assert isinstance(written, descriptors.Strided)
            assert storage.shape == written.storage.shape
            assert storage.dtype == written.storage.dtype


@pytest.mark.torch
def test_the_cases_for_a_gpu_are_right_in_tritons_interpreter() -> None:
    command = [sys.executable, "-m", "tests.support.descriptor_interpreter"]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True)
    assert done.stderr == ""
    assert done.stdout.splitlines() == [case.name for case in descriptors.CASES]
