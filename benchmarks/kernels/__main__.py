"""Generates the wrappers of the kernels that are measured: `python -m benchmarks.kernels`.

The package, `built/launch_wrappers`, is for a machine with a GPU of compute capability 9.0 that
need not have Triton 3.9. It is not committed. More options, as of `python -m codegen regenerate`,
are passed on to it.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from benchmarks.command_line import parser_of
from codegen.cli import main

FOLDER = Path(__file__).resolve().parent
FILES = ("launches.py", "odd_sizes.py")
PYPROJECT = """\
[tool.codegen]
output = "launch_wrappers"
targets = ["sm_90"]
"""

if __name__ == "__main__":
    _, more = parser_of("kernels", __doc__).parse_known_args()
    built = FOLDER / "built"
    (built / "kernels").mkdir(parents=True, exist_ok=True)
    (built / "pyproject.toml").write_text(PYPROJECT)
    for file in FILES:
        shutil.copy(FOLDER / file, built / "kernels")
    sys.exit(main(["--project", str(built), "regenerate", *more]))
