"""A kernel that is for some of the project's targets only, declared through a helper."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from codegen.model.triton_version import current
from tests.support.project import HEADER, new_project

pytestmark = pytest.mark.triton

HELPER = """\
from codegen.export import export


def exported(name, **more):
    return export(name, types={"out": "*i32"}, grid=lambda: (1,), **more)
"""
KERNELS = f"""{HEADER}
from ..helper import exported


@exported("demo.everywhere")
@triton.jit
def everywhere(out):
    tl.store(out, 1)


@exported("demo.limited", targets=["sm_90", "compute_80"])
@triton.jit
def limited(out):
    tl.store(out, 2)
"""
FILES = {
    "pyproject.toml": "[tool.codegen]\n",
    "kernels/helper.py": HELPER,
    "kernels/deep/some.py": KERNELS,
}


def test_a_kernel_is_built_for_its_targets(tmp_path: Path) -> None:
    settings = '[tool.codegen]\ntargets = ["sm_80", "sm_90"]\n'
    project = new_project(tmp_path, {**FILES, "pyproject.toml": settings})
    result = project.run("regenerate", "--json")
    assert result.code == 0, result.err
    functions = json.loads(project.run("list", "--json").out)
    built = {name: set(entry["variants"]["generic"]["images"]) for name, entry in functions.items()}
    assert built == {"demo.everywhere": {"sm_80", "sm_90"}, "demo.limited": {"sm_90"}}
    wrapper = (project.output / "deep/some.c").read_text()
    assert "limited.aligned.sm_90.cubin" in wrapper
    assert "limited.aligned.sm_80.cubin" not in wrapper


def test_an_error_is_at_the_line_that_declares(tmp_path: Path) -> None:
    wrong = KERNELS.replace('"demo.limited"', '"demo limited"')
    project = new_project(tmp_path, {**FILES, "kernels/deep/some.py": wrong})
    result = project.run("regenerate")
    line = wrong[: wrong.index("demo limited")].count("\n") + 1
    assert result.code == 2
    assert f"kernels/deep/some.py:{line}: a function's name must be" in result.err


@pytest.mark.parametrize(
    ("options", "text", "hint"),
    [
        (
            "num_ctas=2",
            "num_ctas=2 needs sm_90 or later, and the kernel is built for sm_80, compute_80",
            "targets=['sm_90', 'sm_100', 'sm_120']",
        ),
        (
            'launch_pdl=True, targets=["sm_80"]',
            "launch_pdl=True needs sm_90 or later, and the kernel is built for sm_80",
            "targets=['sm_90']",
        ),
        (
            'launch_pdl=True, targets=["sm_80", "compute_80"]',
            "launch_pdl=True needs sm_90 or later, and the kernel is built for sm_80, compute_80",
            "targets=['sm_90']",
        ),
        (
            'num_ctas=4, launch_pdl=True, targets=["sm_100", "compute_80"]',
            "num_ctas=4 needs sm_90 or later, and the kernel is built for compute_80",
            "targets=['sm_100']",
        ),
        pytest.param(
            'clc=True, targets=["sm_90", "sm_100"]',
            "clc=True needs sm_100 or later, and the kernel is built for sm_90",
            "targets=['sm_100']",
            marks=pytest.mark.skipif(not current().has_option("clc"), reason="Triton lacks clc"),
        ),
    ],
)
def test_a_launch_that_some_target_cannot_have(
    tmp_path: Path, options: str, text: str, hint: str
) -> None:
    kernels = KERNELS.replace('targets=["sm_90", "compute_80"]', options)
    project = new_project(tmp_path, {**FILES, "kernels/deep/some.py": kernels})
    result = project.run("regenerate")
    line = kernels[: kernels.index('@exported("demo.limited"')].count("\n") + 1
    assert result.code == 2
    assert result.errors[:2] == [
        f"error: kernels/deep/some.py:{line}: `demo.limited`: {text}",
        f"  hint: limit the declaration to {hint}",
    ]


def test_a_configuration_that_no_target_can_have(tmp_path: Path) -> None:
    kernels = f"""{HEADER}
@export("demo.k", types={{"x": "*fp32"}}, grid=lambda: (1,), targets=["sm_80"])
@triton.autotune([triton.Config({{"launch_pdl": True}})], key=[])
@triton.jit
def k(x):
    pass
"""
    project = new_project(tmp_path, {**FILES, "kernels/deep/some.py": kernels})
    assert (
        project.run("regenerate")
        .errors[0]
        .endswith(
            "`demo.k`: launch_pdl=True needs sm_90 or later, and the kernel is built for sm_80"
        )
    )


WAITING = f"""{HEADER}
from triton.language import target_info
from triton.language.extra.cuda import gdc_wait

