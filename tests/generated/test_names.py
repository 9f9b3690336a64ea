"""Parameters called like something else, or annotated: each gets its value in its place."""

from __future__ import annotations

import inspect
import itertools
import struct
from pathlib import Path

import pytest

from tests.support import made, standin
from tests.support.c_programs import STRICT, compile_c
from tests.support.signature_project import SignatureProject

FORMATS = {
    **{"i1": "<?", "u1": "<?", "i8": "<b", "i16": "<h", "i32": "<i", "i64": "<q"},
    **{"u8": "<B", "u16": "<H", "u32": "<I", "u64": "<Q"},
    **{"fp16": "<e", "fp32": "<f", "fp64": "<d"},
}


def test_each_value_is_in_its_place(signatures: SignatureProject) -> None:
    """All at once, and different; by names, too."""
    wrapper = signatures.wrapper("names.crowded")
    kernel = signatures.functions["tests.names.crowded"]["variants"]
    types = dict(kernel["none-type_i32-aligned"]["parameters"])
    numbers = itertools.count(2)
    values = [True if type_ == "u1" else 16 * next(numbers) for type_ in types.values()]
    small = {"i8": -5, "u8": 250}
    values = [small.get(type_, value) for type_, value in zip(types.values(), values, strict=True)]
    names = list(inspect.signature(wrapper).parameters)[:-1]
    expected = [
        struct.pack(FORMATS.get(type_, "<Q"), value)
        for type_, value in zip(types.values(), values, strict=True)
    ]
    wrapper(*values)
    assert list(standin.launch().parameters[:-2]) == expected
    standin.reset()
    wrapper(**dict(reversed(list(zip(names, values, strict=True)))), stream=0)
    launch = standin.launch()
    assert list(launch.parameters[:-2]) == expected
    assert len(expected) == 63
    by_type = dict(zip(types, values, strict=True))
    assert launch.grid == (by_type["grid"], by_type["stream"], 1)


@pytest.mark.parametrize(
    "command",
    [
        *(("gcc", "-std=c99"), ("clang", "-std=c99")),
        *(("g++", "-std=c++11"), ("clang++", "-std=c++17")),
    ],
    ids=" ".join,
)
def test_the_header_compiles_as_c_and_as_cpp(
    signatures: SignatureProject, command: tuple[str, ...]
) -> None:
    language = "c++" if "++" in command[0] else "c"
    source = signatures.folder.parent / f"include_{command[0]}.{language}"
    source.write_text('#include <errno.h>\n#include <stdio.h>\n#include "names.h"\n')
    compile_c(*command, *STRICT, f"-I{signatures.folder}", "-fsyntax-only", "-x", language, source)


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_the_source_compiles(signatures: SignatureProject, compiler: str) -> None:
    source = signatures.folder / "names.c"
    options = ("-std=c99", *STRICT, f"-I{signatures.folder}", "-fsyntax-only")
    compile_c(compiler, *options, source)


def test_annotations_are_types_where_triton_takes_them_for_types(
    signatures: SignatureProject,
) -> None:
    assert signatures.functions["tests.names.annotated"]["signature"] == (
        "tests.names.annotated(count: i32, flag: i1, wide: i64, text: u16, narrow: i8, "
        "number: fp32, half: fp16, brain: bf16, pointer: *fp32, constant: const *i32, "
        "other: *fp64, ignored: i32, x: *i8, optional: u64, stream=None)"
    )
    numbers = (3, True, -(2**40), 65535, -128, 0.1, 0.1, 1 + 2**-8 + 2**-9)
    signatures.wrapper("names.annotated")(*numbers, 4096, 8192, 12288, -1, 77)
    launch = standin.launch()
    brain = struct.pack("<f", numbers[7])[2:]  # cut off, as Triton's launcher does
    forms = ["<i", "<?", "<q", "<H", "<b", "<f", "<e"]
    expected = [struct.pack(form, value) for form, value in zip(forms, numbers, strict=False)]
    expected += [brain, *(struct.pack("<Q", address) for address in (4096, 8192, 12288))]
    expected += [struct.pack("<i", -1), struct.pack("<Q", 77), struct.pack("<Q", 7), bytes(8)]
    assert list(launch.parameters) == [*expected, bytes(8)]


LIKE_ANOTHERS = ("safe", "launch", "prepare", "function", "variants", "call", "on", "generic", "")


def test_kernels_of_one_file_called_like_one_another(tmp_path: Path) -> None:
    """What C has for a kernel is called by the kernel's name and a word."""
    source = "".join(f"""
@export("t.k{end}", types={{"x": "i32"}}, grid=lambda x: (x,))
@triton.jit
def k{end}(x):
    pass
""" for end in ("", *(f"_{word}" for word in LIKE_ANOTHERS)))
    source += """
@export("t.pair", types={"x": "*i32"}, constexprs={"C": [1, 2]}, grid=lambda: (1,))
@triton.jit
def pair(x, C: tl.constexpr):
    pass

@export("t.pair_C_2", types={"x": "*i32"}, grid=lambda: (1,))
@triton.jit
def pair_C_2(x):
    pass
"""
    made.build(tmp_path, [made.plan(kernel) for kernel in made.read(tmp_path, source)])
    compile_c("gcc", "-std=c99", *STRICT, "-fsyntax-only", tmp_path / "made.c")
