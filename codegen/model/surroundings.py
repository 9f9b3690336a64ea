"""What every child process is started with, and what is said when one fails."""

from __future__ import annotations

import os
import re
import signal
from dataclasses import dataclass

PASSED = frozenset(
    (
        # Where programs, packages, homes and caches are.
        *("PATH", "HOME", "USER", "LOGNAME", "VIRTUAL_ENV", "CONDA_PREFIX"),
        *("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"),
        # What Python itself needs to find its modules, and how it keeps them.
        *("PYTHONPATH", "PYTHONHOME", "PYTHONPLATLIBDIR", "PYTHONUSERBASE", "PYTHONNOUSERSITE"),
        *("PYTHONSAFEPATH", "PYTHONPYCACHEPREFIX", "PYTHONDONTWRITEBYTECODE", "PYTHONMALLOC"),
        # How the network is reached, by packages that fetch what they import.
        *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"),
        *("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"),
        # How the loader and the C library work.
        *("GLIBC_TUNABLES", "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS"),
    )
)
"""The variables of the environment that kernel files see without a word in pyproject.toml; those
of the loader, `LD_*`, are some too. None of them is to decide what is generated."""
SETTINGS = {
    "PYTHONHASHSEED": "0",
    "PYTHONUTF8": "1",
    "TRITON_ALWAYS_COMPILE": "1",
    # Line info holds absolute paths.
    "TRITON_DISABLE_LINE_INFO": "1",
}
FIXED = frozenset((*SETTINGS, "TMPDIR", "TRITON_CACHE_DIR"))
"""What no project can set: the generator does."""
_DEFAULTS = {"LC_ALL": "C.UTF-8", "TZ": "UTC0"}
UMASK = 0o022
_LOG_LINES = 8


def is_seen(name: str) -> bool:
    """Whether kernel files see the variable without a word, or a value of the generator's."""
    return name in PASSED or name in FIXED or name in _DEFAULTS or name.startswith("LD_")


@dataclass(frozen=True)
class Surroundings:
    """What a process that imports kernel files finds around it, besides this machine."""

    folder: str | None = None
    """The current one: the project's, wherever the command runs. None: as here."""
    listed: tuple[tuple[str, str | None], ...] = ()
    """What the project lets through of the environment; None: it is not set."""

    def environment(self, directory: str) -> dict[str, str]:
        """That of a process; the directory is its own, for whatever it writes."""
        kept = {n: v for n, v in os.environ.items() if is_seen(n)}
        values = {**kept, **_DEFAULTS}
        for name, value in self.listed:
            values.pop(name, None)
            if value is not None:
                values[name] = value
        own = {"TMPDIR": directory, "TRITON_CACHE_DIR": directory}
        return {**values, **SETTINGS, **own}


class Died(Exception):
    """A child process ended without an answer."""

    def __init__(self, fate: str, log: str) -> None:
        super().__init__(fate)
        self.fate = fate
        self.log = log
        """What it had printed."""


def excerpt(log: str) -> str:
    """What a failed compiler's output says of the failure, as indented lines."""
    lines = list(dict.fromkeys(line.rstrip() for line in log.splitlines() if line.strip()))
    telling = [line for line in lines if re.search(r"\b(error|fatal|assert\w*)\b", line, re.I)]
    return "".join(f"\n    {line}" for line in telling[:_LOG_LINES] or lines[-_LOG_LINES:])


def fate(status: int) -> str:
    """How a process ended, in words."""
    if status >= 0:
        return f"exit status {status}"
    try:
        return signal.Signals(-status).name
    except ValueError:  # one of the real-time signals
        return f"signal {-status}"
