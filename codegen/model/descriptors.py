"""Tensor descriptors as arguments: their type, how it is declared, and its blocks by variant."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

from codegen.model.blocks import BlockExpression
from codegen.model.dtypes import DTYPES, DType, ValueType, dtype_named, parse_type
from codegen.model.errors import CodegenError

MOST_DIMENSIONS = 5
LEAST_ROW_BYTES = 16
MOST_ELEMENTS = 1 << 20
"""What Triton's tensors can have."""

MAP_TYPES = {
    **dict.fromkeys(("i8", "u8", "fp8e4nv", "fp8e4b8", "fp8e5", "fp8e5b16"), 0),
    **{"i16": 1, "u16": 1, "u32": 2, "i32": 3, "u64": 4, "i64": 5},
    **{"fp16": 6, "fp32": 7, "fp64": 8, "bf16": 9},
}
"""`CUtensorMapDataType` of each element type."""
TF32, FP4_PADDED = 11, 14

DEFAULT_LAYOUT = "layout"
"""What Gluon's `NVMMASharedLayout.get_default_for` gives for the block."""

_EXAMPLE = 'write it as in "tensordesc<fp16[128, 64]>"'
_ELEMENTS = tuple(r for r in DTYPES.values() if r.bits > 1 and r.dlpack_code is not None)
_FLOATS = ("fp16", "bf16", "fp32", "fp64")


@dataclass(frozen=True)
class DescriptorType:
    """The type of a parameter that gets a `TensorDescriptor`: a tensor, read block by block."""

    dtype: DType
    block: tuple[int | BlockExpression, ...]
    """The shape of a block: numbers, and expressions over the kernel's constexprs."""
    padding: str = "zero"
    """What stands beyond the tensor's ends: `zero` or `nan`."""
    tf32: bool = False
    """fp32 elements are rounded to tf32 as they are loaded."""
    layout: str = ""
    """In shared memory, of a Gluon kernel's: a call of `NVMMASharedLayout`, or `DEFAULT_LAYOUT`."""

    is_pointer: ClassVar[bool] = False
    is_const: ClassVar[bool] = False

    @property
    def rank(self) -> int:
        return len(self.block)

    @property
    def block_text(self) -> str:
        """`128 x BLOCK_K`, for people."""
        return " x ".join(map(str, self.block))

    @property
    def triton(self) -> str:
        """The type as Triton's signatures spell it, when the block is all numbers."""
        layout = f",{self.layout}" * bool(self.layout)
        return f"tensordesc<{self.dtype.name}[{', '.join(map(str, self.block))}]{layout}>"

    def __str__(self) -> str:
        """The type as declarations spell it."""
        is_own = self.layout not in ("", DEFAULT_LAYOUT)
        options = ", padding=nan" * (self.padding == "nan") + ", tf32" * self.tf32
        options += f", {self.layout}" * is_own
        return replace(self, layout="").triton.removesuffix(">") + options + ">"

    def bound(self, constexprs: Mapping[str, object]) -> DescriptorType:
        """The type with its block in numbers. Raises `CodegenError`."""
        block = tuple(
            entry.evaluated(constexprs) if isinstance(entry, BlockExpression) else entry
            for entry in self.block
        )
        _check_block(self.dtype, block)
        if self.layout == DEFAULT_LAYOUT:
            return replace(self, block=block, layout=_default_layout(self.dtype, block))
        return replace(self, block=block)


ParameterType = ValueType | DescriptorType


def parse_parameter_type(text: str) -> ParameterType:
    """Read a declared type: a value's as `parse_type` does, or a tensor descriptor's.

    Raises `CodegenError` for what is neither, or what no launch can pass.
    """
    name = text.strip()
    return _parse_descriptor(name) if name.startswith("tensordesc") else parse_type(text)


def _parse_descriptor(text: str) -> DescriptorType:
    if text.startswith("tensordesc_im2col"):
        raise CodegenError(
            f"`{text}`: im2col descriptors, as Gluon has them, are not supported",
            hint=_EXAMPLE,
        )
    match = re.fullmatch(r"tensordesc<(.*)>", text)
    described, *options = _pieces(match[1]) if match else [""]
    dtype, block = _described(text, described)
    given: dict[str, str] = {}
    layout = ""
    for option in options:
        name, _, value = (part.strip() for part in option.partition("="))
        if option == DEFAULT_LAYOUT or re.fullmatch(r"\w+\(.*\)", option):
            layout = option if option == DEFAULT_LAYOUT else _layout(text, option)
            continue
        if (name, value) not in _OPTIONS or name in given:
            raise CodegenError(
                (
                    f"`{text}`: a descriptor has no option `{option}`"
                    if name not in given
                    else f"`{text}`: the option `{name}` is given twice"
                ),
                hint="the options are padding=zero, padding=nan and tf32",
            )
        given[name] = value
    type_ = DescriptorType(dtype, block, given.get("padding", "zero"), "tf32" in given, layout)
    if type_.padding == "nan" and dtype.name not in _FLOATS:
        raise CodegenError(
            f"`{text}`: only {', '.join(_FLOATS)} can be padded with nan", hint="leave padding out"
        )
    if type_.tf32 and dtype.name != "fp32":
        raise CodegenError(f"`{text}`: only fp32 is rounded to tf32", hint="leave tf32 out")
    return type_


