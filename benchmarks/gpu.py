"""Everything that only a GPU can show, in one command: `python -m benchmarks.gpu [--out FOLDER]`.

Builds the committed library with the machine's C compiler, runs the tests marked `gpu`, measures,
and writes `launches.md` and `launches.svg` into the folder, docs/ by default. Needs torch, CuPy,
numpy, pytest and apache-tvm-ffi, and benchmarks/kernels/built, which `python -m benchmarks.kernels`
makes where Triton 3.9 is. Triton, cuda.core and g++ are for peers; those that are not there are not
measured. `--only-times` leaves the tests out.
"""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.command_line import parser_of, wrapped
from benchmarks.host_time import FLOOR, JIT, host_times
from benchmarks.plot import svg, table
from generated import _library

SITE = Path(__file__).resolve().parent / "kernels" / "built" / "site"
"""Packages of peers that were brought along: `pip install --target`."""
TESTS = ("tests/gpu/test_committed.py", "tests/gpu/test_fused.py")


def main() -> int:
    parser = parser_of("gpu", __doc__)
    parser.add_argument("--out", type=Path, default=Path("docs"), help="default: docs")
    parser.add_argument("--only-times", action="store_true", help="leave the tests out")
    options = parser.parse_args()
    import torch

    sys.path.append(str(SITE))
    start = time.perf_counter()
    library = _library.build()
    print(f"library built in {time.perf_counter() - start:.1f} s: {library.name}")
    tested = 0
    if not options.only_times:
        tests = [sys.executable, "-m", "pytest", "-q", "-m", "gpu", "-s", *TESTS]
        tested = subprocess.run(tests, check=False).returncode
    times = host_times()
    peers = {"the floor": FLOOR, "the JIT": JIT}
    text = wrapped(f"{machine()}.\n\n{table(times, peers)}")
    print(f"\n{text}")
    for reason in times.missing:
        print(f"not measured: {reason}", file=sys.stderr)
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "launches.md").write_text(text)
    picture = svg(times, f"Host time per launch in microseconds, {torch.cuda.get_device_name()}")
    (options.out / "launches.svg").write_text(picture)
    return tested


def machine() -> str:
    """When, where and with what this runs, in one line."""
    import torch

    driver = subprocess.run(
        ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"],
        capture_output=True,
        text=True,
        check=False,
    ).stdout.split()
    names = ("torch", "triton", "apache-tvm-ffi", "cupy-cuda12x", "cupy-cuda13x", "cuda-core")
    versions = ", ".join(f"{name} {version}" for name in names if (version := _version(name)))
    gpu = torch.cuda.get_device_name()
    python = sys.version.partition(" ")[0]
    return f"{time.strftime('%Y-%m-%d')}, {gpu}, driver {driver[0]}, Python {python}, {versions}"


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return ""


if __name__ == "__main__":
    sys.exit(main())
