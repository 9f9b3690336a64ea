"""The options of Triton's launches on CUDA, each with what it may be and what comes of it.

Every option of Triton's compiler is followed, as a field of `Options`, or stands among the refused
with the reason. The names mean what they mean to Triton, wherever they are given.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, TypedDict

from codegen.model.errors import CodegenError


@dataclass(frozen=True)
class Rule:
    """What a followed option may be."""

    allowed: str
    """In words, as messages have it."""
    fits: Callable[[object], bool]


def _row(default: object, allowed: str, fits: Callable[[object], bool]) -> Any:
    return field(default=default, metadata={"rule": Rule(allowed, fits)})


def _is_int(value: object, low: int, high: int = (1 << 31) - 1) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _int(default: int | None, allowed: str, low: int, high: int = (1 << 31) - 1) -> Any:
    return _row(default, allowed, lambda value: value is None or _is_int(value, low, high))


def _power(default: int, most: int, allowed: str) -> Any:
    powers = [1 << exponent for exponent in range(most.bit_length())]
    return _row(default, allowed, lambda value: _is_int(value, 1) and value in powers)


def _bool(default: bool) -> Any:
    return _row(default, "True or False", lambda value: isinstance(value, bool))


_PRECISIONS = ("tf32", "tf32x3", "ieee", "bf16x3", "bf16x6")


@dataclass(frozen=True)
class Options:
    """What Triton is told besides the signature: a row for each option that is followed."""

    num_warps: int = _power(4, 32, "1, 2, 4, 8, 16 or 32")
    num_stages: int = _int(3, "an int of 0 or more", 0, 1 << 16)
    maxnreg: int | None = _int(None, "None or an int of 1 or more", 1)
    enable_fp_fusion: bool = _bool(True)
    num_ctas: int = _power(1, 16, "1, 2, 4, 8 or 16")
    """Blocks that run a program together, as a cluster."""
    launch_pdl: bool = _bool(False)
    """Programmatic dependent launch: it may begin before the kernel ahead of it ends."""
    launch_cooperative_grid: bool = _bool(False)
    """All blocks run at the same time, or the launch fails."""
    debug: bool = _bool(False)
    """Assertions of the kernel, and checks for overflow, are compiled in."""
    sanitize_overflow: bool = _bool(True)
    """With `debug`: whether those checks are."""
    default_dot_input_precision: str = _row(
        "tf32", ", ".join(_PRECISIONS[:-1]) + f" or {_PRECISIONS[-1]}", _PRECISIONS.__contains__
    )
    enable_reflect_ftz: bool = _bool(True)
    """CUDA's library may flush denormal numbers to zero."""
    ptx_version: int | None = _int(None, "None or a version of PTX, as in 84", 60, 999)
    """None: for PTX the lowest that has the target, for cubins that of ptxas."""
    sched4reg: bool = _bool(False)
    clc: bool = _bool(False)


OPTIONS = tuple(entry.name for entry in fields(Options))
DEFAULTS = Options()


class TritonOptions(TypedDict, total=False):
    """`Options` as keyword arguments."""

    num_warps: int
    num_stages: int
    maxnreg: int | None
    enable_fp_fusion: bool
    num_ctas: int
    launch_pdl: bool
    launch_cooperative_grid: bool
    debug: bool
    sanitize_overflow: bool
    default_dot_input_precision: str
    enable_reflect_ftz: bool
    ptx_version: int | None
    sched4reg: bool
    clc: bool


@dataclass(frozen=True)
class Refusal:
    """Why an option is not followed, and what to do instead."""

    reason: str
    hint: str
    neutral: tuple[object, ...] = ()
    """The values, besides None, that change nothing: they may be given."""


