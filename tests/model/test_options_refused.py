"""Options of Triton's that are refused: the exact text of each message."""

from __future__ import annotations

from pathlib import Path

import pytest

from codegen.model.errors import CodegenError, CodegenErrors
from codegen.model.options import OPTIONS, REFUSED
from tests.support import made
from tests.support.option_kernels import configured, heuristic, of_torch, source

pytestmark = pytest.mark.triton

ONE = ", enable_fp_fusion: tl.constexpr"
DEBUG = ", debug: tl.constexpr"
AMD = "an option of Triton's for AMD's GPUs: for CUDA's its launches raise a KeyError"
OUT = "leave it out where the kernel is for CUDA"
CONFIGS = "; or name the configurations to build: configs=[{...}]"
NOT = "an option of Triton's that is not followed: "
APART = (
    "where the launches that you know pass it by its place, and not by its name, it is a parameter "
    "alone: say so with {0}=None"
)
REFUSALS: dict[str, tuple[str, str, str | None]] = {
    "an argument that is none": (
        source("num_warp=4"),
        "`tests.k`: export has no argument `num_warp`",
        "did you mean `num_warps`?",
    ),
    "the old name": (
        source("fp_fusion=False"),
        "`tests.k`: export has no argument `fp_fusion`",
        "did you mean `enable_fp_fusion`?",
    ),
    "an argument like none": (
        source("xyzzy=4"),
        "`tests.k`: export has no argument `xyzzy`",
        "it has grid, types, constexprs, shapes, targets, optional_targets, cases, configs, tuned, "
        f"hooks, launches, {', '.join(OPTIONS)}",
    ),
    "extern_libs": (
        source('extern_libs={"mine": "mine.ll"}'),
        "`tests.k`: export is given extern_libs={'mine': 'mine.ll'}, "
        f"{NOT}{REFUSED['extern_libs'].reason}",
        REFUSED["extern_libs"].hint,
    ),
    "AMD's": (source("waves_per_eu=2"), f"`tests.k`: export is given waves_per_eu=2, {AMD}", OUT),
    "precision": (
        source('default_dot_input_precision="fp32"'),
        "`tests.k`: default_dot_input_precision must be tf32, tf32x3, ieee, bf16x3 or bf16x6, got "
        "'fp32'",
        None,
    ),
    "version of PTX": (
        source('ptx_version="8.4"'),
        "`tests.k`: ptx_version must be None or a version of PTX, as in 84, got '8.4'",
        None,
    ),
    "debug": (source("debug='yes'"), "`tests.k`: debug must be True or False, got 'yes'", None),
    "AMD's in a configuration": (
        source(around=configured('"BLOCK": 64, "waves_per_eu": 2')),
        "`tests.k`: its configuration (BLOCK=64, waves_per_eu=2, num_warps=4, num_stages=3) gives "
        f"waves_per_eu, {AMD}",
        OUT + CONFIGS,
    ),
    "one that is not followed in a configuration": (
        source(around=configured('"ptx_options": "-v", "extern_libs": {}')),
        "`tests.k`: its configuration (ptx_options='-v', num_warps=4, num_stages=3) gives "
        f"ptx_options, {NOT}{REFUSED['ptx_options'].reason}",
        REFUSED["ptx_options"].hint + CONFIGS,
    ),
    "what is none in a configuration": (
        source(around=configured('"fp_fusion": False')),
        "`tests.k`: its configurations give `fp_fusion`, which is no parameter and no option of it",
        "did you mean `enable_fp_fusion`? its parameters are x, BLOCK" + CONFIGS,
    ),
    "a value that it cannot have in a configuration": (
        source(around=configured('"enable_fp_fusion": 1')),
        "`tests.k`: enable_fp_fusion must be True or False, got 1",
        None,
    ),
    "one that is not followed by a heuristic": (
        source(around=heuristic("arch", "sm90")),
        f"`tests.k`: a heuristic gives arch, {NOT}{REFUSED['arch'].reason}",
        REFUSED["arch"].hint,
    ),
    "AMD's by a heuristic": (
        source(around=heuristic("waves_per_eu", 2)),
        f"`tests.k`: a heuristic gives waves_per_eu, {AMD}",
        OUT,
    ),
    "a constexpr called as one that is not followed": (
        source('constexprs={"arch": 90}', parameters=", arch: tl.constexpr"),
        "`tests.k`: constexprs gives arch, which is a parameter, and "
        f"{NOT}{REFUSED['arch'].reason}",
        APART.format("arch"),
    ),
    "a run-time parameter called debug": (
        source(parameters=", debug").replace('"*fp32"}', '"*fp32", "debug": "i32"}'),
        "`tests.k` parameter `debug`: Triton's launches take it for their option too, so that what "
        "a call passes would decide what is compiled",
        'give its values: constexprs={"debug": [False, True]}; or the option apart from it: '
        "debug=False",
    ),
    "a run-time parameter that launches set": (
        source(parameters=", instrumentation_mode").replace(
            '"*fp32"}', '"*fp32", "instrumentation_mode": "i32"}'
        ),
        "`tests.k` parameter `instrumentation_mode`: Triton's launches set the option of that "
        "name, whatever a call passes",
        "rename it",
    ),
    "an annotated parameter that launches set": (
        source(parameters=", instrumentation_mode: tl.int32"),
        "`tests.k` parameter `instrumentation_mode`: Triton's launches set the option of that "
        "name, whatever a call passes",
        "rename it",
    ),
    "an annotated debug": (
        source(parameters=", debug: tl.int32"),
        "`tests.k` parameter `debug`: Triton's launches take it for their option too, so that what "
        "a call passes would decide what is compiled",
        'give its values: constexprs={"debug": [False, True]}; or the option apart from it: '
        "debug=False",
    ),
    "an option among the constexprs": (
        source('constexprs={"enable_fp_fusion": False}'),
        "`tests.k`: constexprs names `enable_fp_fusion`, which is no parameter",
        "it is an option of Triton's: write enable_fp_fusion=... beside it",
    ),
    "an option that configurations give": (
        source("num_warps=8", around=configured('"BLOCK": 64')),
        "`tests.k`: export gives num_warps, to which configurations give values",
        'choose among them instead: configs=[{"num_warps": ...}]',
    ),
    "an option that a heuristic gives": (
        source("num_warps=8", around=heuristic("num_warps", 2)),
        "`tests.k`: export gives num_warps, which a heuristic of the kernel computes",
        'give its value instead: constexprs={"num_warps": ...}',
    ),
    "a heuristic of what configurations give": (
        source(around=heuristic("num_warps", 2) + configured('"BLOCK": 64')),
        "`tests.k`: the heuristic of `num_warps` stands above the autotuner, whose configurations "
        "give it too",
        "put it below @triton.autotune, or leave it out of the configurations",
    ),
    "what torch may say some day": (
        of_torch("sorcery=2"),
        "`tests.k`: torch.compile's triton_meta gives sorcery=2, which is not known here",
        "export the kernel that the launcher holds, which is its `fn`",
    ),
    "AMD's of torch": (
        of_torch("kpack=2"),
        f"`tests.k`: torch.compile's triton_meta gives kpack=2, {AMD}",
        OUT,
    ),
    "a hook before each launch": (
        source() + "k.add_pre_run_hook(print)\n",
        "`tests.k`: the kernel has a hook that Triton runs before each launch and that cannot be "
        "compiled",
        'do in the caller what it does, and say so: hooks="caller"',
    ),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_what_is_refused(tmp_path: Path, case: str) -> None:
    text, message, hint = REFUSALS[case]
    with pytest.raises(CodegenError) as caught:
        made.read(tmp_path, text)
    error = caught.value.errors[0] if isinstance(caught.value, CodegenErrors) else caught.value
    assert (error.message, error.hint) == (message, hint)
    assert error.where is not None