@export("demo.waiting", types={{"out": "*i32"}}, grid=lambda: (1,), launch_pdl=True)
@triton.jit
def waiting(out):
    if target_info.cuda_capability_geq(9, 0):
        gdc_wait()
    tl.store(out, 1)
"""


def test_a_dependent_launch_where_a_target_has_it(tmp_path: Path) -> None:
    """The kernel waits, and its launch may begin early, from sm_90 on; elsewhere neither."""
    settings = '[tool.codegen]\ntargets = ["sm_80", "sm_90", "compute_80"]\n'
    files = {"pyproject.toml": settings, "kernels/some.py": WAITING}
    project = new_project(tmp_path, files)
    result = project.run("regenerate")
    assert result.code == 0, result.err
    manifest = json.loads((project.output / "MANIFEST.json").read_text())
    images = manifest["functions"]["demo.waiting"]["variants"]["generic"]["images"]
    overlaps = {name: image["launch_pdl"] for name, image in images.items()}
    assert overlaps == {"sm_80": False, "sm_90": True, "compute_80": False}
    wrapper = (project.output / "some.c").read_text()
    assert wrapper.count(".launch_pdl = true") == 1  # aligned and generic have the same images
    (ptx,) = project.output.glob("some.images/*.ptx")
    assert "griddepcontrol" not in ptx.read_text()


FP8 = f"""{HEADER}
@export("demo.narrow", types={{"x": "*fp8e4nv | *fp8e5", "out": "*fp32"}}, grid=lambda: (1,))
@triton.jit
def narrow(x, out):
    tl.store(out, tl.load(x).to(tl.float32))
"""
REASON = (
    "ValueError: type fp8e4nv not supported in this architecture. The supported fp8 dtypes are "
    "('fp8e4b15', 'fp8e5')"
)
SETTINGS = '[tool.codegen]\ntargets = ["sm_80", "sm_90"]\n'


def test_what_a_target_cannot_have_is_left_out_where_the_declaration_allows_it(
    tmp_path: Path,
) -> None:
    source = FP8.replace("grid=", "optional_targets=True, grid=")
    project = new_project(tmp_path, {"pyproject.toml": SETTINGS, "kernels/a.py": source})
    result = project.run("regenerate")
    assert result.code == 0
    assert result.errors[-3].endswith(" written, 6 of 6 images compiled")
    assert result.errors[-2] == (
        f"left out of demo.narrow: fp8e4nv-aligned for sm_80: {REASON}; "
        "`python -m codegen inspect demo.narrow` tells of 1 more"
    )
    entry = json.loads(project.run("list", "--json").out)["demo.narrow"]
    built = {label: list(variant["images"]) for label, variant in entry["variants"].items()}
    both, one = ["sm_80", "sm_90"], ["sm_90"]
    assert built == {
        "fp8e4nv-aligned": one,
        "fp8e4nv-generic": one,
        "fp8e5-aligned": both,
        "fp8e5-generic": both,
    }
    assert entry["omitted"] == [
        {"variant": f"fp8e4nv-{hints}", "target": "sm_80", "reason": REASON}
        for hints in ("aligned", "generic")
    ]


def test_what_some_target_cannot_have_is_an_error_that_names_those_that_can(tmp_path: Path) -> None:
    project = new_project(tmp_path, {"pyproject.toml": SETTINGS, "kernels/a.py": FP8})
    result = project.run("regenerate")
    assert result.code == 2
    assert result.errors[:2] == [
        "error: kernels/a.py:10:1: `demo.narrow` variant `fp8e4nv-aligned` for sm_80: "
        f"{REASON} (and so for 1 other of its images)",
        "  hint: limit the declaration to targets=['sm_90'], or let what cannot be built be left "
        "out: optional_targets=True",
    ]
    assert not project.output.exists()


def test_a_broken_promise_is_an_error_also_where_targets_are_optional(tmp_path: Path) -> None:
    source = f"""{HEADER}
@export("demo.sly", types={{"x": "const *fp32"}}, grid=lambda: (1,), optional_targets=True)
@triton.jit
def sly(x):
    address = (x.to(tl.int64) | 1) ^ 1
    tl.store(address.to(tl.pointer_type(tl.float32)), 1.0)
"""
    project = new_project(tmp_path, {"pyproject.toml": SETTINGS, "kernels/a.py": source})
    assert "the kernel writes through `x`, which is declared `const *fp32`" in (
        project.run("regenerate").errors[0]
    )
