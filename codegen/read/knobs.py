"""Triton's own settings (`triton.knobs`, `TRITON_*`), and what kernel files change of them."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from typing import Any

from triton import knobs

from codegen.model.errors import CodegenError, SourceLocation

DECIDING: Mapping[str, tuple[str, ...]] = {
    "runtime": ("debug", "override_arch", "add_stages_inspection_hook"),
    "compilation": (
        *("override", "enable_asan", "instrumentation_mode", "fpsan_homomorphic_casts"),
        *("disable_line_info", "dump_ir_extract_di_local_variables", "use_ir_loc"),
    ),
    "language": ("fp32_default", "default_fp_fusion", "force_disable_fp_fusion"),
    "nvidia": (
        *("ptxas", "ptxas_blackwell", "ptxas_options", "disable_ptxas_opt"),
        *("mock_ptx_version", "libdevice_path"),
    ),
}
"""What decides what a launch compiles to, for all kernels of a process."""
_READ_ONCE = {
    "debug": knobs.env_bool("TRITON_DEBUG"),
    "instrumentation_mode": knobs.env_str("TRITON_INSTRUMENTATION_MODE", ""),
}
"""What Triton asks the environment for as it is imported, which here is before any kernel file."""
_OURS = "disable_line_info"
"""What the generator sets, for all kernels: put back without a word."""
_TOOLS = ("ptxas", "ptxas_blackwell")
_INSTEAD = {
    "debug": "say it in the declaration: debug=True",
    "fp32_default": 'say it in the declaration, as in default_dot_input_precision="ieee"',
    "default_fp_fusion": "say it in the declaration: enable_fp_fusion=False",
    "force_disable_fp_fusion": "say it in the declaration: enable_fp_fusion=False",
}


@contextlib.contextmanager
def unchanged(path: str) -> Iterator[None]:
    """Refuse what the file changes meanwhile: for its own kernels it would be dropped, or kept for
    those of other files that the same process compiles."""
    before = {where: (_said(*where), _stored(*where)) for where in _all()}
    yield
    changed = [where for where, (said, _) in before.items() if _said(*where) != said]
    for where in changed:
        _put_back(*where, before[where][1])
    for group, name in [where for where in changed if where[1] != _OURS][:1]:
        raise CodegenError(
            f"the import of the kernel file sets triton.knobs.{group}.{name}, which holds for all "
            "kernels of a process, and is not followed",
            where=SourceLocation(path, 1),
            hint=_INSTEAD.get(name, "leave it as it is"),
        )


def _all() -> list[tuple[str, str]]:
    """Those that this version of Triton has."""
    pairs = [(group, name) for group, names in DECIDING.items() for name in names]
    return [(group, name) for group, name in pairs if name in vars(type(getattr(knobs, group)))]


def _said(group: str, name: str) -> object:
    """What it is, or will be where Triton is imported later than it is set."""
    if name in _TOOLS:  # to ask for its value runs it
        return _stored(group, name)
    once = _READ_ONCE.get(name)
    return getattr(getattr(knobs, group), name), once and once.get()


def _stored(group: str, name: str) -> tuple[Any, str, str | None]:
    """Its value in Python, its variable, and what that holds."""
    place = getattr(knobs, group)
    described = _READ_ONCE.get(name) or vars(type(place)).get(name)
    variable = getattr(described, "key", "")
    return vars(place).get(name, _ABSENT), variable, os.environ.get(variable)


_ABSENT = object()


def _put_back(group: str, name: str, stored: tuple[Any, str, str | None]) -> None:
    value, variable, text = stored
    place = vars(getattr(knobs, group))
    place.pop(name, None)
    if value is not _ABSENT:
        place[name] = value
    if variable:
        os.environ.pop(variable, None)
    if text is not None:
        os.environ[variable] = text
