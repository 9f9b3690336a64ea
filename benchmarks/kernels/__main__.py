"""Generates the wrappers of the kernels that are measured: `python -m benchmarks.kernels`.

The package, `built/launch_wrappers`, is for a machine with a GPU of compute capability 9.0 that
need not have Triton 3.9. It is not committed.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from codegen.cli import main

FOLDER = Path(__file__).resolve().parent
PYPROJECT = """\
[tool.codegen]
output = "launch_wrappers"
targets = ["sm_90"]
"""

if __name__ == "__main__":
    built = FOLDER / "built"
    (built / "kernels").mkdir(parents=True, exist_ok=True)
    (built / "pyproject.toml").write_text(PYPROJECT)
    shutil.copy(FOLDER / "launches.py", built / "kernels")
    sys.exit(main(["--project", str(built), "regenerate", *sys.argv[1:]]))
