"""The stand-in reads cubins and PTX as they are: parameters, block, and which devices take them."""

import shutil
import struct
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from elftools.elf.elffile import ELFFile

from tests.support import every_type, standin
from tests.support.bare_driver import (
    BAD_CLUSTER,
    INVALID_IMAGE,
    INVALID_PTX,
    INVALID_VALUE,
    NO_BINARY,
    NON_PORTABLE_CLUSTER,
    UNSUPPORTED_PTX,
    Driver,
    fresh_driver,
)

pytestmark = pytest.mark.triton

HEADERS = every_type.NVIDIA / "include"
SIZES = every_type.SIZES

# The tool, what it is told to compile for, and what the cubin then says it is for: a family cubin
# says nothing of its `f`.
PTXAS = [
    ("ptxas", "sm_80", "sm_80"),
    ("ptxas", "sm_90", "sm_90"),
    ("ptxas", "sm_90a", "sm_90a"),
    ("ptxas", "sm_100a", "sm_100a"),
    ("ptxas", "sm_100f", "sm_100"),
    ("ptxas-blackwell", "sm_80", "sm_80"),
    ("ptxas-blackwell", "sm_90", "sm_90"),
    ("ptxas-blackwell", "sm_90a", "sm_90a"),
    ("ptxas-blackwell", "sm_120f", "sm_120"),
    ("ptxas-blackwell", "sm_120a", "sm_120a"),
]

TINY_PTX = """// a comment with .entry nothing(
.version 8.0 /* .version 99.9 */
.target sm_80
.address_size 64
.file 1 "a path with .entry ("
.visible .entry tiny(.param .u8 a, .param .u64 .ptr .global .align 1 b,
    .param .align 64 .b8 c[128], .param .f16 d) .maxntid 64, 2 { ret; }
.entry nothing { ret; }
.entry pair() .reqntid 32 .explicitcluster .reqnctapercluster 2 { ret; }
"""


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return every_type.compile_images(tmp_path_factory.mktemp("images"), (80, 90, 100, 120))


@pytest.fixture
def cubin(images: dict[str, Path]) -> bytes:
    return images["sm_90.cubin"].read_bytes()


@pytest.fixture
def driver() -> Iterator[Driver]:
    with fresh_driver() as driver:
        yield driver


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The C program, against NVIDIA's header, with the stand-in and the sanitizers linked in."""
    program = tmp_path_factory.mktemp("walk") / "walk"
    sources = [standin.SOURCES / "programs" / "walk.c", *sorted(standin.SOURCES.glob("*.c"))]
    flags = "-std=c99 -Wall -Wextra -Wpedantic -Werror -g -pthread -fsanitize=address,undefined"
    command = ["cc", *flags.split(), "-fno-sanitize-recover", "-isystem", str(HEADERS)]
    subprocess.run([*command, *map(str, sources), "-o", str(program)], check=True)
    return program