def _layout(text: str, option: str) -> str:
    """A call of `NVMMASharedLayout` with plain values, in one spelling."""
    try:
        call = ast.parse(option, mode="eval").body
        assert isinstance(call, ast.Call) and ast.unparse(call.func) == "NVMMASharedLayout"
        for value in (*call.args, *(keyword.value for keyword in call.keywords)):
            ast.literal_eval(value)
    except (AssertionError, SyntaxError, ValueError):
        raise CodegenError(
            f"`{text}`: `{option}` is no layout that a descriptor can have", hint=_LAYOUT
        ) from None
    return ast.unparse(call)


def _default_layout(dtype: DType, block: tuple[int, ...]) -> str:
    from triton.experimental.gluon import language as gluon
    from triton.language import dtype as triton_dtype

    layout = gluon.NVMMASharedLayout.get_default_for(list(block), triton_dtype(dtype.name))
    return _layout("", repr(layout))


_LAYOUT = (
    "leave it out, for Gluon's default of the block, or write NVMMASharedLayout("
    "swizzle_byte_width=128, element_bitwidth=16, rank=2)"
)
_OPTIONS = (("padding", "zero"), ("padding", "nan"), ("tf32", ""))


def _described(text: str, described: str) -> tuple[DType, tuple[int | BlockExpression, ...]]:
    """The element type and the block of `fp16[128, 64]`."""
    try:
        tree = ast.parse(described, mode="eval").body
    except SyntaxError:
        tree = ast.Constant(None)
    if not (isinstance(tree, ast.Subscript) and isinstance(tree.value, ast.Name)):
        raise CodegenError(f"`{text}` names no element type with a block", hint=_EXAMPLE)
    name = tree.value.id
    dtype = dtype_named(name)
    if dtype is None or dtype not in _ELEMENTS:
        raise CodegenError(
            f"`{text}`: a descriptor has no elements of type `{name}`",
            hint=f"write one of {', '.join(row.name for row in _ELEMENTS)}",
        )
    entries = tree.slice.elts if isinstance(tree.slice, ast.Tuple) else [tree.slice]
    if len(entries) > MOST_DIMENSIONS:
        raise CodegenError(
            f"`{text}`: a descriptor has {MOST_DIMENSIONS} dimensions at most, got {len(entries)}"
        )
    block = tuple(
        (
            entry.value
            if isinstance(entry, ast.Constant) and type(entry.value) is int
            else BlockExpression.of(entry)
        )
        for entry in entries
    )
    if all(isinstance(entry, int) for entry in block):
        _check_block(dtype, tuple(entry for entry in block if isinstance(entry, int)))
    return dtype, block


def _check_block(dtype: DType, block: tuple[int, ...]) -> None:
    text = f"a block of {' x '.join(map(str, block))}"
    if any(size < 1 or size & (size - 1) for size in block):
        raise CodegenError(f"{text}: each size must be a power of two", hint="choose others")
    if block[-1] * dtype.size < LEAST_ROW_BYTES:
        raise CodegenError(
            f"{text}: its last dimension must have {LEAST_ROW_BYTES} bytes or more, got "
            f"{block[-1] * dtype.size}",
            hint=f"make it {LEAST_ROW_BYTES // dtype.size} or more",
        )
    if math.prod(block) > MOST_ELEMENTS:
        raise CodegenError(
            f"{text}: it can have {MOST_ELEMENTS} elements, and has {math.prod(block)}",
            hint="choose smaller sizes",
        )


def _pieces(text: str) -> list[str]:
    """`text` cut at its commas, but for those within brackets."""
    pieces, depth = [""], 0
    for character in text:
        depth += (character in "([") - (character in ")]")
        if character == "," and depth == 0:
            pieces.append("")
        else:
            pieces[-1] += character
    return [piece.strip() for piece in pieces]
