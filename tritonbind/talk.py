"""What is said on stderr, beside what the program says there."""

from __future__ import annotations

import sys


def say(sentence: str) -> None:
    """A line. Where stderr is closed or full, the program goes on."""
    try:
        print(f"tritonbind: {sentence}", file=sys.stderr, flush=True)
    except (OSError, ValueError, AttributeError):
        return
