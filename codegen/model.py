"""The vocabulary of the pipeline: what each stage hands to the next, as frozen dataclasses."""

from __future__ import annotations

import keyword
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from codegen.dtypes import ValueType
from codegen.errors import SourceLocation


@dataclass(frozen=True)
class Default:
    """A default value in the kernel's signature. It wraps the value, since that may be None."""

    value: object


@dataclass(frozen=True)
class Shape:
    """A declared tensor shape: row-major, of this many elements or more."""

    source: str
    """As the declaration says it: `(seq_len, num_value_heads, 64)`."""
    sizes: tuple[str, ...]
    """An `int64_t` C expression for each dimension."""


@dataclass(frozen=True)
class Parameter:
    """A run-time parameter of a kernel."""

    name: str
    types: tuple[ValueType, ...]
    """The types a call may choose from; one unless the declaration gives a choice."""
    nullable: bool = False
    """None is accepted and compiled as a constexpr None, as the JIT does."""
    divisible: bool = False
    """The hinted variants assume that the value (or address) is divisible by 16."""
    shape: Shape | None = None
    """What the kernel assumes of the tensor's layout, checked when a tensor is passed."""
    default: Default | None = None
    comment: str = ""
    """The comment beside the parameter in the kernel's source."""

    @property
    def is_pointer(self) -> bool:
        return self.types[0].is_pointer


@dataclass(frozen=True)
class Constexpr:
    """A compile-time parameter: one value, or choices among which the call picks."""

    name: str
    choices: tuple[object, ...]
    default: Default | None = None
    comment: str = ""

    @property
    def is_argument(self) -> bool:
        return len(self.choices) > 1


@dataclass(frozen=True)
class Options:
    """What Triton is told besides the signature."""

    num_warps: int = 4
    num_stages: int = 3
    maxnreg: int | None = None
    fp_fusion: bool = True
    num_ctas: int = 1
    """Blocks that run a program together, as a cluster."""
    launch_pdl: bool = False
    """Programmatic dependent launch: it may begin before the kernel ahead of it ends."""
    launch_cooperative_grid: bool = False
    """All blocks run at the same time, or the launch fails."""


@dataclass(frozen=True)
class Target:
    """A machine to build for: `sm_90` is a cubin for capability 9.0, `compute_80` is PTX."""

    capability: int
    is_ptx: bool = False

    @property
    def name(self) -> str:
        return f"{'compute' if self.is_ptx else 'sm'}_{self.capability}"

    @property
    def is_exact(self) -> bool:
        """Triton builds cubins from sm_90 on for that very machine ("a" targets)."""
        return not self.is_ptx and self.capability >= 90

    @property
    def suffix(self) -> str:
        return "ptx" if self.is_ptx else "cubin"


TARGETS = {
    target.name: target
    for target in (
        *map(Target, (75, 80, 86, 87, 89, 90, 100, 103, 110, 120, 121)),
        *(Target(capability, True) for capability in (75, 80, 86, 87, 89)),
    )
}
"""Every target that can be built, by name."""


@dataclass(frozen=True)
class Grid:
    """The launch grid: three C expressions, or none of them when the call gives it."""

    axes: tuple[str, str, str] | None
    """C expressions over `int64_t` arguments; None: the call passes gx, gy and gz."""
    reads: tuple[str, ...] = ()
    """The parameters that the axes read, in the kernel's order."""
    can_fail: bool = False
    """Some axis divides or multiplies in a way that must be checked at run time."""


@dataclass(frozen=True)
class Kernel:
    """One exported function: a Triton kernel and everything its declaration and source say."""

    name: str
    """The name of the TVM FFI global, dotted."""
    file: str
    """The kernel file, relative to the kernels folder, with `/`."""
    qualname: str
    """Where the kernel stands in that file."""
    location: SourceLocation
    doc: str
    parameters: tuple[Parameter | Constexpr, ...]
    grid: Grid
    options: Options
    source_key: str
    """Triton's own digest of the kernel's source, its callees and globals."""
    targets: tuple[Target, ...] | None = None
    """The targets that the kernel is for; None: every one of the project's."""
    sources: Mapping[str, str] = field(default_factory=dict)
    """sha256 of each file of an installed package that the kernel is made of."""

    @property
    def symbol(self) -> str:
        """The function's name in C and Python: the last part of its global name."""
        return self.name.rpartition(".")[2]

    @cached_property
    def arguments(self) -> tuple[Parameter | Constexpr, ...]:
        """What a call passes, in order, without the grid and the stream."""
        return tuple(p for p in self.parameters if isinstance(p, Parameter) or p.is_argument)


