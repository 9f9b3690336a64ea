"""The rows of types, against numpy's and Triton's own tables."""

from __future__ import annotations

import re

import numpy as np
import pytest
from triton._utils import BITWIDTH_DICT, type_canonicalisation_dict

from codegen.model.dtypes import DTYPES, DType, ValueType, parse_type
from codegen.model.errors import CodegenError
from tests.support.places import RUNTIME

pytestmark = pytest.mark.triton

ROWS = list(DTYPES.values())

# What numpy does not have, from the formats' own definitions: bits.
NOT_IN_NUMPY = {
    "bfloat16": 16,
    **dict.fromkeys(
        ["float8_e4m3fn", "float8_e4m3fnuz", "float8_e5m2", "float8_e5m2fnuz", "float8_e4b15"], 8
    ),
}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_row_agrees_with_triton(row: DType) -> None:
    canonical = "u1" if row.name == "i1" else row.name
    assert type_canonicalisation_dict[row.name] == canonical
    assert BITWIDTH_DICT[row.name] == row.bits
    assert row.size == max(row.bits // 8, 1)


def test_no_type_of_triton_is_missing() -> None:
    canonical = {*type_canonicalisation_dict.values()} - {"void"}
    assert {"u1" if name == "i1" else name for name in DTYPES} == canonical


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_row_agrees_with_numpy(row: DType) -> None:
    if row.label in NOT_IN_NUMPY:
        assert row.bits == NOT_IN_NUMPY[row.label]
        return
    dtype = np.dtype(row.label)
    assert dtype.itemsize == row.size
    if dtype.kind in "iu":
        limits = np.iinfo(dtype)
        assert (row.low, row.high) == (limits.min, limits.max)
        assert row.is_integer
    kinds = {"i": 0, "u": 1, "f": 2, "b": 6}
    assert row.dlpack_code == kinds[dtype.kind]
    assert row.python_type == {"i": "int", "u": "int", "f": "float", "b": "bool"}[dtype.kind]


def test_dlpack_codes_and_bits_tell_all_types_apart() -> None:
    seen = [(row.dlpack_code, 8 * row.size) for row in ROWS if row.dlpack_code is not None]
    assert len(set(seen)) == len(seen)


@pytest.mark.parametrize("row", [row for row in ROWS if row.c_type], ids=lambda row: row.name)
def test_the_c_type_of_a_scalar_is_as_wide_as_the_kernel_reads(row: DType) -> None:
    sizes = {"bool": 1, "float": 4, "double": 8}
    bits = re.fullmatch(r"u?int(\d+)_t", row.c_type or "")
    assert (int(bits[1]) // 8 if bits else sizes[row.c_type or ""]) == row.size


def test_the_c_enumeration_has_every_row_in_order() -> None:
    header = (RUNTIME / "tritonbind.h").read_text()
    enumerators = re.findall(r"^    TRITONBIND_([A-Z]+\d\w*)", header, re.MULTILINE)
    assert enumerators == [name.upper() for name in DTYPES]


def test_the_runtime_has_the_facts_of_every_row() -> None:
    text = (RUNTIME / "core/tb_dtypes.c").read_text()
    rows = re.findall(r'\[TRITONBIND_(\w+)\] = \{"(\w+)", (\d+), (\d+)\},', text)
    codes = [255 if row.dlpack_code is None else row.dlpack_code for row in ROWS]
    assert rows == [
        (row.name.upper(), row.label, str(code), str(8 * row.size))
        for row, code in zip(ROWS, codes, strict=True)
    ]


PARSED = {
    "i32": ValueType(DTYPES["i32"]),
    " u8 ": ValueType(DTYPES["u8"]),
    "*bf16": ValueType(DTYPES["bf16"], is_pointer=True),
    "*kfp32": ValueType(DTYPES["fp32"], is_pointer=True, is_const=True),
    "const *fp32": ValueType(DTYPES["fp32"], is_pointer=True, is_const=True),
    "*fp8e4b15": ValueType(DTYPES["fp8e4b15"], is_pointer=True),
    "*u1": ValueType(DTYPES["i1"], is_pointer=True),
    "bool": ValueType(DTYPES["i1"]),
    "int": ValueType(DTYPES["i32"]),
    "float": ValueType(DTYPES["fp32"]),
}


@pytest.mark.parametrize("text", PARSED)
def test_a_type_is_read_as_triton_writes_it(text: str) -> None:
    assert parse_type(text) == PARSED[text]


@pytest.mark.parametrize(
    ("text", "triton", "shown", "size"),
    [
        ("i1", "u1", "i1", 1),
        ("*i1", "*i1", "*i1", 8),
        ("i64", "i64", "i64", 8),
        ("bf16", "bf16", "bf16", 2),
        ("*fp64", "*fp64", "*fp64", 8),
        ("const *fp16", "*kfp16", "const *fp16", 8),
    ],
)
def test_how_a_type_is_spelt(text: str, triton: str, shown: str, size: int) -> None:
    type_ = parse_type(text)
    assert (type_.triton, str(type_), type_.size) == (triton, shown, size)
    assert parse_type(type_.triton) == parse_type(str(type_)) == type_


@pytest.mark.parametrize("text", ["", "*", "**fp32", "void", "*void", "fp8e5", "const i32", "i7"])
def test_what_is_no_type(text: str) -> None:
    with pytest.raises(CodegenError):
        parse_type(text)
