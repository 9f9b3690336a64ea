"""What the C runtime has room for: TB_MOST_PARAMETERS, TB_MOST_DTYPE_AXES, 16-bit indices."""

from __future__ import annotations

from codegen.model.errors import CodegenError
from codegen.model.kernel import KernelSource

MOST_PARAMETERS, MOST_TYPE_VARIABLES, MOST_COMBINATIONS, MOST_HINT_GROUPS = 254, 8, 1 << 15, 12
MOST_FACTS = 64
"""Groups of hints that go together, of a kernel whose launches are listed: bits of a word."""
MOST_SELECTIONS = (1 << 63) - 1
"""The product of what such a kernel's calls choose from: combinations are numbers of 64 bits."""


_HINT = "split the kernel, or export it several times with fixed types"


def check_limit(kernel: KernelSource, count: int, most: int, what: str, hint: str = _HINT) -> None:
    """Raise `CodegenError` where a kernel has more of something than a function can have."""
    if count > most:
        raise CodegenError(
            f"`{kernel.name}` has {count} {what}, and a generated function can have {most}",
            hint=hint,
        )
