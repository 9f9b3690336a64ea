"""The request to compile one variant for one target: same request, same bytes.

A request holds all that a compiler is given. `compile.processes` starts the processes that
`compile.worker` runs in, and `compile.triton_compiler` compiles there.
"""

from __future__ import annotations

import hashlib
import json
import operator
from collections.abc import Callable, Sequence
from dataclasses import asdict, astuple, dataclass

from codegen.model.constexpr_values import canonical
from codegen.model.errors import CodegenError
from codegen.model.image import Compiled
from codegen.model.kernel import Variant
from codegen.model.options import Options
from codegen.model.surroundings import SETTINGS
from codegen.model.targets import Target
from codegen.model.triton_version import current

_FIXED_OPTIONS: dict[str, object] = {
    "warp_size": 32,
    "instrumentation_mode": "",
    "ptx_options": "",
}


@dataclass(frozen=True)
class CompileRequest:
    """A variant to compile for a target."""

    root: str
    """The kernels folder."""
    file: str
    """The kernel file, relative to `root`."""
    kernel: str
    """The name of the exported function."""
    variant: Variant
    target: Target
    key: str
    """`compile_key` of all that the compiler is given."""
    made_of: str = ""
    """The key of what the kernel was made of when it was read; who compiles imports it again, and
    makes sure."""

    def __str__(self) -> str:
        return f"`{self.kernel}` variant `{self.variant.label}` for {self.target.name}"


Result = Compiled | CodegenError
OnDone = Callable[[CompileRequest, Result], None]
OnProgress = Callable[[int, int, str], None]
"""Told how many of how many images are done, and which came last."""
Compile = Callable[[Sequence[CompileRequest], OnDone], list[Result]]
"""Compiles requests, and calls back after each: processes here, or a cluster's."""


def compile_key(
    source_key: str,
    variant: Variant,
    target: Target,
    triton_version: str,
    listed: Sequence[tuple[str, str | None]] = (),
) -> str:
    """Digest of everything the compiler is given: on every machine, equal keys give equal bytes.

    `listed` are the variables of the environment that the project lets through.
    Raises `CodegenError` for a constexpr that has no fixed spelling, or an unknown PTX target.
    """
    given = (
        source_key,
        triton_version,
        variant.signature,
        *((name, astuple(shape)) for name, shape in variant.tuples),
        tuple(sorted(variant.divisible)),
        astuple(target),
        tuple(sorted(triton_options(variant.options, target).items())),
        tuple(sorted(SETTINGS.items())),
        *listed,
    )
    constexprs = [
        [name, canonical(value, f"constexpr `{name}`")]
        for name, value in variant.constexprs.items()
    ]
    text = json.dumps([canonical(given), sorted(constexprs, key=operator.itemgetter(0))])
    return hashlib.sha256(text.encode()).hexdigest()


def triton_options(options: Options, target: Target) -> dict[str, object]:
    """Every option that would otherwise come from Triton's surroundings, and what was asked for."""
    triton = current()
    if target.is_ptx and target.capability not in triton.ptx_versions:
        known = ", ".join(f"compute_{capability}" for capability in triton.ptx_versions)
        raise CodegenError(f"`{target.name}` is no PTX target", hint=f"choose among {known}")
    given = {name: value for name, value in asdict(options).items() if triton.has_option(name)}
    lowest = triton.ptx_versions[target.capability] if target.is_ptx else None
    return {
        **_FIXED_OPTIONS,
        **triton.options,
        **given,
        "sanitize_overflow": options.debug and options.sanitize_overflow,
        "launch_pdl": options.launch_pdl and target.has_hopper_launches,
        "ptx_version": options.ptx_version or lowest,
    }
