"""The versions of Triton: what each row says, held against the one that is installed."""

from __future__ import annotations

import dataclasses
import importlib.metadata
import os
import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version
from triton.backends.nvidia.compiler import CUDAOptions

from codegen.compile.processes import compile_all
from codegen.model.errors import CodegenError
from codegen.model.image import Compiled
from codegen.model.kernel import Variant
from codegen.model.options import Options
from codegen.model.request import CompileRequest, triton_options
from codegen.model.targets import TARGETS, Target
from codegen.model.triton_version import SUPPORTED, current, supported
from tests.support.compile_requests import parameters
from tests.support.places import KERNELS, REPOSITORY
from tests.support.project import HEADER, new_project

pytestmark = pytest.mark.triton

SETTINGS = "[tool.codegen]\n"
VERSION = importlib.metadata.version("triton")

# Of each kernel of versions.py, the version that has what it uses, and how that is called.
FEATURES = {
    "block_pointer": ("3.8.0", "triton.language.make_block_ptr"),
    "advance": ("3.8.0", "triton.language.advance"),
    "boundary_check_of_load": ("3.8.0", "the argument `boundary_check` of `load`"),
    "boundary_check_of_store": ("3.8.0", "the argument `boundary_check` of `store`"),
    "padding_option": ("3.8.0", "the argument `padding_option` of `load`"),
    "atomic_load": ("3.9.0", "triton.language.atomic_load"),
    "atomic_store": ("3.9.0", "triton.language.atomic_store"),
    "atomic_poll": ("3.9.0", "triton.language.atomic_poll"),
    "approximate_division": ("3.9.0", "the argument `approx` of `fdiv`"),
    "chain_of_comparisons": ("3.9.0", "a chain of comparisons"),
}
# How a kernel with **named is refused: by Triton itself, or by what reads its signature.
NAMED = {
    "3.9.0": "kernels/bad.py:8: the kernel file cannot be imported: TypeError: JIT functions do "
    "not support **named parameters",
    "3.8.0": "kernels/bad.py:7: `demo.bad` parameter `named`: a variadic keyword parameter is not "
    "in Triton 3.8.0",
}
KEYWORD_ONLY = """
@export("demo.keyword", types={"out": "*i32", "n": "i32"}, grid=lambda: (1,))
@triton.jit
def keyword(out, *, n):
    tl.store(out, n)
"""
# What the compiler works out itself, from the target and from its own files.
COMPUTED = {
    *("arch", "backend_name", "extern_libs", "ir_override", "max_num_imprecise_acc_default"),
    *("supported_fp8_dtypes", "deprecated_fp8_dot_operand_dtypes", "allowed_dot_input_precisions"),
}


def request(file: str, kernel: str, target: Target = TARGETS["sm_90"]) -> CompileRequest:
    pointer = {"x": "*fp32"} if file == "versions.py" else {"out": "*i32"}
    variant = Variant("generic", (), parameters({**pointer, "n": "i32"}))
    return CompileRequest(str(KERNELS), file, kernel, variant, target, "key")


def test_the_installed_version_has_its_row() -> None:
    assert current() is supported(VERSION)
    assert current().version == VERSION


@pytest.mark.parametrize("version", ["3.7.1", "3.10.0", "3.9.0+git1234"])
def test_another_version_is_refused_by_name(version: str) -> None:
    with pytest.raises(CodegenError) as caught:
        supported(version)
    assert str(caught.value) == (
        f"Triton {version} is not supported: each version has launch rules of its own, and those "
        "of 3.9.0 and 3.8.0 are known\n"
        "  hint: install triton==3.9.0 (or 3.8.0) for the generator: your program can keep its "
        "own Triton (docs/generator.md#which-triton)"
    )


def test_the_command_refuses_another_version_before_it_imports_it(tmp_path: Path) -> None:
    project = new_project(tmp_path)
    project.write("old/triton-3.7.1.dist-info/METADATA", "Name: triton\nVersion: 3.7.1\n")
    project.write("old/triton/__init__.py", "raise ImportError('of another time')\n")
    path = f"{project.folder / 'old'}{os.pathsep}{project.environment()['PYTHONPATH']}"
    result = project.child("regenerate", PYTHONPATH=path)
    assert (result.code, result.out) == (2, "")
    assert result.errors[0].startswith("error: Triton 3.7.1 is not supported: each version has")
    assert not project.output.exists()

    assert project.child("regenerate").code == 0
    result = project.child("regenerate", PYTHONPATH=path)
    assert result.code == 2
    assert result.errors[0].startswith("error: Triton 3.7.1 is not supported: each version has")


