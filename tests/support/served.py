"""A generated package for the kernels of `tests/kernels/served.py`, which a program launches."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from triton.runtime.jit import JITFunction

from tests.kernels import served as kernels_of_program
from tritonbind.kernel_identity import identity_of
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
"""Kernels of a program."""

from codegen.export import export
from tests.kernels import served

export(
    "program.add",
    types={"x": "*fp32", "y": "*fp32", "out": "*fp32", "n": "i32"},
    constexprs={"BLOCK": [64, 128]},
    grid="explicit",
)(served.add)
export(
    "program.scaled",
    types={"x": "*fp32", "bias": "*fp32 | None", "out": "*fp32", "n": "i32", "factor": "fp32"},
    constexprs={"MODE": ["plain", "square"], "NEGATE": [True, False], "BLOCK": 64},
    grid="explicit",
)(served.scaled)
export(
    "program.tuned",
    types={"x": "*fp32", "out": "*fp32", "n": "i32"},
    constexprs={"FLIP": [True, False], "FULL": [True, False], "BLOCK": [64, 128]},
    grid="explicit",
)(served.tuned.fn.fn)
export(
    "program.filled",
    types={"x": "*fp32", "out": "*fp32", "n": "i32"},
    constexprs={"WIDE": [True, False], "BLOCK": [64, 128]},
    grid="explicit",
)(served.filled.fn)
'''
_GRID = [{"name": name, "kind": "grid"} for name in ("gx", "gy", "gz")]


def _pointers(*names: str) -> list[dict[str, Any]]:
    return [{"name": one, "kind": "pointer", "types": ["*fp32"]} for one in names]


_SERVED: dict[str, dict[str, Any]] = {
    "add": {
        "arguments": [
            *_pointers("x", "y", "out"),
            {"name": "n", "kind": "scalar", "types": ["i32"]},
            {"name": "BLOCK", "kind": "constexpr", "values": [64, 128]},
            *_GRID,
        ],
        "compiled_in": {},
    },
    "scaled": {
        "arguments": [
            *_pointers("x", "bias", "out"),
            {"name": "n", "kind": "scalar", "types": ["i32"]},
            {"name": "factor", "kind": "scalar", "types": ["fp32"]},
            {"name": "MODE", "kind": "constexpr", "values": ["plain", "square"]},
            {"name": "NEGATE", "kind": "constexpr", "values": [True, False]},
            *_GRID,
        ],
        "compiled_in": {"BLOCK": {"constexpr": 64}, "num_stages": {"option": 3}},
    },
    "tuned": {
        "arguments": [
            *_pointers("x", "out"),
            {"name": "n", "kind": "scalar", "types": ["i32"]},
            {"name": "FLIP", "kind": "constexpr", "values": [True, False]},
            {"name": "FULL", "kind": "constexpr", "values": [True, False]},
            {"name": "BLOCK", "kind": "constexpr", "values": [64, 128]},
            *_GRID,
        ],
        "compiled_in": {},
    },
    "filled": {
        "arguments": [
            *_pointers("x", "out"),
            {"name": "n", "kind": "scalar", "types": ["i32"]},
            {"name": "WIDE", "kind": "constexpr", "values": [True, False]},
            {"name": "BLOCK", "kind": "constexpr", "values": [64, 128]},
            *_GRID,
        ],
        "compiled_in": {},
    },
}


@dataclass(frozen=True)
class Served:
    """The package, and what a test may do with the program."""

    package: Path

    def serve(self, strict: bool = True, **changes: dict[str, Any]) -> Program:
        """Serve, with changes of the manifest's entries by kernel; no compiler is left."""
        describe(self.package, **changes)
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


def describe(package: Path, **changes: dict[str, Any]) -> None:
    """Say in the package's manifest of what kernels its functions are; `changes` by kernel."""
    manifest = package / "MANIFEST.json"
    document = json.loads(manifest.read_bytes())
    for name, entry in _SERVED.items():
        identity = identity_of(jit_on_standin.innermost(getattr(kernels_of_program, name)))
        document["functions"][f"program.{name}"] |= {
            "kernel_identity": vars(identity),
            "python": {"module": "program", "name": name},
            **entry,
            **changes.get(name, {}),
        }
    manifest.write_text(json.dumps(document, indent=1), encoding="utf-8")


def _fill(project: Path) -> None:
    project.mkdir(exist_ok=True)
    (project / "pyproject.toml").write_text(_PYPROJECT)
    (project / "kernels").mkdir(exist_ok=True)
    (project / "kernels" / "program.py").write_text(_KERNELS)
