"""All that depends on the version of Triton: one row for each that is supported."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass

from codegen.model.errors import CodegenError

_DOCS = "docs/generator.md#which-triton"


@dataclass(frozen=True)
class TritonVersion:
    """What holds for one version and may not for another."""

    version: str
    options: Mapping[str, object]
    """Options of its compiler that other versions lack, at the values that change nothing."""
    hidden_parameters: tuple[tuple[str, int], ...]
    """What it appends to the parameters of every kernel: names, and bytes."""
    ptx_versions: Mapping[int, int]
    """Of each target, the lowest version of PTX that has it, so that old drivers can compile it."""
    language: frozenset[str]
    """What kernels can use here and in no other supported version, as messages name it."""

    def has_option(self, name: str) -> bool:
        """Whether an option that some supported version has is one of this version's."""
        return name in self.options or not any(name in row.options for row in SUPPORTED)


_SCRATCH = (("the global scratch pointer", 8), ("the profile scratch pointer", 8))
_PTX_VERSIONS = {
    **{75: 63, 80: 70, 86: 71, 87: 74, 89: 78, 90: 80},
    **{100: 86, 103: 88, 110: 90, 120: 87, 121: 88},
}

SUPPORTED = (
    TritonVersion(
        version="3.9.0",
        options={"clc": False, "sched4reg": False, "fpsan_homomorphic_casts": False},
        hidden_parameters=_SCRATCH,
        ptx_versions=_PTX_VERSIONS,
        language=frozenset(
            (
                *(f"triton.language.atomic_{what}" for what in ("load", "poll", "store")),
                *("the argument `approx` of `fdiv`", "a chain of comparisons"),
                "a keyword-only parameter",
            )
        ),
    ),
    TritonVersion(
        version="3.8.0",
        options={},
        hidden_parameters=_SCRATCH,
        ptx_versions=_PTX_VERSIONS,
        language=frozenset(
            (
                *("triton.language.make_block_ptr", "triton.language.advance"),
                *(f"the argument `boundary_check` of `{name}`" for name in ("load", "store")),
                "the argument `padding_option` of `load`",
            )
        ),
    ),
)
"""The version that a plain installation brings comes first."""

# How a version of Triton says that it lacks something, and what that is.
_LACKING = (
    (r"module '(triton[\w.]*)' has no attribute '(\w+)'", "{0}.{1}"),
    (r"(\w+)\(\) got an unexpected keyword argument '(\w+)'", "the argument `{1}` of `{0}`"),
    (r"Block pointers have been removed", "triton.language.make_block_ptr"),
    (r"simultaneous multiple comparison is not supported", "a chain of comparisons"),
)


@functools.cache
def current() -> TritonVersion:
    """The row of the Triton that is installed.

    Raises `CodegenError` where it is not supported, `ModuleNotFoundError` where there is none.
    """
    import importlib.metadata  # takes longer than a run without changes may

    return supported(importlib.metadata.version("triton"))


def supported(version: str) -> TritonVersion:
    """The row of a version. Raises `CodegenError` where there is none."""
    for row in SUPPORTED:
        if row.version == version:
            return row
    first, *others = (row.version for row in SUPPORTED)
    raise CodegenError(
        f"Triton {version} is not supported: each version has launch rules of its own, and those "
        f"of {' and '.join((first, *others))} are known",
        hint=f"install triton=={first} (or {', '.join(others)}) for the generator: your program "
        f"can keep its own Triton ({_DOCS})",
    )


def lacking(text: str) -> tuple[str, str] | None:
    """What a kernel uses that this version lacks, by the version's own words, and a hint."""
    for pattern, name in _LACKING:
        if match := re.search(pattern, text):
            return missing(name.format(*match.groups()))
    return None


def missing(what: str) -> tuple[str, str]:
    """A sentence and a hint for what a kernel uses, where this version lacks it."""
    version = current().version
    homes = [row.version for row in SUPPORTED if what in (*row.language, *_options(row))]
    hint = f"write the kernel for Triton {version}"
    if homes:
        hint += f", or generate with Triton {homes[0]}, which has it ({_DOCS})"
    return f"{what} is not in Triton {version}", hint


def missing_option(name: str) -> tuple[str, str] | None:
    """A sentence and a hint for an option, where this version lacks it."""
    return None if current().has_option(name) else missing(_OPTION.format(name))


_OPTION = "the option `{}`"


def _options(row: TritonVersion) -> list[str]:
    return [_OPTION.format(name) for name in row.options]
