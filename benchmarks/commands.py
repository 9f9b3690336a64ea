"""Commands, with the time that they take on the clock and on all processors, and their memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Cost:
    """What a command took."""

    wall: float
    """Seconds."""
    cpu: float
    """Seconds of processors, those of its children too."""
    memory: int
    """Bytes that the largest of its processes had."""
    output: str = ""


def python(*arguments: str) -> Cost:
    """Run this Python in the repository; bytecode of modules is kept, as it is by default."""
    return run([sys.executable, *arguments])


def run(command: Sequence[str | Path], folder: Path = ROOT) -> Cost:
    """Raises `RuntimeError` when it fails."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    with tempfile.NamedTemporaryFile() as figures:
        done = subprocess.run(
            [sys.executable, "-S", "-c", _LAUNCHER, figures.name, *map(str, command)],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{command} failed:\n{done.stdout}")
        wall, cpu, memory = json.load(figures)
    return Cost(wall, cpu, memory, done.stdout)


# A process counts the memory of the one that started it, so a small one does.
_LAUNCHER = """
import json, resource, subprocess, sys, time
start = time.perf_counter()
status = subprocess.run(sys.argv[2:]).returncode
wall = time.perf_counter() - start
used = resource.getrusage(resource.RUSAGE_CHILDREN)
with open(sys.argv[1], "w") as file:
    json.dump([wall, used.ru_utime + used.ru_stime, used.ru_maxrss << 10], file)
sys.exit(status)
"""


def least(measure: Callable[[], Cost], rounds: int) -> Cost:
    """That of the round which took the least time."""
    return min((measure() for _ in range(rounds)), key=lambda cost: cost.wall)
