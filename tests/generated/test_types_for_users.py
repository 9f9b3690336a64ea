"""What a type checker tells the users of the package and of what it generates."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.support.places import REPOSITORY

USER = """
import torch_like

from codegen.export import export
from generated import Launch, prepare
from generated.basics.vector_add import vector_add
from generated.qwen35.gated_delta_rule import gated_delta_rule_chunk_solve

x, y = torch_like.Tensor(), torch_like.Tensor()
vector_add(x, y, 4096, 16)
vector_add(x, y, out=x, size=16, stream=torch_like.Stream())
vector_add(x, y, x)
vector_add(x, y)  # type: ignore[call-arg]
vector_add(x, y, x, 1.5)  # type: ignore[arg-type]
vector_add(x, y, x, size="16")  # type: ignore[arg-type]
vector_add(x, y, [1.0], 16)  # type: ignore[arg-type]
vector_add(x, y, x, 16, other=1)  # type: ignore[call-arg]
gated_delta_rule_chunk_solve(x, y, 64, 32, stream=None)
launch: Launch = prepare(vector_add, x, y, x, 16)
launch()
launch(torch_like.Stream())
launch(1.5)  # type: ignore[arg-type]
prepare(vector_add, x, y)  # type: ignore[call-arg]
prepare(vector_add, x, y, x, "16")  # type: ignore[arg-type]
reveal_type(vector_add)
reveal_type(export("mine.kernel", types={"x": "*fp32"}, grid=lambda n: (n,)))
export("mine.kernel", grid=lambda n: (n,), num_warps="4")  # type: ignore[arg-type]
"""
LIBRARY = """
from typing import Any

class Tensor:
    def __dlpack__(self, *args: Any, **kwargs: Any) -> Any: ...

class Stream:
    def __cuda_stream__(self) -> tuple[int, int]:
        return 0, 0
"""


def test_a_users_program(tmp_path: Path) -> None:
    """What is wrong is an error, and nothing else: an ignore that is not needed is one too."""
    pytest.importorskip("mypy")
    (tmp_path / "user.py").write_text(USER)
    (tmp_path / "torch_like.py").write_text(LIBRARY)
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "mypy",
            "--strict",
            "--config-file=",
            "--follow-imports=silent",
            "user.py",
        ],
        cwd=tmp_path,
        env={**os.environ, "MYPYPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
    )
    notes = done.stdout.splitlines()
    assert done.returncode == 0, done.stdout
    kinds = " | ".join(("generated._library.Tensor", "int", "ctypes.c_void_p"))
    listed = f"x: {kinds}, y: {kinds}, out: {kinds}, size: int | None =, stream: "
    assert any(f'is "def ({listed}' in note for note in notes), notes
    assert any('is "def [KernelT] (KernelT) -> KernelT"' in note for note in notes), notes


def test_the_package_says_that_it_is_typed() -> None:
    assert (REPOSITORY / "codegen" / "py.typed").read_bytes() == b""
    setuptools = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["tool"]["setuptools"]
    assert setuptools["package-data"]["codegen"] == ["py.typed"]
