"""Options of Triton's wherever they may be given, and what comes of them."""

from __future__ import annotations

from codegen.model.options import Options
from tests.support.option_kernels import LAUNCHER, configured, heuristic, of_torch, source

ONE = ", enable_fp_fusion: tl.constexpr"
DEBUG = ", debug: tl.constexpr"
# What is given where, the options that come of it, and the constexprs, if any but BLOCK.
FOLLOWED: dict[str, tuple[str, Options, dict[str, object]]] = {
    "export": (
        source("enable_fp_fusion=False, debug=True"),
        Options(enable_fp_fusion=False, debug=True),
        {},
    ),
    "export, None": (source("num_warps=None, maxnreg=None, debug=None"), Options(), {}),
    "the decorator": (source(jit="(debug=True)"), Options(debug=True), {}),
    "the decorator, overruled": (source("debug=False", jit="(debug=True)"), Options(), {}),
    "a constexpr over the decorator": (
        source('constexprs={"debug": 0}', jit="(debug=True)", parameters=DEBUG),
        Options(),
        {"debug": 0},
    ),
    "a constexpr": (
        source('constexprs={"debug": 1}', parameters=DEBUG),
        Options(debug=True),
        {"debug": 1},
    ),
    "a constexpr apart from the option": (
        source('constexprs={"debug": True}, debug=False', parameters=DEBUG),
        Options(),
        {"debug": True},
    ),
    "a constexpr with the decorator's value": (
        source(jit="(debug=True)", parameters=DEBUG + "= False"),
        Options(debug=True),
        {"debug": True},
    ),
    "a constexpr with the option's value": (
        source("num_warps=4", parameters=", num_warps: tl.constexpr = 16"),
        Options(),
        {"num_warps": 4},
    ),
    "a constexpr called as the option": (
        source('constexprs={"enable_fp_fusion": False}', parameters=ONE),
        Options(enable_fp_fusion=False),
        {"enable_fp_fusion": False},
    ),
    "a constexpr that is no option": (
        source('constexprs={"fp_fusion": False}', parameters=", fp_fusion: tl.constexpr"),
        Options(),
        {"fp_fusion": False},
    ),
    "a constexpr called as an option of AMD's": (
        source('constexprs={"waves_per_eu": 2}', parameters=", waves_per_eu: tl.constexpr"),
        Options(),
        {"waves_per_eu": 2},
    ),
    "a constexpr called as one that is not followed": (
        source('constexprs={"arch": 90}, arch=None', parameters=", arch: tl.constexpr"),
        Options(),
        {"arch": 90},
    ),
    "such a constexpr with its default": (
        source(parameters=', arch: tl.constexpr = "x"'),
        Options(),
        {"arch": "x"},
    ),
    "a configuration": (
        source(around=configured('"enable_fp_fusion": False, "sched4reg": None', ", maxnreg=64")),
        Options(enable_fp_fusion=False, maxnreg=64),
        {},
    ),
    "a configuration's own argument before its kwargs": (
        source(around=configured('"num_warps": 1, "maxnreg": 32')),
        Options(maxnreg=32),
        {},
    ),
    "a configuration, precision and overflow": (
        source(
            around=configured(
                '"default_dot_input_precision": "ieee", "sanitize_overflow": False, '
                '"ptx_version": 84, "debug": True, "enable_reflect_ftz": False'
            )
        ),
        Options(
            default_dot_input_precision="ieee",
            sanitize_overflow=False,
            ptx_version=84,
            debug=True,
            enable_reflect_ftz=False,
        ),
        {},
    ),
    "a configuration that says nothing of debug": (
        source("launch_pdl=True", around=configured('"BLOCK": 32'), jit="(debug=True)"),
        Options(debug=True, launch_pdl=True),
        {"BLOCK": 32},
    ),
    "a configuration with None for debug": (
        source(around=configured('"debug": None'), jit="(debug=True)"),
        Options(),
        {},
    ),
    "a configuration with what changes nothing": (
        source(around=configured('"warp_size": 32, "ptx_options": "", "extern_libs": None')),
        Options(),
        {},
    ),
    "a heuristic": (
        source(around=heuristic("enable_fp_fusion", False)),
        Options(enable_fp_fusion=False),
        {},
    ),
    "a heuristic above an autotuner": (
        source(around=heuristic("debug", True) + configured('"BLOCK": 32')),
        Options(debug=True),
        {"BLOCK": 32},
    ),
    "a heuristic below an autotuner": (
        source(around=configured('"debug": True') + heuristic("debug", False)),
        Options(),
        {},
    ),
    "torch's": (
        of_torch("enable_fp_fusion=False, launch_pdl=True, launch_cooperative_grid=True"),
        Options(
            enable_fp_fusion=False,
            launch_pdl=True,
            launch_cooperative_grid=True,
            debug=True,
            sanitize_overflow=False,
        ),
        {},
    ),
    "torch's, without its assertions": (
        of_torch('{"assert_indirect_indexing": False}, disable_ftz=True, native_matmul=False'),
        Options(enable_reflect_ftz=False, sanitize_overflow=False),
        {},
    ),
    "torch's, of which it says no types": (
        LAUNCHER + source(around="@compiled_by_torch(signature=None, debug=False)\n"),
        Options(sanitize_overflow=False),
        {},
    ),
    "torch's, overruled": (
        LAUNCHER + source("debug=False", around="@compiled_by_torch(debug=True)\n"),
        Options(sanitize_overflow=False),
        {},
    ),
}
