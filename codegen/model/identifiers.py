"""How the names of kernels, files and parameters are spelled in C and in Python."""

from __future__ import annotations

import hashlib
import keyword
import re
from collections.abc import Iterable

GRID_NAMES = ("gx", "gy", "gz")
"""What a call passes of an explicit grid."""
RUNTIME = ("tb", "tritonbind")
"""What the names of the C runtime begin with, in letters of either size, before a `_`."""

# Keywords of C and C++, and the local names of the generated functions.
_C_WORDS = frozenset("""
    alignas alignof and and_eq asm auto bitand bitor bool break case catch char char8_t char16_t
    char32_t class co_await co_return co_yield compl concept const consteval constexpr constinit
    const_cast continue contract_assert decltype default delete do double dynamic_cast else enum
    explicit export extern false float for friend goto if inline int long mutable namespace new
    noexcept not not_eq nullptr operator or or_eq private protected public register
    reinterpret_cast requires restrict return short signed sizeof static static_assert static_cast
    struct switch template this thread_local throw true try typedef typeid typename typeof
    typeof_unqual union unsigned using virtual void volatile wchar_t while xor xor_eq
    int8_t int16_t int32_t int64_t uint8_t uint16_t uint32_t uint64_t size_t
    aligned arguments call count destination failed filled function good grid index passed prepared
    prepares result self sizes sm_count status stream target values variant
    """.split())  # noqa: SIM905

# The macros without parameters that compilers and the headers of C, C++ and POSIX define, as far as
# they begin with a small letter: others are mended by a rule, and those with parameters are read
# before a parenthesis alone, which no argument of ours stands before.
_C_MACROS = frozenset("""
    basename complex d_fileno errno h_addr h_errno i386 ifa_broadaddr ifa_dstaddr ifc_buf ifc_req
    ifr_addr ifr_bandwidth ifr_broadaddr ifr_data ifr_dstaddr ifr_flags ifr_hwaddr ifr_ifindex
    ifr_map ifr_metric ifr_mtu ifr_name ifr_netmask ifr_newname ifr_qlen ifr_slave imaginary linux
    m68k math_errhandling mips msg_cbytes noreturn s6_addr s6_addr16 s6_addr32 sa_handler
    sa_sigaction sched_priority sgi si_addr si_addr_lsb si_arch si_band si_call_addr si_fd si_int
    si_lower si_overrun si_pid si_pkey si_ptr si_status si_stime si_syscall si_timerid si_uid
    si_upper si_utime si_value sigev_notify_attributes sigev_notify_function sparc st_atime
    st_atimensec st_birthtime st_ctime st_ctimensec st_mtime st_mtimensec stderr stdin stdout sun
    unix vax
    """.split())  # noqa: SIM905

# What begins with an underscore belongs to compilers and their headers, whatever it ends in.
_C_PREFIXES = ("_", "tbp_", "tvm_ffi_", *(f"{n}_" for r in RUNTIME for n in (r, r.upper())))


def c_identifier(name: str) -> str:
    """`name` as an identifier of an argument in C and C++: no generated name, no other argument's,
    and no macro's, whichever headers stand before it."""
    if name.startswith(_C_PREFIXES):
        return f"tbp_{name}"
    plain = name.rstrip("_")
    is_taken = name[0].isupper() or plain in _C_WORDS or plain in _C_MACROS
    return f"{name}_" if is_taken else name


def own_names(symbol: str, parameters: Iterable[str]) -> set[str]:
    """What the generated code of a function has for itself, besides the words of C and Python."""
    forms = (form.format(name) for name in parameters for form in _OF_A_PARAMETER)
    return {f"_{symbol}", *(f"{symbol}_{name}" for name in (*_OF_A_FUNCTION, *forms))}


_OF_A_FUNCTION = tuple("""
    arguments built built_places call case_places cases choices combinations function global grid
    hints key_places keys launch launch_later maps on parameters passed safecall safeprepare
    shared_memory targets texts tuned variants with
    """.split())  # noqa: SIM905
_OF_A_PARAMETER = ("compute_{}", "{}_values", "{}_choices", "{}_slots")


def c_module(file: str) -> str:
    """How a kernel file is called in C: `qwen35_gated_delta_rule`."""
    return file.removesuffix(".py").replace("/", "_")


def python_identifier(name: str) -> str:
    """`name` as a parameter's or function's name in the generated module, and no other's."""
    plain = name.rstrip("_")
    return f"{name}_" if keyword.iskeyword(plain) or plain in _PYTHON_WORDS else name


_PYTHON_WORDS = frozenset(
    ("stream", "Pointer", "Stream", "Tensor", "Literal", "int", "float")
    + ("Exception", "explain", "function", "launcher", "stream_of")
)


def rust_identifier(name: str) -> str:
    """`name` as a parameter's, function's or module's name in Rust, and no other's."""
    plain = name.rstrip("_")
    return f"{name}_" if plain in _RUST_WORDS or not plain else name


# Keywords of Rust, what no parameter can be called, and the names that the generated functions have
# for themselves.
_RUST_WORDS = frozenset("""
    Self abstract as async await become box break build const continue crate do dyn else enum
    extern false final fn for gen if impl in let loop macro match mod move mut override priv pub
    ref return self static struct super trait true try type typeof union unsafe unsized use virtual
    where while yield DevicePtr Dtype Err Error Ok Prepared Some Stream Tensor prepared stream
    tritonbind
    """.split())  # noqa: SIM905


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
