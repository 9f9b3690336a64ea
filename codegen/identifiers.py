"""How the names of kernels, files and parameters are spelled in C and in Python."""

from __future__ import annotations

import hashlib
import keyword
import re

# Keywords of C and C++, common macros, and the local names of the generated functions.
_C_WORDS = frozenset("""
    alignas alignof and and_eq asm auto bitand bitor bool break case catch char class compl const
    constexpr const_cast continue decltype default delete do double dynamic_cast else enum explicit
    export extern false float for friend goto if inline int long mutable namespace new noexcept not
    not_eq nullptr operator or or_eq private protected public register reinterpret_cast restrict
    return short signed sizeof static static_assert static_cast struct switch template this
    thread_local throw true try typedef typeid typename union unsigned using virtual void volatile
    wchar_t while xor xor_eq linux unix errno NULL
    int8_t int16_t int32_t int64_t uint8_t uint16_t uint32_t uint64_t size_t INT64_C INT64_MIN
    aligned arguments call count failed filled function good grid index prepared prepares result
    self sizes sm_count status stream target values variant
    """.split())  # noqa: SIM905


_C_PREFIXES = ("tb_", "TB_", "tritonbind_", "TRITONBIND_", "tvm_ffi_", "_")


def c_identifier(name: str) -> str:
    """`name` as an identifier that C and C++ accept, that no generated name and no other uses."""
    is_taken = name.rstrip("_") in _C_WORDS or name.startswith(_C_PREFIXES)
    return f"{name}_" if is_taken else name


def c_module(file: str) -> str:
    """How a kernel file is called in C: `qwen35_gated_delta_rule`."""
    return file.removesuffix(".py").replace("/", "_")


def python_identifier(name: str) -> str:
    """`name` as a parameter's or function's name in the generated module, and no other's."""
    plain = name.rstrip("_")
    return f"{name}_" if keyword.iskeyword(plain) or plain in _PYTHON_WORDS else name


_PYTHON_WORDS = frozenset(
    ("stream", "Pointer", "Stream", "Tensor", "Literal", "function", "launcher", "int", "float")
)


def file_safe(value: object) -> str:
    """`value` as part of a file's name and of a C identifier; others may come out the same."""
    return re.sub(r"[^A-Za-z0-9_]+", "_", str(value).replace("-", "minus_"))


_MOST_BYTES, _LONGEST_SYMBOL, _TARGET = 240, 100, len(".compute_120.cubin")
"""File systems have names of 255 bytes, and who copies files puts something behind them."""
LONGEST_MODULE = _MOST_BYTES - len(".images")
"""The most bytes of a kernel file's name, without `.py`."""


def image_file(symbol: str, label: str, target: str) -> str:
    """What the image of a variant is called."""
    return f"{_file_stem(symbol)}.{label}.{target}"


def room_for_label(symbol: str) -> int:
    """The bytes that a label may have in the name of an image's file."""
    return _MOST_BYTES - len(_file_stem(symbol)) - 1 - _TARGET


def _file_stem(symbol: str) -> str:
    if len(symbol) <= _LONGEST_SYMBOL:
        return symbol
    return f"{symbol[:80]}_{hashlib.sha256(symbol.encode()).hexdigest()[:16]}"
