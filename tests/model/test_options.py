"""Triton's options: each that it has is followed or refused, wherever it is given."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_type_hints

import pytest
from triton.backends.amd.compiler import HIPOptions
from triton.backends.nvidia.compiler import CUDAOptions

from codegen.model.errors import CodegenErrors
from codegen.model.kernel import Kernel
from codegen.model.options import DEFAULTS, OF_AMD, OPTIONS, REFUSED, Options, TritonOptions
from codegen.model.parameters import Constexpr
from codegen.model.request import triton_options
from codegen.model.targets import Target
from codegen.model.triton_version import SUPPORTED, current
from codegen.variants.axes.configuration import ConfigurationAxis
from tests.support import made
from tests.support.followed_options import DEBUG, FOLLOWED
from tests.support.option_kernels import source
from tests.support.places import REPOSITORY
from tests.support.plans import axis_of

pytestmark = pytest.mark.triton

DOCS = REPOSITORY / "docs/declaration.md"
OF_TRITON = {field.name: field.default for field in dataclasses.fields(CUDAOptions)}
SINCE_3_9 = {"clc", "sched4reg", "fpsan_homomorphic_casts", "min_shared_mem"}
# Options whose defaults are not those of Triton's list: what its launches make of None.
OTHERWISE = {"enable_fp_fusion": True}


def test_every_option_of_triton_is_followed_or_refused() -> None:
    assert not set(OPTIONS) & set(REFUSED)
    ours = {*OPTIONS, *REFUSED}
    assert set(OF_TRITON) <= ours
    assert ours - set(OF_TRITON) == (SINCE_3_9 if current().version == "3.8.0" else set())
    for name in SINCE_3_9 & set(OPTIONS):
        assert current().has_option(name) == (name in OF_TRITON)


def test_the_defaults_are_tritons() -> None:
    for name in OPTIONS:
        if name in OF_TRITON:
            assert getattr(DEFAULTS, name) == OTHERWISE.get(name, OF_TRITON[name]), name
    allowed = CUDAOptions.allowed_dot_input_precisions
    assert all(_fits("default_dot_input_precision", one) for one in allowed)
    assert not _fits("default_dot_input_precision", "tf32x2")


def _fits(name: str, value: object) -> bool:
    (field,) = (field for field in dataclasses.fields(Options) if field.name == name)
    fits: Callable[[object], bool] = field.metadata["rule"].fits
    return fits(value)


def test_the_options_of_amd_are_those_that_cuda_lacks() -> None:
    of_amd = {field.name for field in dataclasses.fields(HIPOptions)}
    assert of_amd - set(OF_TRITON) - set(REFUSED) <= set(OF_AMD)
    assert not set(OF_AMD) & set(OF_TRITON)


def test_keyword_arguments_are_the_options() -> None:
    assert tuple(get_type_hints(TritonOptions)) == OPTIONS


def test_the_docs_have_each() -> None:
    text = DOCS.read_text(encoding="utf-8")
    for name in (*OPTIONS, *REFUSED, *OF_AMD, "reset_to_zero", "restore_value"):
        assert f"`{name}" in text, name


def test_what_the_compiler_is_told() -> None:
    told = triton_options(DEFAULTS, Target(90))
    assert told["sanitize_overflow"] is told["debug"] is False
    told = triton_options(Options(debug=True, ptx_version=84), Target(90))
    assert told["sanitize_overflow"] is told["debug"] is True
    assert told["ptx_version"] == 84
    told = triton_options(Options(debug=True, sanitize_overflow=False), Target(80, is_ptx=True))
    assert (told["debug"], told["sanitize_overflow"], told["ptx_version"]) == (True, False, 70)


@pytest.mark.parametrize("case", FOLLOWED)
def test_what_is_followed(tmp_path: Path, case: str) -> None:
    text, options, constexprs = FOLLOWED[case]
    (kernel,) = made.read(tmp_path, text)
    variants = kernel.specialisation.variants
    assert {variant.options for variant in variants} == {options}
    for variant in variants:
        found = {**{"BLOCK": 64}, **constexprs} if _has_block(kernel) else constexprs
        assert variant.constexprs == found


def _has_block(kernel: Kernel) -> bool:
    return any(p.name == "BLOCK" for p in kernel.parameters if isinstance(p, Constexpr))


def test_each_choice_of_a_constexpr_is_the_options_too(tmp_path: Path) -> None:
    text = source('constexprs={"debug": [False, True]}', parameters=DEBUG)
    (kernel,) = made.read(tmp_path, text)
    found = {(v.constexprs["debug"], v.options.debug) for v in kernel.specialisation.variants}
    assert found == {(False, False), (True, True)}


def test_configurations_that_differ_in_an_option(tmp_path: Path) -> None:
    text = source(
        around='@triton.autotune([triton.Config({"BLOCK": 32, "enable_fp_fusion": False}), '
        'triton.Config({"BLOCK": 32})], key=["x"])\n'
    )
    (kernel,) = made.read(tmp_path, text)
    axis = axis_of(kernel, ConfigurationAxis)
    assert [str(one) for one in axis.configurations] == [
        "BLOCK=32, num_warps=4, num_stages=3, enable_fp_fusion=False",
        "BLOCK=32, num_warps=4, num_stages=3",
    ]
    fusions = {v.label.partition("-")[0]: v.options.enable_fp_fusion for v in _variants(kernel)}
    assert fusions == {"config_0": False, "config_1": True}


def _variants(kernel: Kernel) -> Any:
    return kernel.specialisation.variants


def test_the_rows_of_tritons_own_file_have_options(tmp_path: Path) -> None:
    """As Triton writes them: what stands among the kwargs, and Config's own arguments."""
    folder = tmp_path / "kernels"
    folder.mkdir()
    own: dict[str, object] = {
        "num_warps": 8,
        "num_ctas": 1,
        "num_stages": 3,
        "maxnreg": None,
        "ir_override": None,
    }
    kwargs: dict[str, object] = {
        "BLOCK": 32,
        "num_warps": 2,
        "maxnreg": 64,
        "enable_fp_fusion": False,
    }
    kwargs |= {"ptx_options": "", "sched4reg": None}
    slower = {**own, "kwargs": {**kwargs, "enable_fp_fusion": True}}
    timings = [[slower, [2.0, 2.0, 2.0]], [{**own, "kwargs": kwargs}, [1.0, 1.0, 1.0]]]
    document = {"key": ["torch.float32"], "configs_timings": timings}
    (folder / "k.autotune.json").write_text(json.dumps(document))
    every = ", ".join(
        f"triton.Config({config!r}, num_warps=8)"
        for config in ({"BLOCK": 64}, slower["kwargs"], kwargs)
    )
    text = source("tuned='*.autotune.json'", around=f"@triton.autotune([{every}], key=[])\n")
    (kernel,) = made.read(tmp_path, text)
    axis = axis_of(kernel, ConfigurationAxis)
    assert [str(one) for one in axis.configurations] == [
        "BLOCK=64, num_warps=8, num_stages=3",
        "BLOCK=32, num_warps=8, num_stages=3, maxnreg=64, enable_fp_fusion=False",
    ]


