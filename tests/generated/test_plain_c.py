"""Kernels launched from C and C++ with the generated headers and library alone, without TVM FFI."""

from __future__ import annotations

from pathlib import Path

import pytest
from elftools.elf.dynamic import DynamicSection
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from tests.support import standin
from tests.support.c_calls import LAUNCHES, OUTPUT
from tests.support.c_programs import STRICT, compile_c, compile_program, run
from tests.support.sample import MODULES, Sample

PREPARED = ("launch_prepared", "release_prepared")


@pytest.mark.parametrize(
    "command",
    [
        ("gcc", "-std=c99"),
        ("clang", "-std=c99"),
        ("g++", "-std=c++17", "-x", "c++"),
        ("clang++", "-std=c++17", "-x", "c++"),
    ],
    ids=lambda command: command[0],
)
def test_calls(sample: Sample, tmp_path: Path, command: tuple[str, ...]) -> None:
    program = compile_program(sample, "calls.c", tmp_path / "calls", command)
    assert run(program, log=tmp_path / "log") == OUTPUT
    launches = standin.read_log(tmp_path / "log")
    assert len(launches) == len(LAUNCHES)
    for launch, (name, label, grid, stream, types, values) in zip(launches, LAUNCHES, strict=True):
        assert label in sample.labels(launch), name
        assert (launch.grid, launch.stream, launch.device) == (grid, stream, 0)
        assert launch.values(*types) == values
        assert launch.parameters[len(types) :] == (bytes(8), bytes(8))


def test_without_memory_a_call_is_refused_and_the_next_is_not(
    sample: Sample, tmp_path: Path
) -> None:
    program = compile_program(sample, "no_memory.c", tmp_path / "program", ("gcc", "-std=c99"))
    refused = "3 sample.reduce: cannot launch: out of host memory\n"
    assert run(program, log=tmp_path / "log") == f"{refused}{refused}0 \n"
    assert len(standin.read_log(tmp_path / "log")) == 1


def test_the_library_needs_neither_tvm_ffi_nor_cuda(sample: Sample) -> None:
    with sample.library.open("rb") as file:
        section = ELFFile(file).get_section_by_name(".dynamic")
        assert isinstance(section, DynamicSection)
        needed = {str(vars(tag)["needed"]) for tag in section.iter_tags("DT_NEEDED")}
    assert "libc.so.6" in needed
    others = {name for name in needed if not name.startswith("ld-linux")}
    assert others <= {"libc.so.6", "libm.so.6", "libdl.so.2", "libpthread.so.0"}


def test_the_library_exports_its_interface_only(sample: Sample) -> None:
    with sample.library.open("rb") as file:
        section = ELFFile(file).get_section_by_name(".dynsym")
        assert isinstance(section, SymbolTableSection)
        exported = {one.name for one in section.iter_symbols() if one["st_shndx"] != "SHN_UNDEF"}
    expected = {f"{module}_register" for module in MODULES.values()}
    expected |= {f"tritonbind_{name}" for name in ("last_error", *PREPARED)}
    for name in MODULES:
        prefixes = ("__tvm_ffi_", "__tvm_ffi__doc_", "__tvm_ffi__metadata_")
        expected |= {f"{name}_launch", *(prefix + name for prefix in prefixes)}
        expected |= {f"{name}_launch_later", f"__tvm_ffi_{name}.prepare", f"tritonbind.{name}.bind"}
    assert exported == expected


@pytest.mark.parametrize(
    "flags", [pytest.param("-std=c99 -O0", marks=pytest.mark.slow), "-std=c99 -O2"]
)
@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_the_generated_c_compiles_without_a_warning(
    sample: Sample, tmp_path: Path, compiler: str, flags: str
) -> None:
    sources = sorted(sample.folder.rglob("*.c"))
    assert len(sources) > len(set(MODULES.values()))
    warnings = (*STRICT, "-Wshadow", "-Wstrict-prototypes", "-Wmissing-prototypes")
    links = ("-Wl,--no-undefined", "-ldl", "-lm", "-lpthread")
    shared = (f"-I{sample.folder}", "-fPIC", "-shared", "-o", tmp_path / "library.so")
    compile_c(compiler, *flags.split(), *warnings, *sources, *shared, *links)
