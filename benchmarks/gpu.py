"""Everything that only a GPU can show, in one command: `python -m benchmarks.gpu`.

Builds the committed library with the machine's C compiler, runs the tests marked `gpu`, measures,
and prints the tables of docs/measurements.md. Needs torch, CuPy, numpy, pytest and
apache-tvm-ffi; Triton only as the peer of the measurement.
"""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys
import time

import torch

from benchmarks.host_time import host_times
from generated import _library


def main() -> int:
    start = time.perf_counter()
    library = _library.build()
    print(f"library built in {time.perf_counter() - start:.1f} s: {library.name}")
    tests = [sys.executable, "-m", "pytest", "-q", "-m", "gpu", "-s", "tests/test_gpu.py"]
    tested = subprocess.run(tests, check=False).returncode
    print(f"\n{_machine()}\n")
    times = host_times()
    floor = times["cuLaunchKernel, a loop in C"]
    jit = times["Triton JIT, kernel[grid](...)"]
    print("| solve, host time per launch | us | over the floor | over the JIT |")
    print("|---|---|---|---|")
    for name, value in times.items():
        print(f"| {name} | {value:.2f} | {value / floor:.2f} | {value / jit:.2f} |")
    return tested


def _machine() -> str:
    driver = subprocess.run(
        ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"],
        capture_output=True,
        text=True,
        check=False,
    ).stdout.split()
    versions = ", ".join(
        f"{name} {importlib.metadata.version(name)}"
        for name in ("torch", "triton", "apache-tvm-ffi")
    )
    gpu = torch.cuda.get_device_name()
    python = sys.version.partition(" ")[0]
    return f"{time.strftime('%Y-%m-%d')}, {gpu}, driver {driver[0]}, Python {python}, {versions}"


if __name__ == "__main__":
    sys.exit(main())
