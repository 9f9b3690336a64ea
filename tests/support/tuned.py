"""A package of autotuned kernels with all configurations, recordings of them, and times."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from tritonbind import recording_file
from tritonbind.recording import Example, Kernel, Launch
from tritonbind.serve import packages
from tritonbind.tune.functions import Function, functions_of

from . import recordings, standin
from .generated_once import generate_once
from .launches import image_hash
from .places import REPOSITORY, TESTS

PACKAGE = "tuned_package"
_PYPROJECT = f"""\
[tool.codegen]
output = "{PACKAGE}"
targets = ["sm_90"]
"""
Times = Mapping[int, tuple[float, float] | int]
"""For each configuration microseconds, and microseconds for each block of the grid; or the error
that it makes."""

F32 = ("torch.float32", "torch.float32")
ON = "measured on Stand-in, CUDA 13.0"
ELSE = [
    "tests.gather: left out: kernels.tuning:gather is not in the recording",
    "tests.negate: left out: kernels.tuning:negate is not in the recording",
]
CROSSING: Times = {0: (10, 10), 1: (30, 5), 2: (80, 2.5), 3: (300, 1)}
"""Small blocks are best for small sizes: 0 to 64, 1 to 640, 2 to 21120, and 3 beyond."""


@dataclass(frozen=True)
class Ended:
    """A command that has ended."""

    code: int
    said: list[str]


@dataclass(frozen=True)
class Tuned:
    """The package."""

    package: Path

    @cached_property
    def functions(self) -> dict[str, Function]:
        found = functions_of(packages.find(str(self.package)))
        return {one.name.removeprefix("tests."): one for one in found}

    def kernel(self, name: str, *launches: Launch, **changes: Any) -> Kernel:
        """A kernel as a program's recording has it."""
        identity = self.functions[name].identity
        parameters = tuple(launches[0].arguments) if launches else ()
        given = {"digest": identity.digest, "parameters": parameters, "launches": launches}
        return recordings.kernel(identity.name, **{**given, **changes})

    def scaled(self, *sizes: int, flip: bool = False, **arguments: object) -> Kernel:
        """`scale` as it was launched for these sizes."""
        given = {"x": "*fp32:16", "bias": None, "out": "*fp32:16", "n": "i32"}
        return self.kernel("scale", scale_launch(*sizes, flip=flip, **{**given, **arguments}))

    def times(self, file: Path, **of: Times) -> Path:
        """A file for the stand-in, of the times of some functions' configurations."""
        lines = []
        for name, times in of.items():
            for number, time in times.items():
                for image in self.functions[name].images[number]:
                    hash_ = image_hash((self.package / image).read_bytes())
                    if isinstance(time, int):
                        lines.append(f"{hash_} fails {time}\n")
                    else:
                        lines.append(f"{hash_} {1000 * time[0]} {1000 * time[1]}\n")
        file.write_text("".join(lines))
        return file

    def tune(
        self,
        folder: Path,
        kernels: Sequence[Kernel],
        *options: str,
        between: bool = False,
        **configuration: Any,
    ) -> Ended:
        """Run the command in a folder, with `best.json` for the table.

        Args:
            between: whether sizes between those of the recording are measured, too.
        """
        if not between:
            options = ("--only-recorded", *options)
        if not any(option == "-o" for option in options):
            options = ("-o", "best.json", *options)
        recording_file.write(recordings.recording(*kernels), folder / "recording.json")
        command = [sys.executable, "-m", "tritonbind", "tune", "recording.json"]
        done = subprocess.run(
            [*command, "-p", str(self.package), *options],
            env={**standin.environment(**configuration), "PYTHONPATH": str(REPOSITORY)},
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=120,
        )
        lines = [line.removeprefix("tritonbind: ") for line in done.stderr.splitlines()]
        return Ended(done.returncode, lines)


def scale_launch(*sizes: int, flip: bool = False, **arguments: object) -> Launch:
    examples = tuple(
        Example({"n": n}, {"x": (n,), "out": (n,)}, (-(-n // 64), 1, 1)) for n in sizes
    )
    constexprs = {"FLIP": {"constexpr": flip}, "BLOCK": {"constexpr": 64}}
    return recordings.launch(arguments={**arguments, **constexprs}, examples=examples)


def gather_launch(
    rows: int, shape: tuple[int, ...], stride: int, **shapes: tuple[int, ...]
) -> Launch:
    """`gather` as it was launched. Shapes of the other tensors may be given."""
    shapes = {"x": shape, "index": (rows,), "out": (rows, 16), **shapes}
    arguments = {"x": "*bf16:16", "index": "*i64:16", "out": "*bf16:16", "n": "i32"}
    return recordings.launch(
        arguments={**arguments, "stride": "i32", "BLOCK": {"constexpr": 16}},
        examples=(Example({"n": rows, "stride": stride}, shapes, (rows, 1, 1)),),
    )


def table(folder: Path, name: str = "best.json") -> dict[Any, Any]:
    """The block size for each key that a table has."""
    rows = json.loads((folder / name).read_text())["rows"]
    return {tuple(row["key"]): row["config"]["BLOCK"] for row in rows}


def read_measured(folder: Path, name: str = "best.json.measured") -> Any:
    return json.loads((folder / name).read_text())


def generate(shared: Path) -> Tuned:
    """The package, made by the first process that asks for it."""
    return Tuned(generate_once(shared, "tuning", PACKAGE, _fill))


def _fill(project: Path) -> None:
    (project / "kernels").mkdir(parents=True, exist_ok=True)
    (project / "pyproject.toml").write_text(_PYPROJECT)
    shutil.copy(TESTS / "kernels" / "tuning.py", project / "kernels" / "tuning.py")