def test_what_is_not_built_may_have_any_option(tmp_path: Path) -> None:
    text = source(
        "configs=[{'BLOCK': 32}]",
        around='@triton.autotune([triton.Config({"BLOCK": 64, "waves_per_eu": 2}), '
        'triton.Config({"BLOCK": 32})], key=[])\n',
    )
    (kernel,) = made.read(tmp_path, text)
    assert {v.constexprs["BLOCK"] for v in _variants(kernel)} == {32}


@pytest.mark.parametrize(
    "name", sorted({n for row in SUPPORTED for n in row.options} & set(OPTIONS))
)
def test_an_option_of_one_version(tmp_path: Path, name: str) -> None:
    text = source(f"{name}=True")
    if current().has_option(name):
        (kernel,) = made.read(tmp_path, text)
        assert getattr(kernel.options, name) is True
        return
    with pytest.raises(CodegenErrors) as caught:
        made.read(tmp_path, text)
    (error,) = caught.value.errors
    version, (home,) = current().version, [r.version for r in SUPPORTED if name in r.options]
    assert error.message == f"`tests.k`: the option `{name}` is not in Triton {version}"
    assert error.hint == (
        f"write the kernel for Triton {version}, or generate with Triton {home}, which has it "
        "(docs/generator.md#which-triton)"
    )