def test_a_plain_installation_brings_the_first_and_the_others_may_stay() -> None:
    document = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())
    needed = document["project"]["optional-dependencies"]["generate"]
    (text,) = (one for one in needed if one.startswith("triton"))
    versions = [row.version for row in SUPPORTED]
    assert versions == sorted(versions, key=Version, reverse=True)
    specifier = Requirement(text).specifier
    assert list(specifier.filter([*versions, "3.7.1", "3.9.1", "3.10.0"])) == versions


def test_only_the_table_speaks_of_versions() -> None:
    for path in (REPOSITORY / "codegen").rglob("*.py"):
        if path.name != "triton_version.py":
            found = re.findall(
                r"Triton \d[\d.]*|\b3\.\d+\.\d+|triton\.__version__", path.read_text()
            )
            assert found == [], path


def test_a_kernel_with_named_parameters_is_refused(tmp_path: Path) -> None:
    kernel = f"""{HEADER}@export("demo.bad", grid="explicit")
@triton.jit
def bad(**named): pass
"""
    project = new_project(tmp_path, {"pyproject.toml": SETTINGS, "kernels/bad.py": kernel})
    assert project.run("regenerate").errors[0] == f"error: {NAMED[VERSION]}"


def test_a_package_that_imports_what_is_gone(tmp_path: Path) -> None:
    files = {
        "pyproject.toml": "[tool.codegen]\n",
        "kernels/bad.py": "from . import old\n",
        "kernels/old.py": "import triton.ops\n",
    }
    result = new_project(tmp_path, files).run("regenerate", "kernels/bad.py")
    assert result.errors == [
        "error: kernels/bad.py:1: the kernel file cannot be imported: triton.ops is not in "
        f"Triton {VERSION} (kernels/old.py, line 1)",
        f"  hint: write the kernel for Triton {VERSION}",
        "1 error; nothing was written",
    ]


def test_a_kernel_with_positional_only_parameters_is_refused(tmp_path: Path) -> None:
    kernel = f"""{HEADER}@export("demo.bad", types={{"x": "i32", "y": "i64"}}, grid="explicit")
@triton.jit
def bad(x, /, y): pass
"""
    project = new_project(tmp_path, {"pyproject.toml": SETTINGS, "kernels/bad.py": kernel})
    assert project.run("regenerate").errors[:2] == [
        "error: kernels/bad.py:7: `demo.bad` parameter `x`: it is positional-only, and Triton "
        "compiles such a kernel with the values of other parameters in its place",
        "  hint: remove the `/` from the kernel's signature",
    ]


def test_keyword_only_parameters(tmp_path: Path) -> None:
    files = {"pyproject.toml": SETTINGS, "kernels/keyword.py": HEADER + KEYWORD_ONLY}
    result = new_project(tmp_path, files).run("regenerate")
    if VERSION == "3.9.0":
        assert result.code == 0
        return
    assert result.errors[:2] == [
        "error: kernels/keyword.py:8: `demo.keyword` parameter `n`: a keyword-only parameter is "
        f"not in Triton {VERSION}",
        f"  hint: write the kernel for Triton {VERSION}, or generate with Triton 3.9.0, which has "
        "it (docs/generator.md#which-triton)",
    ]


def test_every_option_of_the_compiler_is_given() -> None:
    known = {field.name for field in dataclasses.fields(CUDAOptions)}
    for target in (TARGETS["sm_80"], TARGETS["compute_80"]):
        given = set(triton_options(Options(), target))
        assert given <= known
        assert known - given - COMPUTED == {"min_shared_mem"} & known


def test_every_target_compiles_and_ptx_is_of_its_lowest_version() -> None:
    requests = [request("broken.py", "tests.broken.sound", target) for target in TARGETS.values()]
    for (name, target), result in zip(TARGETS.items(), compile_all(requests, 2), strict=True):
        assert isinstance(result, Compiled), (name, result)
        if target.is_ptx:
            major, minor = divmod(current().ptx_versions[target.capability], 10)
            assert f".version {major}.{minor}\n.target sm_{target.capability}" in (
                result.data.decode()
            )


def test_what_one_version_has_another_lacks_by_name() -> None:
    for row in SUPPORTED:
        features = {what for home, what in FEATURES.values() if home == row.version}
        assert row.language - {"a keyword-only parameter"} == features
    requests = [request("versions.py", f"tests.versions.{kernel}") for kernel in FEATURES]
    results = dict(zip(FEATURES, compile_all(requests, 2), strict=True))
    for kernel, (home, what) in FEATURES.items():
        result = results[kernel]
        if home == VERSION:
            assert isinstance(result, Compiled), result
            continue
        assert isinstance(result, CodegenError)
        assert f"for sm_90: {what} is not in Triton {VERSION}, in `" in result.message
        assert result.hint == (
            f"write the kernel for Triton {VERSION}, or generate with Triton {home}, which has it "
            "(docs/generator.md#which-triton)"
        )
