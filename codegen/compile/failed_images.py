"""The images that a kernel must have and that cannot be made, and what to say of them."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from codegen.compile.planning import Results, is_optional
from codegen.model.errors import CannotBuild, CodegenError
from codegen.model.image import Image
from codegen.model.kernel import Kernel
from codegen.read.differing import Differs


def failures_of(kernel: Kernel, results: Results) -> list[CodegenError]:
    """What ends the run: one error for the images that fail for the same reason. Where there are
    several ways to build a kernel, one may fail."""
    may_fail = is_optional(kernel)
    failures: dict[str, list[CodegenError]] = {}
    for _, result in itertools.chain.from_iterable(results):
        if isinstance(result, CodegenError) and not (may_fail and isinstance(result, CannotBuild)):
            # Of what differs, the value is another each time it is looked at.
            reason = result.what if isinstance(result, Differs) else result.reason
            failures.setdefault(reason, []).append(result)
    able = _able(results)
    return [_one_of(errors, able) for errors in failures.values()]


def _able(results: Results) -> list[str]:
    """The targets for which all variants of a kernel can be built."""
    made: dict[str, list[bool]] = {}
    for request, result in itertools.chain.from_iterable(results):
        made.setdefault(request.target.name, []).append(isinstance(result, Image))
    return [name for name, built in made.items() if all(built)]


def _one_of(errors: Sequence[CodegenError], able: Sequence[str]) -> CodegenError:
    """The first, with how many more there are, and what to do where other targets can be built."""
    first, count = errors[0], len(errors) - 1
    if able and isinstance(first, CannotBuild) and first.hint is None:
        first = first.but(
            hint=f"limit the declaration to targets={able}, or let what cannot be built be left "
            "out: optional_targets=True"
        )
    if not count:
        return first
    others = f"{count} other{'s' if count > 1 else ''} of its images"
    return first.but(reason=f"{first.reason} (and so for {others})")
