"""What is said of a kernel that writes through a pointer that is declared const."""

from __future__ import annotations

import importlib.metadata
from pathlib import Path

import pytest

from codegen.compile.processes import compile_all
from codegen.model.errors import CodegenError, shown
from codegen.model.image import Compiled
from codegen.model.kernel import Variant
from codegen.model.request import CompileRequest
from codegen.model.targets import Target
from tests.support.compile_requests import parameters
from tests.support.places import KERNELS
from tests.support.project import HEADER, Project, fresh_project

pytestmark = pytest.mark.triton

FILE = shown(str(KERNELS / "const.py"))

MESSAGES = {
    "declared": (
        f"{FILE}:12:5: `tests.const.declared` variant `generic` for sm_80: the kernel writes "
        "through `x`, which is declared `const *fp32`, in "
        "`tl.store(address.to(tl.pointer_type(tl.float32)), 1.0)`\n"
        '  hint: declare it as "*fp32", or do not write through it'
    ),
    "annotated": (
        f"{FILE}:25:5: `tests.const.annotated` variant `generic` for sm_80: the kernel writes "
        "through `x`, which the kernel's signature annotates as const, in "
        "`tl.atomic_add(address.to(tl.pointer_type(tl.float32)), 1.0 + 2.0 + 3.0 + 4.0, se ...`\n"
        "  hint: remove the annotation of `x`, or do not write through it"
    ),
    "stored": (
        f"{FILE}:31:5: `tests.const.stored` variant `generic` for sm_80: it stores to a pointer "
        "that is declared const, in `tl.store(x, 1.0)`\n"
        "  hint: declare the pointer without const, or do not store to it"
    ),
    # Seen by Triton, or by us.
    "cast": {
        "3.9.0": f"{FILE}:34: `tests.const.cast` variant `generic` for sm_80: it casts a pointer "
        "that is declared const to one that is not: leave out the const",
        "3.8.0": f"{FILE}:37:5: `tests.const.cast` variant `generic` for sm_80: the kernel writes "
        "through `x`, which is declared `const *fp32`, in "
        "`tl.store(x.to(tl.int64).to(tl.pointer_type(tl.float32)), 1.0)`\n"
        '  hint: declare it as "*fp32", or do not write through it',
    }[importlib.metadata.version("triton")],
}


@pytest.fixture(scope="module")
def results() -> dict[str, Compiled | CodegenError]:
    return dict(zip(MESSAGES, compile_all([request(name) for name in MESSAGES], 1), strict=True))


def request(name: str) -> CompileRequest:
    types = {"x": "*kfp32", **({"n": "i32"} if name == "annotated" else {})}
    variant = Variant("generic", (), parameters(types))
    name = f"tests.const.{name}"
    return CompileRequest(str(KERNELS), "const.py", name, variant, Target(80), "key")


@pytest.mark.parametrize("name", MESSAGES)
def test_a_kernel_that_writes_all_the_same(
    results: dict[str, Compiled | CodegenError], name: str
) -> None:
    assert str(results[name]) == MESSAGES[name]


@pytest.fixture
def fresh(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    return fresh_project(tmp_path, tmp_path_factory)


SNEAK = f'''"""Writes."""

{HEADER}
@export("demo.sneak", types={{"x": "const *i32"}}, grid=lambda: (1,))
@triton.jit
def sneak(x):
    tl.store(((x.to(tl.int64) | 1) ^ 1).to(tl.pointer_type(tl.int32)), 1)
'''


def test_it_is_said_once_for_all_images(fresh: Project) -> None:
    fresh.write("kernels/sneak.py", SNEAK)
    result = fresh.run("regenerate")
    assert result.code == 2
    assert result.errors[0] == (
        "error: kernels/sneak.py:13:5: `demo.sneak` variant `aligned` for sm_80: the kernel writes "
        "through `x`, which is declared `const *i32`, in "
        "`tl.store(((x.to(tl.int64) | 1) ^ 1).to(tl.pointer_type(tl.int32)), 1)` "
        "(and so for 1 other of its images)"
    )
    assert not (fresh.output / "sneak.h").exists()