_OF_TARGETS = Refusal("the compiler knows them for each target", "leave it out")
_OF_SANITIZERS = "it is for Triton's own sanitizers, which need buffers that only its JIT makes"
REFUSED: Mapping[str, Refusal] = {
    "warp_size": Refusal("each target has warps of 32 threads", "leave it out", (32,)),
    "arch": Refusal("each target of the project has its own", 'write targets=["sm_90"]'),
    "backend_name": Refusal("everything here is for CUDA", "leave it out", ("cuda",)),
    "ptx_options": Refusal(
        "ptxas alone would see them, and not the driver that compiles PTX",
        "leave it out; maxnreg, enable_fp_fusion and enable_reflect_ftz are for both",
        ("",),
    ),
    "ir_override": Refusal(
        "the IR of one variant for one target would be taken for all",
        "leave it out, or export a kernel that compiles to what the file holds",
    ),
    "extern_libs": Refusal(
        "device code of other libraries is not linked, but for CUDA's libdevice",
        "leave it out, and write what the kernel calls in Triton or as inline assembly",
        ({}, ()),
    ),
    "supported_fp8_dtypes": _OF_TARGETS,
    "deprecated_fp8_dot_operand_dtypes": _OF_TARGETS,
    "allowed_dot_input_precisions": _OF_TARGETS,
    "max_num_imprecise_acc_default": Refusal(
        "Triton sets it for each target, whatever it is told",
        "leave it out, and write tl.dot(..., max_num_imprecise_acc=...) in the kernel",
    ),
    "instrumentation_mode": Refusal(_OF_SANITIZERS, "leave it out, and use Triton's JIT", ("",)),
    "fpsan_homomorphic_casts": Refusal(
        _OF_SANITIZERS, "leave it out, and use Triton's JIT", (False,)
    ),
    "min_shared_mem": Refusal(_OF_SANITIZERS, "leave it out, and use Triton's JIT"),
}
OF_AMD = (
    *("waves_per_eu", "matrix_instr_nonkdim", "kpack", "allow_flush_denorm", "schedule_hint"),
    *("llvm_fn_attrs", "wgp_cu_mode"),
)
"""The options that Triton has for AMD's GPUs alone. For CUDA's its launches raise a KeyError."""


def is_option(name: str) -> bool:
    """Whether Triton has an option of this name, followed or not."""
    return name in OPTIONS or name in REFUSED or name in OF_AMD


def is_neutral(name: str, value: object) -> bool:
    """Whether an option that is not followed has a value that changes nothing."""
    refused = REFUSED.get(name)
    return refused is not None and (value is None or value in refused.neutral)


def refusal(name: str, is_parameter: bool = False) -> tuple[str, str] | None:
    """What an option is that is not followed, and what to do; None for others.

    What is a parameter of the kernel too may be called as an option of another backend.
    """
    if name in REFUSED:
        refused = REFUSED[name]
        return f"an option of Triton's that is not followed: {refused.reason}", refused.hint
    if name in OF_AMD and not is_parameter:
        what = "an option of Triton's for AMD's GPUs: for CUDA's its launches raise a KeyError"
        return what, "leave it out where the kernel is for CUDA"
    return None


def normal(name: str, value: object) -> object:
    """The value of a followed option as Triton's launches read it: None is as if nothing is said,
    and `debug` asks whether something is true."""
    if name == "debug" and (value is None or isinstance(value, int)):
        return bool(value)
    return getattr(DEFAULTS, name) if value is None else value


def with_given(options: Options, given: Mapping[str, object]) -> Options:
    """The options, with what is given of those that are followed."""
    values: dict[str, Any] = {n: normal(n, value) for n, value in given.items() if n in OPTIONS}
    return replace(options, **values)


def check_options(options: Options) -> None:
    """Raise `CodegenError` for an option of the function that has a value it cannot have."""
    for entry in fields(Options):
        value = getattr(options, entry.name)
        rule: Rule = entry.metadata["rule"]
        if not rule.fits(value):
            raise CodegenError(f"{entry.name} must be {rule.allowed}, got {value!r}")
