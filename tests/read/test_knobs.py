"""Settings of Triton's own that a kernel file changes: refused, and as they were behind it."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from triton import knobs

from codegen.model.errors import CodegenError, CodegenErrors
from codegen.read import knobs as ours
from tests.support import made

pytestmark = pytest.mark.triton

HARMLESS = {
    # What kernels are called with, what is told to whom, and what is kept.
    *("interpret", "jit_cache_hook", "jit_post_compile_hook", "listener", "dump_ir"),
    *("launch_enter_hook", "launch_exit_hook", "kernel_load_start_hook", "kernel_load_end_hook"),
    *("kernel_unload_hook", "store_binary_only", "always_compile", "front_end_debugging"),
    # Whether a kernel can be compiled, and not to what.
    "allow_non_constexpr_globals",
    *("cuobjdump", "nvdisasm", "dump_nvptx", "dump_ptxas_log", "libcuda_path"),
}
KERNEL = """
import os
{}

@export("tests.k", types={{"x": "*fp32"}}, grid=lambda: (1,))
@triton.jit
def k(x):
    tl.device_assert(tl.load(x) > 0)
"""
SAY = "say it in the declaration"
CHANGES = {
    "triton.knobs.runtime.debug = True": ("runtime.debug", f"{SAY}: debug=True"),
    'os.environ["TRITON_DEBUG"] = "1"': ("runtime.debug", f"{SAY}: debug=True"),
    'triton.knobs.language.fp32_default = "ieee"': (
        "language.fp32_default",
        f'{SAY}, as in default_dot_input_precision="ieee"',
    ),
    'os.environ["TRITON_DEFAULT_FP_FUSION"] = "0"': (
        "language.default_fp_fusion",
        f"{SAY}: enable_fp_fusion=False",
    ),
    "triton.knobs.language.force_disable_fp_fusion = True": (
        "language.force_disable_fp_fusion",
        f"{SAY}: enable_fp_fusion=False",
    ),
    'triton.knobs.nvidia.ptxas = "/bin/true"': ("nvidia.ptxas", "leave it as it is"),
    'os.environ["PTXAS_OPTIONS"] = "-O0"': ("nvidia.ptxas_options", "leave it as it is"),
    "triton.knobs.runtime.add_stages_inspection_hook = print": (
        "runtime.add_stages_inspection_hook",
        "leave it as it is",
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_decides_what_is_compiled_is_refused(tmp_path: Path, change: str) -> None:
    before = {group: dict(vars(getattr(knobs, group))) for group in ours.DECIDING}
    environment = dict(os.environ)
    name, hint = CHANGES[change]
    group, _, knob = name.partition(".")
    if not hasattr(getattr(knobs, group), knob):
        pytest.skip("this version of Triton has no such setting")
    message = (
        f"the import of the kernel file sets triton.knobs.{name}, which holds for all kernels of a "
        "process, and is not followed"
    )
    with pytest.raises((CodegenError, CodegenErrors), match=re.escape(message)) as caught:
        made.read(tmp_path, KERNEL.format(change))
    errors = getattr(caught.value, "errors", (caught.value,))
    assert [(error.message, error.hint) for error in errors] == [(message, hint)]
    assert {group: dict(vars(getattr(knobs, group))) for group in ours.DECIDING} == before
    assert dict(os.environ) == environment


@pytest.mark.parametrize("change", ["os.environ.clear()", "triton.knobs.compilation.reset()"])
def test_what_the_generator_sets_stays(
    tmp_path: Path, change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Line info would hold the paths of this machine."""
    monkeypatch.setenv("TRITON_DISABLE_LINE_INFO", "1")
    before = dict(os.environ)
    made.read(tmp_path, KERNEL.format(change))
    assert knobs.compilation.disable_line_info
    os.environ.update(before)


@pytest.mark.parametrize(
    "change",
    [
        "triton.knobs.runtime.debug = False",
        'os.environ["TRITON_DEBUG"] = "0"',
        "triton.knobs.language.default_fp_fusion = True",
    ],
)
def test_what_changes_nothing_is_fine(
    tmp_path: Path, change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("TRITON_DEBUG", "TRITON_DEFAULT_FP_FUSION"):
        monkeypatch.delenv(variable, raising=False)
    with knobs.language.scope(), knobs.runtime.scope():
        (kernel,) = made.read(tmp_path, KERNEL.format(change))
    monkeypatch.undo()
    assert not kernel.options.debug


def test_every_setting_of_triton_is_refused_or_known_to_decide_nothing() -> None:
    for group in ("runtime", "compilation", "language", "nvidia"):
        fields = vars(type(getattr(knobs, group)))
        methods = {"fp_fusion_enabled"}
        names = {name for name in fields if not name.startswith("_")} - methods
        unknown = names - HARMLESS - {*ours.DECIDING[group]}
        assert not unknown, (group, unknown)
