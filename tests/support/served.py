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
from .generated_once import generate_once
from .launches import Launch

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


def row(options={}, constexprs={}, **arguments):
    return {
        "arguments": arguments | {name: {"constexpr": value} for name, value in constexprs.items()},
        "options": {"num_warps": 4, "num_stages": 3} | options,
    }


def serve(name, kernel, rows):
    export(f"program.{name}", grid="explicit", launches=rows)(kernel)


pointers = {"x": "*fp32", "out": "*fp32", "n": "i32"}
serve(
    "add",
    served.add,
    [
        row(x="*fp32:16", y="*fp32:16", out="*fp32:16", n="i32:16", constexprs={"BLOCK": block})
        for block in (64, 128)
    ],
)
serve(
    "scaled",
    served.scaled,
    [
        row(**pointers, bias=bias, factor="fp32", constexprs={"BLOCK": 64, **constexprs})
        for bias, constexprs in (
            ("*fp32", {"MODE": "plain", "NEGATE": False}),
            (None, {"MODE": "plain", "NEGATE": False}),
            (None, {"MODE": "square", "NEGATE": True}),
        )
    ],
)
serve(
    "tuned",
    served.tuned.fn.fn,
    [
        row(**pointers, constexprs={"FLIP": flip, "FULL": full, "BLOCK": block})
        for flip, full, block in (
            (False, False, 64),
            (False, False, 128),
            (True, False, 64),
            (False, True, 64),
        )
    ],
)
serve(
    "filled",
    served.filled.fn,
    [row(**pointers, constexprs={"WIDE": block > 64, "BLOCK": block}) for block in (64, 128)],
)
function, dtype = {"function": "tests.kernels.served:twice"}, {"dtype": "fp32"}
serve(
    "mixed",
    served.mixed,
    [
        row(
            {"num_warps": warps},
            x=x,
            out="*fp32",
            sizes=["i32", ["i64", None]],
            flag="i1",
            constexprs={"APPLY": function, "TO": dtype, "OUT": {"dtype": out}},
        )
        for x, out, warps in (
            ("*fp16", "fp32", 2),
            ("*bf16", "fp32", 2),
            ("*fp16", "fp16", 2),
            ("*fp16", "fp32", 8),
        )
    ],
)
serve(
    "flagged",
    served.flagged,
    [
        row(**pointers, constexprs={"FLAG": flag, "SIZE": size, "NEGATE": True, "BLOCK": 64})
        for flag, size in ((1, 2), (True, 3), (0, 2))
    ],
)
for name, factor in (("either", "fp32"), ("either_2", "i32")):
    serve(name, served.either, [row(**pointers, factor=factor, constexprs={"BLOCK": 64})])
serve(
    "copied",
    served.copied,
    [row(source="tensordesc<fp32[16, 16]>", out="*fp32", constexprs={"ROWS": 16})],
)
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
