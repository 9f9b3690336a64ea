"""Generates the kernels that show what launches can do: `python -m tests.gpu_features`.

The package and its library's sources, `built/feature_wrappers`, are for tests/gpu/test_features.py
on a machine that has a GPU of compute capability 9.0 and need not have Triton 3.9. They are not
committed.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from codegen.cli import main

TESTS = Path(__file__).resolve().parent.parent
BUILT = Path(__file__).resolve().parent / "built"
PYPROJECT = """\
[tool.codegen]
output = "feature_wrappers"
targets = ["sm_80", "sm_90", "sm_100", "compute_80"]
"""
KERNELS = (
    "kernels/launch_features.py",
    "kernels/descriptors.py",
    "kernels/tuples.py",
    "kernels/reports.py",
    "sample/kernels/scalars.py",
    "sample/kernels/choices.py",
    "sample/kernels/tuned.py",
)

if __name__ == "__main__":
    (BUILT / "kernels").mkdir(parents=True, exist_ok=True)
    (BUILT / "pyproject.toml").write_text(PYPROJECT)
    for file in KERNELS:
        shutil.copy(TESTS / file, BUILT / "kernels")
    sys.exit(main(["--project", str(BUILT), "regenerate", *sys.argv[1:]]))