def run_walk(
    walk: Path, images: list[Path], **configuration: Any
) -> tuple[str, list[standin.Launch]]:
    log = walk.with_suffix(".log")
    log.unlink(missing_ok=True)
    environment = standin.environment(log=log, **configuration)
    command = [str(walk), ",".join(map(str, SIZES)), *map(str, images)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout, standin.read_log(log) if log.exists() else []


def recorded_sizes(cubin: Path) -> list[int]:
    """The parameter sizes by an independent reading of the cubin."""
    with cubin.open("rb") as file:
        section = ELFFile(file).get_section_by_name(f".nv.info.{every_type.NAME}")
        assert section is not None
        data = section.data()
    sizes, at = {}, 0
    while at < len(data):
        form, attribute, length = struct.unpack_from("<BBH", data, at)
        if (form, attribute) == (4, 0x17):
            _, ordinal, _, packed = struct.unpack_from("<IHHI", data, at + 4)
            sizes[ordinal] = packed >> 18
        at += 4 + (length if form == 4 else 0)
    return [sizes[ordinal] for ordinal in sorted(sizes)]


def by_image(
    launches: list[standin.Launch], paths: list[Path]
) -> Iterator[tuple[Path, list[standin.Launch]]]:
    images = {one.image for one in launches}
    for path in paths:
        content = path.read_bytes()
        image = next(one for one in images if one.matches(content))
        yield path, [one for one in launches if one.image == image]


def test_each_image_runs_on_the_devices_it_was_made_for(
    walk: Path, images: dict[str, Path]
) -> None:
    devices = [75, 80, 86, 90, 100, 103, 120, 121]
    chosen = [images[f"sm_{one}.cubin"] for one in (80, 90, 100, 120)] + [images["sm_80.ptx"]]
    output, launches = run_walk(walk, chosen, devices=devices)
    ran: dict[str, set[int]] = {}
    for one in launches:
        ran.setdefault(f"{one.image.kind} {one.image.target}", set()).add(devices[one.device])
    assert ran == {
        "cubin sm_80": {80, 86},
        "cubin sm_90a": {90},
        "cubin sm_100a": {100},
        "cubin sm_120a": {120},
        "ptx sm_80": {80, 86, 90, 100, 103, 120, 121},
    }
    assert output.startswith("before cuInit: 3\ncuInit: 0\n209: no kernel image is available")
    assert output.count("load 0, absent kernel 500, kernel 0\n") == len(chosen)
    assert output.count("too much shared memory 209, attribute 209, launch 209\n") == 28
    assert output.count("too much shared memory 1, attribute 0, launch 0\n") == 12
    assert output.count("  memory: nothing 1, taken 0, aligned 1, given 0\n") == 40
    assert output.count("threads without and with a context:" + 4 * " 201/0" + "\n") == 12
    assert len(launches) == 12 * (1 + 4 * 25)


def test_parameters_are_cut_by_the_image_as_triton_means_them(
    walk: Path, images: dict[str, Path]
) -> None:
    assert every_type.signature_sizes() == SIZES
    _, launches = run_walk(walk, list(images.values()), devices=[80, 90, 100, 120], ptx=94)
    for path, found in by_image(launches, list(images.values())):
        assert recorded_sizes(path.with_suffix(".cubin")) == SIZES
        for one in found:
            assert [len(data) for data in one.parameters] == SIZES
            assert all(at % size == 0 for at, size in zip(one.offsets, SIZES, strict=True))
            assert [data[0] for data in one.parameters] == [0, 0, *range(2, 16)]
            [attribute] = one.attributes
            assert (attribute.id, attribute.integers()) == (6, (1,))


@pytest.mark.parametrize(
    ("data", "name", "value"),
    [
        (b"\x80\x3f", "bf16", 1.0),
        (b"\xff", "i8", -1),
        (b"\x02", "i1", 2),
        (b"\x00\x3c", "fp16", 1.0),
        (bytes(7) + b"\x80", "*i32", 2**63),
    ],
)
def test_parameters_decode_by_their_triton_type(data: bytes, name: str, value: float) -> None:
    assert standin.decode(data, name) == value


def test_a_type_without_a_scalar_form_is_refused() -> None:
    with pytest.raises(ValueError, match="no scalar parameter has Triton type fp8e5"):
        standin.decode(b"\0", "fp8e5")


def test_the_architecture_is_read_from_old_and_new_elf_headers(tmp_path: Path, walk: Path) -> None:
    entry = ".visible .entry every_type() .reqntid 128 { ret; }"
    cubins = []
    for index, (tool, target, _) in enumerate(PTXAS):
        source, cubin = tmp_path / f"{index}.ptx", tmp_path / f"{index}.cubin"
        source.write_text(f".version 8.8\n.target {target}\n.address_size 64\n{entry}\n")
        command = [every_type.NVIDIA / "bin" / tool, "-arch", target, source, "-o", cubin]
        subprocess.run(list(map(str, command)), check=True)
        cubins.append(cubin)
    _, launches = run_walk(walk, cubins, devices=[80, 90, 100, 120])
    targets = [found[0].image.target for _, found in by_image(launches, cubins)]
    assert targets == [expected for _, _, expected in PTXAS]


def test_an_image_for_no_device_or_too_new_is_refused_when_loaded(
    walk: Path, images: dict[str, Path]
) -> None:
    chosen = [images["sm_80.cubin"], images["sm_90.cubin"], images["sm_90.ptx"]]
    output, launches = run_walk(walk, [*chosen, images["sm_80.ptx"]], devices=[120], driver=12080)
    loads = [line for line in output.splitlines() if "load" in line]
    assert loads == [
        "sm_80.cubin: load 209",
        "sm_90.cubin: load 209",
        "sm_90.ptx: load 222",
        "sm_80.ptx: load 0, absent kernel 500, kernel 0",
    ]
    assert {one.image.kind for one in launches} == {"ptx"}


def test_a_program_finds_it_on_the_library_path(tmp_path: Path, images: dict[str, Path]) -> None:
    library, program = standin.build(), tmp_path / "walk"
    source = standin.SOURCES / "programs" / "walk.c"
    command = ["cc", "-pthread", "-isystem", HEADERS, source, f"-L{library.parent}"]
    command += [f"-l:{library.name}", "-o", program]
    subprocess.run(list(map(str, command)), check=True)
    output, launches = run_walk(program, [images["sm_80.cubin"]], devices=[86])
    assert "sm_86: too much shared memory 1, attribute 0, launch 0\n" in output
    assert {one.kernel for one in launches} == {every_type.NAME}


def test_ptx_is_read_for_its_entries(driver: Driver) -> None:
    tiny = driver.kernel(TINY_PTX, "tiny")
    values = [b"a", bytes(range(8)), bytes(range(128)), b"dd"]
    assert driver.launch(tiny, block=(64, 2, 1), values=values) == 0
    assert driver.launch(tiny, block=(129, 1, 1), values=values) == INVALID_VALUE
    launch = standin.launch()
    assert launch.parameters == tuple(values)
    assert launch.offsets == (0, 8, 64, 192)
    assert launch.image.matches(TINY_PTX)
    assert launch.image.matches(TINY_PTX.encode() + b"\0")
    assert driver.launch(driver.kernel(TINY_PTX, "nothing"), block=(1, 1, 1), values=[]) == 0


def test_clusters_must_fill_the_grid(driver: Driver) -> None:
    pair = driver.kernel(TINY_PTX, "pair")
    assert driver.launch(pair, (3, 1, 1), (32, 1, 1), values=[]) == BAD_CLUSTER
    assert driver.launch(pair, (4, 1, 1), (32, 1, 1), values=[]) == 0
    large = driver.kernel(TINY_PTX.replace("cluster 2", "cluster 16"), "pair")
    assert driver.launch(large, (16, 1, 1), (32, 1, 1), values=[]) == BAD_CLUSTER
    assert driver.allow(large, NON_PORTABLE_CLUSTER, 1) == 0
    assert driver.launch(large, (16, 1, 1), (32, 1, 1), values=[]) == 0


def changed(position: int, value: int) -> Callable[[bytes], bytes]:
    return lambda data: data[:position] + bytes([value]) + data[position + 1 :]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (changed(0, 0), INVALID_IMAGE),
        (changed(4, 1), INVALID_IMAGE),  # 32 bits
        (changed(8, 6), INVALID_IMAGE),  # an ELF ABI that ptxas does not write
        (changed(18, 62), INVALID_IMAGE),  # a machine that is no GPU
        (changed(47, 0xFF), INVALID_IMAGE),  # sections far away
        (changed(60, 0), INVALID_IMAGE),  # no sections
        (lambda data: data.replace(bytes.fromhex("04170c00000000000300"), b"\4\x17\x0c" + bytes(7)),
         INVALID_IMAGE),  # two parameters of one ordinal
        (lambda data: data.replace(b".nv.info.every", b".nv.info.never"), INVALID_IMAGE),
        (lambda data: changed({7: 48, 8: 49}[data[8]], 80)(data), NO_BINARY),
        (lambda _: b"\x50\xed\x55\xba" + bytes(100), INVALID_IMAGE),
        (lambda _: b"", INVALID_IMAGE),
    ],
)  # fmt: skip
def test_broken_cubins_are_refused(
    driver: Driver, cubin: bytes, change: Callable[[bytes], bytes], expected: int
) -> None:
    assert change(cubin) != cubin
    assert driver.load(change(cubin) + b"\0")[0] == expected


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (".version 8.0", ".version 9.1", UNSUPPORTED_PTX),
        (".version 8.0", ".version new", INVALID_PTX),
        (".target sm_80", ".target ampere", INVALID_PTX),
        (".target sm_80", ".target sm_100", NO_BINARY),
        (".target sm_80", ".target sm_80a", NO_BINARY),
        (".param .u8 a", ".param .pointer a", INVALID_PTX),
        (".f16 d)", ".f16 d", INVALID_PTX),
        (".entry", ".func", INVALID_PTX),
        (".version", "version", INVALID_IMAGE),
    ],
)
def test_broken_ptx_is_refused(driver: Driver, old: str, new: str, expected: int) -> None:
    assert driver.load(TINY_PTX.replace(old, new))[0] == expected


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
@pytest.mark.parametrize("level", ["-O0", "-O2"])
def test_compiles_without_warnings(compiler: str, level: str) -> None:
    if shutil.which(compiler) is None:
        pytest.skip(f"no {compiler}")
    sources = sorted(standin.SOURCES.glob("*.c"))
    flags = [*standin.FLAGS.split(), level, "-fsyntax-only"]
    subprocess.run([compiler, *flags, *map(str, sources)], check=True)


