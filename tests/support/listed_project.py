"""The generated package of `tests/kernels/listed.py`, whose launches a file lists."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from .generated_once import generate_once
from .places import KERNELS

PACKAGE = "listed_wrappers"
_PYPROJECT = f"""\
[tool.codegen]
output = "{PACKAGE}"
targets = ["sm_80", "sm_90"]
"""


def _launch(warps: int, **arguments: Any) -> dict[str, Any]:
    return {"arguments": arguments, "options": {"num_warps": warps}, "target": "sm_90", "count": 3}


def _of_fp16(n: str) -> dict[str, Any]:
    pointers = {"x": "*fp16:16", "bias": None, "out": "*fp16:16"}
    constexprs = {"MODE": "plain", "EPSILON": 0.0, "BLOCK": 64}
    values = {name: {"constexpr": value} for name, value in constexprs.items()}
    return _launch(4, **pointers, n=n, factor="fp32", **values)


def _with_bias(out: str, n: str, epsilon: float | None) -> dict[str, Any]:
    pointers = {"x": "*bf16:16", "bias": "*fp32:16", "out": out}
    constexprs = {"MODE": "square", "EPSILON": epsilon, "BLOCK": 128}
    values = {name: {"constexpr": value} for name, value in constexprs.items()}
    return _launch(8, **pointers, n=n, factor="fp32", **values)


LAUNCHES = [
    _of_fp16("i32:16"),
    _of_fp16("i32"),
    _with_bias("*bf16:16", "i32:16", 0.5),
    _with_bias("*fp32:16", "i32:1", 0.25),
]

DENSE = _launch(4, x="*fp32:16", stride="i32:1")


def generate(shared: Path) -> Path:
    """The package below `shared`, made by the first process that asks for it."""
    return generate_once(shared, "listed", PACKAGE, _fill)


def _fill(project: Path) -> None:
    (project / "kernels").mkdir(parents=True, exist_ok=True)
    (project / "pyproject.toml").write_text(_PYPROJECT)
    shutil.copy(KERNELS / "listed.py", project / "kernels")
    for name, launches in (("scaled", LAUNCHES), ("dense", [DENSE])):
        document = {"kernel": f"program.ops:{name}", "launches": launches}
        (project / "kernels" / f"{name}.launches.json").write_text(json.dumps(document))
