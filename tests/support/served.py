"""A generated package for the kernels of `tests/kernels/served.py`, which a program launches."""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from triton.runtime.jit import JITFunction

from tests.kernels import served as kernels_of_program
from tritonbind.serve import Program, serve, stop

from . import jit_on_standin, standin
from .launches import Launch
from .sample import generate_once

PACKAGE = "served_package"

_PYPROJECT = f"""\
[tool.codegen]
output = "{PACKAGE}"
targets = ["sm_90"]
"""
_KERNELS = '''\
"""Kernels of a program, each for some launches."""

from codegen.export import export
from tests.kernels import served

POINTER, INT = "*fp32:16", {"n": "i32:16"}
OPTIONS = {"num_warps": 4, "num_stages": 3}


def rows(*more, names=("x", "out"), **fixed):
    """A launch for each of `more`, which is (constexprs, other arguments, options)."""
    pointers = dict.fromkeys(names, POINTER)
    return [
        {
            "arguments": pointers | INT | fixed | {k: {"constexpr": v} for k, v in given.items()},
            "options": OPTIONS | options,
        }
        for given, options in more
    ]


def blocks(*sizes, **given):
    return [({**given, "BLOCK": size}, {}) for size in sizes]


export("program.add", grid="explicit", launches=rows(*blocks(64, 128), names=("x", "y", "out")))(
    served.add
)
export(
    "program.scaled",
    grid="explicit",
    launches=[
        row
        for bias in (POINTER, None)
        for mode in ("plain", "square")
        for negate in (True, False)
        for row in rows(*blocks(64, MODE=mode, NEGATE=negate), bias=bias, factor="fp32")
    ],
)(served.scaled)
export(
    "program.tuned",
    grid="explicit",
    launches=[
        row
        for flip in (True, False)
        for full in (True, False)
        for row in rows(*blocks(64, 128, FLIP=flip, FULL=full))
    ],
)(served.tuned.fn.fn)
export(
    "program.filled",
    grid="explicit",
    launches=rows(*blocks(64, 128, WIDE=True), *blocks(64, 128, WIDE=False)),
)(served.filled.fn)
export(
    "program.mixed",
    grid="explicit",
    launches=[
        {
            "arguments": {
                "x": f"*{dtype}:16",
                "out": POINTER,
                "sizes": ["i32:16", ["i64", None]],
                "flag": "i1",
                "APPLY": {"constexpr": {"function": "tests.kernels.served:twice"}},
                "TO": {"constexpr": {"dtype": "fp32"}},
                "OUT": {"constexpr": {"dtype": to}},
            },
            "options": {"num_warps": warps, "num_stages": 3},
        }
        for dtype in ("fp16", "bf16")
        for to in ("fp32", "fp16")
        for warps in (2, 8)
    ],
)(served.mixed)
export(
    "program.copied",
    grid="explicit",
    launches=[
        {
            "arguments": {
                "source": f"tensordesc<fp32[{rows}, 16]>",
                "out": POINTER,
                "ROWS": {"constexpr": rows},
            },
            "options": OPTIONS,
        }
        for rows in (16,)
    ],
)(served.copied)
'''


@dataclass(frozen=True)
class Served:
    """The package, and what a test may do with the program."""

    package: Path

    def serve(self, strict: bool = True, **changes: dict[str, Any]) -> Program:
        """Serve, with changes of the manifest's entries by kernel; no compiler is left."""
        describe(self.package, changes)
        return serve(PACKAGE, strict=strict)


@contextlib.contextmanager
def fresh_kernels() -> Iterator[None]:
    """The kernels as if nobody had launched them, before and after."""
    kernels = [one for one in vars(kernels_of_program).values() if hasattr(one, "run")]
    try:
        yield
    finally:
        stop()
        jit_on_standin.forget(*kernels)


@contextlib.contextmanager
def without_compiler() -> Iterator[None]:
    """Whoever compiles fails."""
    refusal = AssertionError("a kernel is compiled")
    with (
        mock.patch("triton.compiler.compile", side_effect=refusal),
        mock.patch.object(JITFunction, "_do_compile", side_effect=refusal),
    ):
        yield


def same_launches(program: Served, launch: Callable[[], Any]) -> list[Launch]:
    """What the JIT launches, which the package must launch, too."""
    with fresh_kernels():
        launch()
    expected = standin.launches()
    standin.reset()
    program.serve()
    with without_compiler():
        launch()
    found = standin.launches()
    assert [_essence(one) for one in found] == [_essence(one) for one in expected]
    return found


def _essence(launch: Launch) -> tuple[Any, ...]:
    shape = launch.grid, launch.block, launch.shared_bytes
    return launch.kernel, *shape, launch.stream, launch.context, launch.parameters


def generate(shared: Path) -> Path:
    """The package, made by the first process that asks for it."""
    return generate_once(shared, "served", PACKAGE, _fill)


def describe(package: Path, changes: Mapping[str, dict[str, Any]]) -> None:
    """Change the entries of functions in the package's manifest, which is as generated else."""
    manifest, generated = package / "MANIFEST.json", package / "GENERATED.json"
    if not generated.exists():
        shutil.copy(manifest, generated)
    document = json.loads(generated.read_bytes())
    for name, entry in changes.items():
        document["functions"][f"program.{name}"] |= entry
    manifest.write_text(json.dumps(document, indent=1), encoding="utf-8")


def _fill(project: Path) -> None:
    project.mkdir(exist_ok=True)
    (project / "pyproject.toml").write_text(_PYPROJECT)
    (project / "kernels").mkdir(exist_ok=True)
    (project / "kernels" / "program.py").write_text(_KERNELS)
