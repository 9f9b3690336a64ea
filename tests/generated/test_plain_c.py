"""Kernels launched from C and C++ with the generated headers and library alone, without TVM FFI."""

from __future__ import annotations

from pathlib import Path

import pytest
from elftools.elf.dynamic import DynamicSection
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from tests.support import standin
from tests.support.c_programs import STRICT, compile_c, compile_program, run
from tests.support.sample import MODULES, Sample

ARRAY, ODD, STREAM = 0x7F0000001000, 0x7F0000001004, 0x5EED
SCALE, REDUCE, GATHER = "sample.scale", "sample.reduce", "sample.gather"
REFUSALS = f"""\
2 {SCALE} argument #0 `x_ptr` must be of dtype float16 or bfloat16, got tritonbind_dtype 12
2 {SCALE} argument #0 `x_ptr` must be of dtype float16 or bfloat16, got tritonbind_dtype 0
2 {SCALE} argument #5 `BLOCK` must be one of 256, 512, got 255
2 {SCALE} argument #0 `x_ptr` must be aligned to the 2 bytes of its elements, got the address \
0x7f0000001001
2 {SCALE}: the launch grid (-3, 1, 1) must have x between 0 and 2147483647
2 {REDUCE} argument #4 `MODE` must be one of 'sum', 'max', got the str 'mean'
2 {REDUCE} argument #4 `MODE` must be one of 'sum', 'max', got the str '{"x" * 60}...'
2 {REDUCE} argument #4 `MODE` must be one of 'sum', 'max', got NULL
2 {REDUCE}: the launch grid cannot be computed from these arguments: it overflows 64 bits or \
divides by zero
2 {GATHER} argument #1 `index_ptr` must be of dtype int32 or int64, got tritonbind_dtype 10
2 {GATHER} argument #2 `to_ptr` must be aligned to the 8 bytes of its elements, got the address \
0x7f0000001004
2 {GATHER}: the launch grid cannot be computed from these arguments: it overflows 64 bits or \
divides by zero
2 sample.explicit: the launch grid (2, 65536, 4) must have y between 0 and 65535
"""
PREPARED = ("launch_prepared", "release_prepared")
GOOD = "0\n" * 11
OUTPUT = f"""\
0 0
{GOOD}{REFUSALS}\
0 2 sample.explicit: the launch grid (1, 1, -1) must have z between 0 and 65535
sample.explicit: the launch grid (2, 65536, 4) must have y between 0 and 65535
"""

# function, its variant, grid, stream, the kernel's parameters and their types
LAUNCHES = [
    ("lambda", "generic", (1, 1, 1), 0, (), ()),
    (
        "integers",
        "aligned",
        (16, 1, 1),
        STREAM,
        ("*i64", "i1", "i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64"),
        (ARRAY, 1, -128, -(2**15), 16, -(2**63), 255, 2**16 - 1, 2**32 - 1, 2**64 - 1),
    ),
    (
        "floats",
        "aligned",
        (1, 1, 1),
        STREAM,
        ("*fp64", "fp16", "bf16", "fp32", "fp64"),
        (ARRAY, 1.5, -1.5, 0.25, 1e300),
    ),
    (
        "scale",
        "bf16-no_bias_ptr-BLOCK_512-aligned",
        (2, 1, 1),
        0,
        ("*bf16", "*bf16", "i64", "fp32"),
        (ARRAY, ARRAY, 1000, 0.5),
    ),
    (
        "scale",
        "fp16-bias_ptr-BLOCK_256-generic",
        (4, 1, 1),
        0,
        ("*fp16", "*fp16", "*fp32", "i64", "fp32"),
        (ARRAY, ODD, ARRAY, 1000, 0.5),
    ),
    (
        "reduce",
        "MODE_max-NEGATE_True-aligned",
        (7, 5, 1),
        STREAM,
        ("*fp32", "*fp32", "i32", "i32"),
        (ARRAY, ARRAY, 5, 3),
    ),
    (
        "gather",
        "fp64-i64-generic",
        (8, 1, 1),
        0,
        ("*fp64", "*i64", "*fp64", "i64", "i64"),
        (ARRAY, ARRAY, ARRAY, 4, 600),
    ),
    ("explicit", "generic", (2, 3, 4), 0, ("*i32", "i32", "i32"), (ODD, -1, -2)),
    ("product", "generic", (1, 1, 1), 0, ("*fp16", "*fp32"), (ARRAY, ARRAY)),
]


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
        needed = {tag.needed for tag in section.iter_tags("DT_NEEDED")}
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
        expected |= {f"{name}_prepare", f"__tvm_ffi_{name}.prepare", f"tritonbind.{name}.bind"}
    assert exported == expected


@pytest.mark.parametrize("flags", ["-std=c99 -O0", "-std=c99 -O2"])
@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_the_generated_c_compiles_without_a_warning(
    sample: Sample, tmp_path: Path, compiler: str, flags: str
) -> None:
    sources = sorted(sample.folder.rglob("*.c"))
    assert len(sources) > len(set(MODULES.values()))
    compile_c(
        *(compiler, *flags.split(), *STRICT, "-Wshadow", "-Wstrict-prototypes"),
        *("-Wmissing-prototypes", f"-I{sample.folder}", "-fPIC", "-shared", *sources),
        *("-o", tmp_path / "library.so", "-Wl,--no-undefined", "-ldl", "-lm", "-lpthread"),
    )
