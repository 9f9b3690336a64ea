"""Serving: launches of a program's Triton kernels go to a generated package, with no compiler.

`serve` puts itself before the `run` of Triton's classes. The first launch of a kernel looks for its
digest in the packages; then the kernel itself has a `run` that calls the package's function. A
launch that a package does not have goes to Triton's JIT, and is said.
"""

from __future__ import annotations

from tritonbind.serve.misses import NotServedError
from tritonbind.serve.program import Program, serve, stop

__all__ = ["NotServedError", "Program", "serve", "stop"]
