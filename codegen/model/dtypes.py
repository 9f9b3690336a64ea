"""The types of Triton signatures: one row says everything the generator knows about a type."""

from __future__ import annotations

from dataclasses import dataclass

from codegen.model.errors import CodegenError

DLPACK_INT, DLPACK_UINT, DLPACK_FLOAT, DLPACK_BFLOAT, DLPACK_BOOL = 0, 1, 2, 4, 6


@dataclass(frozen=True)
class DType:
    """One Triton element type, as a kernel's scalar argument and as what a pointer points to."""

    name: str
    """Triton's name, as it stands in signatures."""
    label: str
    """The name that tensor libraries use, shown in messages."""
    bits: int
    dlpack_code: int | None
    """`DLDataTypeCode` of a tensor of this type; None where DLPack has none."""
    c_type: str | None
    """Storage of a scalar argument, of the width the kernel reads; None where Triton takes none."""
    python_type: str = ""
    """The Python annotation of a scalar argument."""
    low: int = 0
    high: int = 0
    """The range of an integer."""

    @property
    def size(self) -> int:
        """Bytes in memory and in the kernel's parameter buffer."""
        return max(self.bits // 8, 1)

    @property
    def is_integer(self) -> bool:
        return self.python_type == "int"


def _integer(name: str, label: str, bits: int, signed: bool) -> DType:
    low, high = (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if signed else (0, (1 << bits) - 1)
    code = DLPACK_INT if signed else DLPACK_UINT
    return DType(name, label, bits, code, f"{label}_t", "int", low, high)


def _float(name: str, label: str, bits: int, c_type: str, code: int = DLPACK_FLOAT) -> DType:
    return DType(name, label, bits, code, c_type, "float")


_ROWS = (
    DType("i1", "bool", 1, DLPACK_BOOL, "bool", "bool", 0, 1),
    _integer("i8", "int8", 8, True),
    _integer("i16", "int16", 16, True),
    _integer("i32", "int32", 32, True),
    _integer("i64", "int64", 64, True),
    _integer("u8", "uint8", 8, False),
    _integer("u16", "uint16", 16, False),
    _integer("u32", "uint32", 32, False),
    _integer("u64", "uint64", 64, False),
    _float("fp16", "float16", 16, "uint16_t"),
    _float("bf16", "bfloat16", 16, "uint16_t", DLPACK_BFLOAT),
    _float("fp32", "float32", 32, "float"),
    _float("fp64", "float64", 64, "double"),
    DType("fp8e4nv", "float8_e4m3fn", 8, 10, None),
    DType("fp8e4b8", "float8_e4m3fnuz", 8, 11, None),
    DType("fp8e5", "float8_e5m2", 8, 12, None),
    DType("fp8e5b16", "float8_e5m2fnuz", 8, 13, None),
    DType("fp8e4b15", "float8_e4b15", 8, None, None),
)

DTYPES = {row.name: row for row in _ROWS}
_ALIASES = {"u1": "i1", "int1": "i1", "bool": "i1", "int": "i32", "float": "fp32"}


@dataclass(frozen=True)
class ValueType:
    """The type of a run-time parameter: a scalar, or a pointer to elements."""

    dtype: DType
    is_pointer: bool = False
    is_const: bool = False
    """A pointer that the kernel only reads."""

    @property
    def triton(self) -> str:
        """The type as Triton's signatures spell it."""
        prefix = ("*k" if self.is_const else "*") if self.is_pointer else ""
        return prefix + ("u1" if self.dtype.name == "i1" and not prefix else self.dtype.name)

    @property
    def size(self) -> int:
        """Bytes in the kernel's parameter buffer."""
        return 8 if self.is_pointer else self.dtype.size

    def __str__(self) -> str:
        """The type as declarations spell it."""
        prefix = ("const *" if self.is_const else "*") if self.is_pointer else ""
        return prefix + self.dtype.name


def dtype_named(name: str) -> DType | None:
    """The row of a name that Triton has for a type."""
    return DTYPES.get(_ALIASES.get(name, name))


def dtype_name(value: object) -> str:
    """The name of a `tl.dtype` in signatures: `i32` of `tl.int32`."""
    name = str(getattr(value, "name", value))
    names = {row.label: row.name for row in _ROWS} | {row.name: row.name for row in _ROWS}
    return _ALIASES.get(name) or names.get(name, name)


def parse_type(text: str) -> ValueType:
    """Read a type as Triton writes it: `i32`, `*bf16`, `*kfp32` or `const *fp32`.

    Raises `CodegenError` for a name that is no Triton type, or a scalar that has no launch ABI.
    """
    name = text.strip()
    is_const = name.startswith(("const ", "*k"))
    name = name.removeprefix("const ").strip()
    is_pointer = name.startswith("*")
    name = name.removeprefix("*").removeprefix("k") if is_pointer else name
    dtype = dtype_named(name)
    if dtype is None:
        label = next((row.name for row in _ROWS if row.label == name), None)
        raise CodegenError(
            f"`{text}` is not a Triton type",
            hint=(
                f"write one of {', '.join(DTYPES)}, or `*` and one of them for a pointer"
                if label is None
                else f"write `{'*' * is_pointer}{label}`"
            ),
        )
    if is_const and not is_pointer:
        raise CodegenError(f"`{text}`: only a pointer can be const", hint=f"write `{name}`")
    if not is_pointer and dtype.c_type is None:
        raise CodegenError(
            f"a scalar argument cannot be `{name}`: Triton launches no such argument",
            hint="pass it as fp16 or fp32 and convert it in the kernel",
        )
    return ValueType(dtype, is_pointer, is_const)
