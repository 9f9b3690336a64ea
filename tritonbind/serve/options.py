"""Triton's options: what they are where a launch does not say, and what a package has."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from tritonbind.document import Json
from tritonbind.serve.manifest import Function
from tritonbind.serve.values import equal

STANDARD = ("num_warps", "num_stages", "num_ctas")
"""Those that nearly every launch may give."""

_UNSAID: dict[str, Json] = {
    "num_warps": 4,
    "num_stages": 3,
    "num_ctas": 1,
    "maxnreg": None,
    "enable_fp_fusion": True,
    "launch_pdl": False,
    "launch_cooperative_grid": False,
    "debug": False,
    "sanitize_overflow": True,
    "default_dot_input_precision": "tf32",
    "enable_reflect_ftz": True,
    "ptx_version": None,
    "sched4reg": False,
    "clc": False,
}
"""As Triton compiles for CUDA where nothing is said, in every version."""


def unsaid_options() -> dict[str, Json]:
    """What Triton takes for options that a launch does not give."""
    compiler = sys.modules.get("triton.backends.nvidia.compiler")
    options = getattr(compiler, "CUDAOptions", None)
    fields = dataclasses.fields(options) if options is not None else ()
    known = {one.name: one.default for one in fields if one.default is not dataclasses.MISSING}
    return {**known, **_UNSAID}


@dataclasses.dataclass(frozen=True)
class Options:
    """The options of a served kernel's launches."""

    built: Mapping[str, Json]
    """What is compiled into all variants: Triton's default where the package says nothing."""
    unsaid: Mapping[str, Json]
    """What Triton takes where a launch of the kernel does not say."""
    chosen: frozenset[str]
    """Those that are arguments of the package's function."""

    @classmethod
    def of(cls, function: Function, is_debugged: bool) -> Options:
        """Of a function; `is_debugged`: the kernel or the process asks for `debug`."""
        unsaid = unsaid_options()
        chosen = frozenset(one.name for one in function.arguments if one.kind == "option")
        built = {**unsaid, **function.options}
        return cls(
            {name: value for name, value in built.items() if name not in chosen},
            {**unsaid, "debug": is_debugged},
            chosen,
        )

    @cached_property
    def named(self) -> tuple[str, ...]:
        """Those that a launcher has as parameters: often given, or not what Triton would take."""
        unusual = (name for name, value in self.built.items() if value != self.unsaid[name])
        return tuple(sorted({*STANDARD, *self.chosen, *unusual}))

    def differ(self, given: Mapping[str, Any]) -> str | None:
        """The first that is not what is built. None, given for one, says nothing."""
        for name, value in given.items():
            is_built = name in self.built and (value is None or equal(value, self.built[name]))
            if not is_built and name not in self.chosen:
                return name
        return None
