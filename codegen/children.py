"""What every child process of the generator is started with, and what is said when one fails."""

from __future__ import annotations

import os
import re
import signal

_SCRUBBED = (
    *("TRITON_", "PTXAS_", "NVPTX_", "LLVM_", "MLIR_", "DISABLE_", "USE_IR_LOC", "ALLOW_LHS_"),
    *("PYTHONOPTIMIZE", "PYTHONWARNINGS", "PYTHONINSPECT"),
)
SETTINGS = {
    "PYTHONHASHSEED": "0",
    "PYTHONUTF8": "1",
    "TRITON_ALWAYS_COMPILE": "1",
    # Line info holds absolute paths.
    "TRITON_DISABLE_LINE_INFO": "1",
}
_LOG_LINES = 8


def excerpt(log: str) -> str:
    """What a failed compiler's output says of the failure, as indented lines."""
    lines = list(dict.fromkeys(line.rstrip() for line in log.splitlines() if line.strip()))
    telling = [line for line in lines if re.search(r"\b(error|fatal|assert\w*)\b", line, re.I)]
    return "".join(f"\n    {line}" for line in telling[:_LOG_LINES] or lines[-_LOG_LINES:])


def fate(status: int) -> str:
    """How a process ended, in words."""
    return f"exit status {status}" if status >= 0 else signal.Signals(-status).name


def environment(directory: str) -> dict[str, str]:
    """A child's environment: without the settings of Triton, and with a directory of its own."""
    kept = {name: v for name, v in os.environ.items() if not name.startswith(_SCRUBBED)}
    return {**kept, **SETTINGS, "TMPDIR": directory, "TRITON_CACHE_DIR": directory}
