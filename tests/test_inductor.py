"""Kernels as `torch.compile` writes them: their launcher says types, values and configurations."""

from __future__ import annotations

from pathlib import Path

import pytest

from codegen.errors import CodegenErrors
from codegen.model import Constexpr, Kernel, Parameter
from tests.support import made

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
    configuration = kernel.specialisation.axes[0]
    assert (configuration.kind, configuration.parameters) == ("configuration", ("config",))
    assert [str(one) for one in configuration.values] == [
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
