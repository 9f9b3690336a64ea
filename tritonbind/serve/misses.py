"""Launches that the library does not have: said once, counted, and given to Triton's JIT."""

from __future__ import annotations

import re
import threading
from collections import Counter

from tritonbind.errors import TritonbindError
from tritonbind.serve.manifest import Function
from tritonbind.talk import say


class NotServedError(TritonbindError):
    """In strict mode: a launch that the library does not have."""


class Misses:
    """What went to the JIT, by kernel and reason."""

    def __init__(self, strict: bool) -> None:
        self.strict = strict
        self._counts: Counter[tuple[str, str]] = Counter()
        self._lock = threading.Lock()

    @property
    def counts(self) -> dict[tuple[str, str], int]:
        """How many launches, by (kernel, reason)."""
        with self._lock:
            return dict(self._counts)

    def add(self, function: Function, reason: str, remedy: str) -> None:
        """Count a launch that goes to the JIT; say so where it is the first for this reason.

        What came may differ from launch to launch, so it is no part of the reason.

        Args:
            function: that was asked for it.
            reason: why it does not have it.
            remedy: how to mend that.

        Raises:
            NotServedError: in strict mode.
        """
        kernel, kind = function.identity.name, reason.partition(", got ")[0]
        text = f"{kernel} is not served from {function.package.name} by {function.name}: {reason}"
        if self.strict:
            raise NotServedError(text, remedy)
        with self._lock:
            self._counts[kernel, kind] += 1
            is_first = self._counts[kernel, kind] == 1
        if is_first:
            say(f"{text}; Triton compiles it")

    def tell(self) -> None:
        """Say how often it happened, where it was more than once."""
        for (kernel, reason), count in sorted(self.counts.items()):
            if count > 1:
                say(f"{kernel}: {count} launches were not served: {reason}")


def remedy_of(error: Exception, reason: str) -> str:
    """What mends that a package's function has refused a launch with this error and reason."""
    if isinstance(error, TypeError) or _HAS_OTHER_LAUNCHES.search(reason):
        return RECORD
    if isinstance(error, RuntimeError):
        return _OMITTED if "MANIFEST.json says why" in reason else _TARGET
    return CHANGE


RECORD = "record such a launch, adopt the recording, and generate the package again"
CHANGE = "change what the program passes: no package takes this"
_TARGET = (
    "add the target of this GPU to `targets` of [tool.codegen], and generate the package again"
)
_OMITTED = "mend what is said there under `omitted`, and generate the package again"
_HAS_OTHER_LAUNCHES = re.compile(
    "no such launch was built|(?<!`g[xyz]` must be an i32)-range integer|must be one of"
    "|must (not )?be None|it was built for"
)
"""In the reason of a ValueError: the package has launches of another kind. Grids have one."""
