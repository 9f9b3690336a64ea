"""Kernels as `torch.compile` writes them: their launcher says types, values and configurations."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import pytest

from codegen.model.errors import CodegenErrors
from codegen.model.kernel import Kernel
from codegen.model.options import OPTIONS
from codegen.model.parameters import Constexpr, Parameter
from codegen.variants.axes.configuration import ConfigurationAxis
from tests.support import made
from tests.support.plans import axis_of

SOURCE = """
class Launcher:  # as torch's CachingAutotuner, which is no Autotuner of Triton's
    def __init__(self, fn, triton_meta, configs):
        self.fn, self.triton_meta, self.configs = fn, triton_meta, configs

def pointwise(triton_meta):
    configs = [triton.Config({"XBLOCK": 512}, num_warps=8), triton.Config({"XBLOCK": 128})]
    return lambda fn: Launcher(fn, triton_meta, configs)

@export("tests.fused", grid=lambda xnumel, XBLOCK: (cdiv(xnumel, XBLOCK),), OPTIONS)
@pointwise({
    "signature": {"in_ptr0": "*bf16", "out_ptr0": "*fp32", "ks0": "constexpr", "ks1": "i64",
                  "xnumel": "i32", "XBLOCK": "constexpr"},
    "constants": {"ks0": 1},
    "configs": [{(0,): [["tt.divisibility", 16]], (4,): [["tt.divisibility", 16]]}],
})
@triton.jit
def fused(in_ptr0, out_ptr0, ks0, ks1, xnumel, XBLOCK: tl.constexpr):
    pass
"""


def read(folder: Path, options: str = "") -> Kernel:
    (kernel,) = made.read(folder, SOURCE.replace("OPTIONS", options))
    return kernel


def said(kernel: Kernel) -> dict[str, object]:
    return {
        p.name: (p.types[0].triton, p.hint) if isinstance(p, Parameter) else p.choices
        for p in kernel.parameters
    }


def test_types_values_and_configurations_need_not_be_said_again(tmp_path: Path) -> None:
    kernel = read(tmp_path)
    assert said(kernel) == {
        "in_ptr0": ("*bf16", 16),
        "out_ptr0": ("*fp32", 16),
        "ks0": (1,),
        "ks1": ("i64", None),
        "xnumel": ("i32", 16),
        "XBLOCK": (512, 128),
    }
    configuration = axis_of(kernel, ConfigurationAxis)
    assert configuration.parameters == ("config",)
    assert [str(one) for one in configuration.configurations] == [
        "XBLOCK=512, num_warps=8, num_stages=3",
        "XBLOCK=128, num_warps=4, num_stages=3",
    ]
    assert kernel.grid.axes is not None
    assert kernel.grid.axes[0] == "tb_cdiv(xnumel, XBLOCK_)"


def test_the_declaration_may_say_otherwise(tmp_path: Path) -> None:
    options = (
        "types={'in_ptr0': '*bf16 | *fp16', 'ks0': 'i32'}, constexprs={'ks1': 2}, "
        "configs=[{'XBLOCK': 128}]"
    )
    kernel = read(tmp_path, options)
    assert said(kernel)["ks0"] == ("i32", None)
    assert said(kernel)["ks1"] == (2,)
    assert [p.name for p in kernel.parameters if isinstance(p, Constexpr)] == ["ks1", "XBLOCK"]
    first = kernel.parameters[0]
    assert isinstance(first, Parameter)
    assert [type_.triton for type_ in first.types] == ["*bf16", "*fp16"]


def test_a_type_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(CodegenErrors) as caught:
        made.read(tmp_path, SOURCE.replace("OPTIONS", "").replace('"*bf16"', '"bfloat"'))
    assert caught.value.errors[0].message.startswith("`tests.fused` parameter `in_ptr0`: ")


OF_TORCH = """
from torch._inductor.runtime import triton_heuristics
from torch._inductor.runtime.hints import DeviceProperties

DEVICE = DeviceProperties(
    type="cuda", index=0, multi_processor_count=132, cc=90, major=9,
    regs_per_multiprocessor=65536, max_threads_per_multi_processor=2048, warp_size=32,
)

@triton_heuristics.pointwise(
    size_hints={"x": 1024},
    filename=__file__,
    triton_meta={
        "signature": {"x": "*fp32", "xnumel": "i32", "XBLOCK": "constexpr"},
        "device": DEVICE,
        "constants": {},
        "configs": [{(0,): [["tt.divisibility", 16]]}],
        **META,
    },
    inductor_meta={"kernel_name": "fused", "mutated_arg_names": [], **OWN},
    min_elem_per_thread=0,
)
@triton.jit
def fused(x, xnumel, XBLOCK: tl.constexpr):
    pass

export("tests.fused", grid=lambda xnumel, XBLOCK: (cdiv(xnumel, XBLOCK),))(fused)
"""


@pytest.mark.torch
@pytest.mark.parametrize(
    ("meta", "own"),
    [
        ("{}", "{}"),
        ("{'enable_fp_fusion': False, 'launch_pdl': True}", "{'assert_indirect_indexing': True}"),
        ("{'launch_cooperative_grid': True}", "{'assert_indirect_indexing': False}"),
        ("{'disable_ftz': True, 'native_matmul': False}", "{}"),
    ],
)
def test_torchs_own_options(tmp_path: Path, meta: str, own: str) -> None:
    (kernel,) = made.read(tmp_path, OF_TORCH.replace("META", meta).replace("OWN", own))
    tuner = made.declarations(tmp_path)["fused"]
    expected = [
        tuner._create_compile_options(config, tuner._create_compile_meta(config))
        for config in tuner.configs
    ]
    for variant in kernel.specialisation.variants:
        said = asdict(variant.options)
        assert {name: said[name] for name in expected[0] if name in said} in expected
    assert all(set(one) <= set(OPTIONS) for one in expected)