def test_layouts_and_numbers_are_those_of_the_real_header(tmp_path: Path) -> None:
    types = ["CUlaunchConfig", "CUlaunchAttribute", "CUlaunchAttributeValue", "CUresult"]
    members = ["sharedMemBytes", "hStream", "attrs", "numAttrs"]
    abi = (standin.SOURCES / "cuda_abi.h").read_text()
    names = [row.split(",")[1].strip() for row in abi.split("ROW(")[2:]]
    names += [word for word in abi.split() if word.startswith(("CU_FUNC_", "CU_LAUNCH_ATTRIBUTE_"))]
    expressions = [f"sizeof({one})" for one in types]
    expressions += [f"offsetof(CUlaunchConfig, {one})" for one in members]
    expressions += ["offsetof(CUlaunchAttribute, value)", *names]
    printing = "".join(f'printf("%ld\\n", (long)({one}));' for one in expressions)
    answers = []
    for header, folder in (("cuda.h", HEADERS), ("cuda_abi.h", standin.SOURCES)):
        source, program = tmp_path / "layout.c", tmp_path / "layout"
        includes = f"#include <stddef.h>\n#include <stdio.h>\n#include <{header}>\n"
        source.write_text(f"{includes}int main(void) {{ {printing} return 0; }}\n")
        subprocess.run(["cc", "-I", str(folder), str(source), "-o", str(program)], check=True)
        answers.append(subprocess.check_output([program], text=True))
    assert len(names) > 30
    assert answers[0] == answers[1]
