"""Configurations that one target has no room for: another is launched there, device by device."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from codegen.compile.planning import plan_of
from codegen.model.devices import DEVICES
from codegen.model.errors import CannotBuild, CodegenError
from codegen.model.image import Image
from codegen.model.kernel import Kernel, Variant
from codegen.model.plan import Plan
from codegen.model.request import CompileRequest
from codegen.model.targets import Target
from codegen.render.manifest_entries import functions_of
from codegen.report import inspection
from codegen.variants.axes.configuration import ConfigurationAxis
from tests.support import made, standin
from tests.support.plans import axis_of
from tests.support.project import HEADER, new_project

SOURCE = """
@export("tests.k", types={"x": "*fp16 | *fp32"}, grid=lambda BLOCK, x: (1024 // BLOCK, sm_count()))
@triton.autotune([triton.Config({"BLOCK": block}) for block in (64, 128, 256)], key=[])
@triton.jit
def k(x, BLOCK: tl.constexpr):
    pass
"""
PTX = {number: Target(number, is_ptx=True) for number in (80, 86, 90)}
LABEL = "fp32-config_2-generic"


def planned(kernel: Kernel, shared: Mapping[tuple[int, int], int], numbers: list[int]) -> Plan:
    """A plan in which images need this much shared memory, by BLOCK and target."""

    def result(variant: Variant, target: Target) -> tuple[CompileRequest, Image]:
        needed = shared.get((variant.constexprs["BLOCK"], target.capability), 1024)  # type: ignore[arg-type]
        request = CompileRequest("", kernel.file, kernel.name, variant, target, "key")
        return request, made.image(kernel, variant, target, needed)

    targets = [PTX[number] for number in numbers]
    variants = kernel.specialisation.variants
    return plan_of(kernel, [[result(v, target) for target in targets] for v in variants])


def needed(plan: Plan) -> Mapping[tuple[int, ...], Mapping[Target, tuple[int | None, ...]]]:
    assert plan.shared_memory is not None
    return plan.shared_memory.rows


@pytest.fixture
def kernel(tmp_path: Path) -> Kernel:
    (found,) = made.read(tmp_path, SOURCE)
    return found


def test_each_device_gets_a_configuration_that_fits(kernel: Kernel, tmp_path: Path) -> None:
    # sm_80 has room for 166912 bytes, sm_86 for 101376, sm_90 for 232448.
    shared = {(256, 80): 200_000, (256, 86): 200_000, (128, 86): 120_000, (256, 90): 200_000}
    plan = planned(kernel, shared, [80, 86, 90])
    assert needed(plan) == {
        (): {
            PTX[80]: (1024, 1024, None),
            PTX[86]: (1024, None, None),
            PTX[90]: (1024, 1024, 200_000),
        }
    }
    library = made.build(tmp_path / "made", [plan])
    source = """
    import sys, json, tvm_ffi
    from tests.support.calls import tensor
    call = tvm_ffi.load_module(sys.argv[1])["k"]
    for device in range(4):
        for configuration in range(3):
            standin.reset()
            call(tensor(8, dtype="fp16", device=device), configuration)
            launch = standin.launch()
            print(launch.image.target, launch.device, launch.grid[0], launch.grid[1])
    """
    path = library.path
    printed = standin.run_child(source, str(path), devices=[80, 86, 90, 120])
    rows = [line.split() for line in printed.splitlines()]
    blocks = {80: [64, 128, 64], 86: [64, 64, 64], 90: [64, 128, 256], 120: [64, 128, 64]}
    expected = [
        (f"sm_{min(number, 90)}", str(device), str(1024 // block))
        for device, number in enumerate(blocks)
        for block in blocks[number]
    ]
    assert [tuple(row[:3]) for row in rows] == expected


def test_what_is_missing_is_said(kernel: Kernel, capsys: pytest.CaptureFixture[str]) -> None:
    plan = planned(kernel, {(256, 86): 101_377}, [80, 86])
    reason = "needs 101377 bytes of shared memory, and a block can have 101376"
    assert DEVICES[86].shared_optin == 101_376
    entry = functions_of([plan])[kernel.name]
    assert entry["omitted"] == [
        {"variant": f"{dtype}-config_2-{hints}", "target": "compute_86", "reason": reason}
        for dtype in ("fp16", "fp32")
        for hints in ("aligned", "generic")
    ]
    assert "compute_86" not in entry["variants"][LABEL]["images"]
    inspection(kernel.name, entry)
    assert f"  no compute_86 image of {LABEL}: {reason}\n" in capsys.readouterr().out


def test_nothing_left_is_an_error(kernel: Kernel) -> None:
    shared = {(block, 86): 200_000 for block in (64, 128, 256)}
    with pytest.raises(CodegenError) as caught:
        planned(kernel, shared, [80, 86])
    lines = [
        f"\n    fp16-config_{number}-{hints} compute_86: needs 200000 bytes of shared memory, and "
        "a block can have 101376"
        for number in range(2)
        for hints in ("aligned", "generic")
    ]
    assert caught.value.message == f"`tests.k`: no image is left for compute_86{''.join(lines)}"
    assert caught.value.hint == "build other configurations, or limit the targets"
    assert caught.value.where == kernel.location


def test_nothing_left_without_configurations(tmp_path: Path) -> None:
    (one,) = made.read(
        tmp_path,
        '@export("tests.one", types={"x": "*fp32"}, grid=lambda: (1,), optional_targets=True)\n'
        "@triton.jit\ndef one(x, BLOCK: tl.constexpr = 0): pass\n",
    )
    with pytest.raises(CodegenError) as caught:
        planned(one, {(0, 86): 200_000}, [86])
    assert caught.value.message.startswith("`tests.one`: no image is left of its variant `aligned`")
    assert caught.value.hint == (
        "limit what its types and constexprs let calls choose, or the targets; what is never None "
        "has a type without it in types"
    )


def test_a_device_with_room_for_none(kernel: Kernel, tmp_path: Path) -> None:
    shared = {(block, 80): 110_000 + block for block in (64, 128, 256)}
    library = made.build(tmp_path / "made", [planned(kernel, shared, [80])])
    source = """
    import sys, tvm_ffi
    from tests.support.calls import tensor
    call = tvm_ffi.load_module(sys.argv[1])["k"]
    call(tensor(8, dtype="fp16"), 2)
    try:
        call(tensor(8, dtype="fp16", device=1), 2)
    except RuntimeError as error:
        print(str(error).partition("\\n")[0])
    """
    path = library.path
    printed = standin.run_child(source, str(path), devices=[80, 120])
    assert printed == (
        "tests.k: cannot launch on cuda:1: each configuration needs 110064 bytes of shared memory "
        "per block or more, and the device has 101376\n"
    )


BY_SM = """
from triton.runtime import driver

BLOCKS = (64, 128) if driver.active.get_current_target().arch >= 90 else (256, 64)


@export("demo.some", types={"n": "i32"}, grid=lambda BLOCK: (BLOCK,))
@triton.autotune([triton.Config({"BLOCK": block}) for block in BLOCKS], key=[])
@triton.jit
def some(n, BLOCK: tl.constexpr):
    pass
"""


@pytest.mark.slow
@pytest.mark.triton
def test_each_target_has_the_configurations_that_the_kernel_has_for_its_sm(tmp_path: Path) -> None:
    pyproject = '[tool.codegen]\ntargets = ["sm_80", "sm_90"]\n'
    project = new_project(tmp_path, {"pyproject.toml": pyproject, "kernels/a.py": HEADER + BY_SM})
    assert project.run("regenerate").code == 0
    entry = json.loads((project.output / "MANIFEST.json").read_text())["functions"]["demo.some"]
    built = {label: list(variant["images"]) for label, variant in entry["variants"].items()}
    assert built == {
        "config_0": ["sm_80"],
        "config_1": ["sm_80", "sm_90"],
        "config_2": ["sm_90"],
    }
    reason = "the kernel's own list of configurations lacks this one for the SM"
    assert entry["omitted"] == [
        {"variant": "config_0", "target": "sm_90", "reason": reason},
        {"variant": "config_2", "target": "sm_80", "reason": reason},
    ]
    assert entry["configurations"]["shared"] == [
        {"conditions": [], "bytes": {"sm_80": [0, 0, None], "sm_90": [None, 0, 0]}}
    ]
    tree = project.tree()
    assert project.run("regenerate", "--rebuild").code == 0
    assert project.tree() == tree


def test_where_all_fit_nothing_is_asked(kernel: Kernel) -> None:
    """What 80 and 90 have room for may still be too much for what comes after 80."""
    assert planned(kernel, {(256, 80): 90_000}, [80]).shared_memory is None
    plan = planned(kernel, {(256, 80): 110_000}, [80])
    assert needed(plan) == {(): {PTX[80]: (1024, 1024, 110_000)}}


SPLIT = """
@export("tests.s", types={"x": "*fp32"}, grid=lambda BLOCK: (BLOCK,), optional_targets=True,
        constexprs={"MODE": ["plain", "split", "tail"], "FAST": [0, 1]})
@triton.autotune([triton.Config({"BLOCK": block}) for block in (64, 128)], key=[])
@triton.jit
def s(x, MODE: tl.constexpr, FAST: tl.constexpr, BLOCK: tl.constexpr):
    pass
"""
# What sm_80 cannot have: one of the configurations split, and all of them with a tail.
MISSING = {("split", 64), ("tail", 64), ("tail", 128)}


def split(tmp_path: Path, text: str = SPLIT) -> Plan:
    def is_missing(variant: Variant) -> bool:
        return (variant.constexprs["MODE"], variant.constexprs["BLOCK"]) in MISSING

    return without(tmp_path, text, is_missing)


def without(tmp_path: Path, text: str, is_missing: Callable[[Variant], bool]) -> Plan:
    """A plan in which sm_80 lacks some variants."""
    (kernel,) = made.read(tmp_path, text)

    def result(variant: Variant, target: Target) -> tuple[CompileRequest, Image | CodegenError]:
        request = CompileRequest("", kernel.file, kernel.name, variant, target, "key")
        if target.capability == 80 and is_missing(variant):
            return request, CannotBuild("it needs sm_90", subject=str(request))
        return request, made.image(kernel, variant, target)

    return plan_of(
        kernel,
        [[result(v, PTX[number]) for number in (80, 90)] for v in kernel.specialisation.variants],
    )


def test_a_configuration_is_replaced_for_the_choices_that_lack_it(tmp_path: Path) -> None:
    plan = split(tmp_path)
    assert plan.shared_memory is not None
    axes = plan.kernel.specialisation.axes
    assert [axes[place].parameters for place in plan.shared_memory.axes] == [("MODE",)]
    assert needed(plan) == {
        (0,): {PTX[80]: (0, 0), PTX[90]: (0, 0)},
        (1,): {PTX[80]: (None, 0), PTX[90]: (0, 0)},
        (2,): {PTX[80]: (None, None), PTX[90]: (0, 0)},
    }
    configurations = axis_of(plan.kernel, ConfigurationAxis).entry(plan)
    assert configurations["shared"][1] == {
        "conditions": [{"kind": "constexpr", "of": ["MODE"], "is": ["split"]}],
        "bytes": {"compute_80": [None, 0], "compute_90": [0, 0]},
    }
    library = made.build(tmp_path / "made", [plan])
    source = """
    import sys, tvm_ffi
    from tests.support.calls import tensor
    call = tvm_ffi.load_module(sys.argv[1])["s"]
    for device in range(2):
        for mode in ("plain", "split", "tail"):
            for fast in (0, 1):
                standin.reset()
                try:
                    call(tensor(8, dtype="fp32", device=device), mode, fast, 0)
                    print(mode, standin.launch().grid[0])
                except RuntimeError as error:
                    print(str(error).partition("\\n")[0])
    """
    path = library.path
    printed = standin.run_child(source, str(path), devices=[80, 90])
    sentence = (
        "tests.s: cannot launch on cuda:0: for these arguments the library has no image for its "
        "compute capability"
    )
    assert printed.splitlines() == [
        *["plain 64"] * 2,
        *["split 128"] * 2,
        *[sentence] * 2,
        *["plain 64"] * 2,
        *["split 64"] * 2,
        *["tail 64"] * 2,
    ]


def test_a_kind_of_call_without_a_configuration_is_an_error_unless_targets_are_optional(
    tmp_path: Path,
) -> None:
    with pytest.raises(CodegenError) as caught:
        split(tmp_path, SPLIT.replace(", optional_targets=True", ""))
    assert caught.value.message.partition("\n")[0] == "`tests.s`: no image is left for compute_80"


AUTOTUNER = "@triton.autotune([triton.Config({'BLOCK': block}) for block in (64, 128)], key=[])\n"
HEURISTIC = "@triton.heuristics({'BIG': lambda args: args['n'] > 100})\n"
EXPORT = "@export('tests.h', types={'x': '*fp32', 'n': 'i32'}, grid=lambda: (1,), "
KERNEL = "@triton.jit\ndef h(x, n, BLOCK: tl.constexpr, BIG: tl.constexpr): pass\n"
WHOLE, NO_FIRST = ({PTX[80]: first, PTX[90]: (0, 0)} for first in ((0, 0), (None, 0)))


@pytest.mark.parametrize(
    ("decorators", "is_missing", "rows"),
    [
        (HEURISTIC + AUTOTUNER, "BIG", {(0,): NO_FIRST, (1,): WHOLE}),
        (AUTOTUNER + HEURISTIC, "BIG", {(): NO_FIRST}),
        (HEURISTIC + AUTOTUNER, "aligned", {(): NO_FIRST}),
    ],
)
def test_only_what_is_decided_before_the_configuration_keeps_it_for_some_calls(
    tmp_path: Path, decorators: str, is_missing: str, rows: object
) -> None:
    def lacks(variant: Variant) -> bool:
        is_so = variant.constexprs["BIG"] if is_missing == "BIG" else variant.divisible
        return bool(is_so) and variant.constexprs["BLOCK"] == 64

    text = f"{EXPORT}optional_targets=True)\n{decorators}{KERNEL}"
    assert needed(without(tmp_path, text, lacks)) == rows
