"""Where things are in the repository, for all tests."""

from __future__ import annotations

from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
RUNTIME = REPOSITORY / "templates/runtime"
"""The C runtime, as it is in the repository."""
TESTS = REPOSITORY / "tests"
KERNELS = TESTS / "kernels"
"""Kernel files that tests read, copy and generate wrappers of."""
C_PROGRAMS = TESTS / "c"
BUILT_FEATURES = TESTS / "gpu_features/built"
"""What `python -m tests.gpu_features` makes."""