@dataclass(frozen=True)
class Axis:
    """One thing a call decides when it picks a variant."""

    kind: str
    """`dtype`, `none`, `constexpr` or `hints`."""
    parameters: tuple[str, ...]
    labels: tuple[str, ...]
    """How each choice is called in variant names."""


@dataclass(frozen=True)
class Variant:
    """One specialisation of a kernel: what the compiler gets, and which calls may use it."""

    label: str
    selection: tuple[int, ...]
    """The choice on each axis of the kernel, as an index."""
    signature: tuple[tuple[str, str], ...]
    """(parameter, Triton type or `constexpr`), in the kernel's order."""
    constexprs: tuple[tuple[str, object], ...]
    divisible: tuple[str, ...]
    """Parameters assumed divisible by 16."""

    @property
    def runtime(self) -> tuple[str, ...]:
        """The parameters the cubin takes, in order, before Triton's two scratch pointers."""
        return tuple(name for name, type_ in self.signature if type_ != "constexpr")


@dataclass(frozen=True)
class Image:
    """One compiled variant for one target, and what the launch needs to know of it."""

    target: Target
    data: bytes = field(repr=False)
    symbol: str
    """The kernel's name inside the image."""
    num_warps: int
    shared: int
    """Bytes of dynamic shared memory."""
    registers: int
    """Registers per thread."""
    stack: int
    """Bytes of stack per thread, where spilled registers go."""
    key: str
    """Digest of everything the compiler was given; equal keys give equal bytes."""
    num_ctas: int = 1
    scratch: int = 0
    """Bytes of global scratch memory per block."""
    launch_pdl: bool = False
    cooperative: bool = False

    @property
    def threads(self) -> int:
        return 32 * self.num_warps


@dataclass(frozen=True)
class Binary:
    """A variant with its images, one per target, in the order of the targets."""

    variant: Variant
    images: tuple[Image, ...]


@dataclass(frozen=True)
class Plan:
    """Everything that is rendered for one function."""

    kernel: Kernel
    axes: tuple[Axis, ...]
    binaries: tuple[Binary, ...]
    """In mixed-radix order of the axes: the last axis varies fastest."""


@dataclass(frozen=True)
class GeneratedFile:
    """A file to be, relative to the output folder, with `/`."""

    path: str
    content: bytes = field(repr=False)


# Keywords of C and C++, common macros, and the local names of the generated functions.
_C_WORDS = frozenset("""
    alignas alignof and and_eq asm auto bitand bitor bool break case catch char class compl const
    constexpr const_cast continue decltype default delete do double dynamic_cast else enum explicit
    export extern false float for friend goto if inline int long mutable namespace new noexcept not
    not_eq nullptr operator or or_eq private protected public register reinterpret_cast restrict
    return short signed sizeof static static_assert static_cast struct switch template this
    thread_local throw true try typedef typeid typename union unsigned using virtual void volatile
    wchar_t while xor xor_eq linux unix errno NULL
    aligned arguments call count device failed function good grid index result self status stream
    values variant
    """.split())  # noqa: SIM905


def c_identifier(name: str) -> str:
    """`name` as an identifier that C and C++ accept, that no generated name and no other uses."""
    is_taken = name.rstrip("_") in _C_WORDS or name.startswith(("tb_", "TB_", "_"))
    return f"{name}_" if is_taken else name


def c_module(file: str) -> str:
    """How a kernel file is called in C: `qwen35_gated_delta_rule`."""
    return file.removesuffix(".py").replace("/", "_")


def python_identifier(name: str) -> str:
    """`name` as a parameter's or function's name in the generated module, and no other's."""
    plain = name.rstrip("_")
    return f"{name}_" if keyword.iskeyword(plain) or plain in _PYTHON_WORDS else name


_PYTHON_WORDS = frozenset(("stream", "Pointer", "Stream", "Literal", "function", "int", "float"))
