"""Kernel files whose kernels differ by SM: what may differ, and what may not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from codegen.model.errors import CodegenError
from codegen.model.targets import Target
from codegen.read.reading import Reading
from codegen.variants.axes.configuration import ConfigurationAxis
from tests.support.plans import axis_of
from tests.support.project import HEADER, new_project
from tests.support.readings import readings_of


def read(folder: Path, sources: dict[str, str], *targets: int) -> dict[str, Reading]:
    """What files of these names say."""
    made = new_project(folder, {f"kernels/{name}": text for name, text in sources.items()})
    with made.inside():
        readings = readings_of(made.folder / "kernels", [*sources], [*map(Target, targets)], 2)
        # While the folder is the current one, which messages leave out of paths.
        errors = {r.file: [CodegenError(str(error)) for error in r.errors] for r in readings}
    return {r.file: replace(r, errors=tuple(errors[r.file])) for r in readings}


TOP = f"""{HEADER}
from triton.runtime import driver

IS_NEW = driver.active.get_current_target().arch >= 90
"""
KERNEL = '@export("demo.some", types={"out": "*fp32"}, grid="explicit"'
BODY = ")\n@triton.jit\ndef some(out, N: tl.constexpr = 1):\n    pass\n"
USED = f"{TOP}FACTOR = tl.constexpr(str(driver.active.get_device_capability()))\n{KERNEL}" + (
    ")\n@triton.jit\ndef used(out):\n    tl.static_assert(FACTOR)\n"
)
HINT = "\n  hint: export the kernel under a name for each of them, with targets=[...]"
SOME = "kernels/{file}:11: `demo.some`"
MAY_NOT = {
    "constexpr": (
        f"{TOP}{KERNEL}, constexprs={{'N': 128 if IS_NEW else 64}}{BODY}",
        f"{SOME}: the choices of parameter `N` may not depend on the SM, got `64` for sm_80, sm_86 "
        f"and `128` for sm_90{HINT}",
    ),
    "option": (
        f"{TOP}{KERNEL}, num_warps=8 if IS_NEW else 4{BODY}",
        f"{SOME}: the num_warps may not depend on the SM, got `4` for sm_80, sm_86 and `8` for "
        f"sm_90{HINT}",
    ),
    "only for some": (
        f"{TOP}if IS_NEW:\n    " + f"{KERNEL}{BODY}".replace("\n", "\n    ").rstrip(" "),
        "kernels/{file}:12: `demo.some` is declared for sm_90, and not for sm_80, sm_86\n"
        "  hint: limit it to the targets that have it: targets=[...]",
    ),
    "only imported for some": (
        f"{TOP}assert IS_NEW, 'too old'\n{KERNEL}{BODY}",
        "kernels/{file}:11: the kernel file cannot be imported: AssertionError: too old (for "
        "sm_80, sm_86)\n"
        "  hint: `python -c 'import kernels.{stem}'` in the project's folder shows where it "
        "happens",
    ),
    "number of SMs in a constexpr": (
        f"{TOP}SMS = driver.active.utils.get_device_properties(0)['multiprocessor_count']\n"
        f"{KERNEL}, constexprs={{'N': SMS}}{BODY}",
        "kernels/{file}:12: `demo.some` parameter `N`: its value is the number of SMs, which only "
        "the device of a call has\n"
        "  hint: give it a number, or list those of your devices, with a heuristic around the "
        "kernel that gives sm_count() (docs/declaration.md#heuristics)",
    ),
    "number of SMs in a kernel": (
        f"{TOP}SMS = tl.constexpr(driver.active.utils.get_device_properties(0)"
        f"['multiprocessor_count'])\n{KERNEL}{BODY}".replace("pass", "tl.store(out, SMS)"),
        "kernels/{file}:12: `demo.some`: `some` reads `SMS`, the number of SMs, which only the "
        "device of a call has\n"
        "  hint: make it a run-time parameter, or give it a number",
    ),
}
CONFIGURED = (
    f"{TOP}SIZES = (64, 128) if IS_NEW else (256, 64)\n"
    f"{KERNEL})\n@triton.autotune([triton.Config({{'N': n}}) for n in SIZES], [])\n@triton.jit\n"
    "def some(out, N: tl.constexpr): pass\n"
)
LIMITED = f'{KERNEL}, targets=["sm_90"]{BODY}'.replace("\n", "\n    ").rstrip(" ")


def file_of(case: str) -> str:
    return f"{case.replace(' ', '_')}.py"


@pytest.fixture(scope="module")
def readings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Reading]:
    """Each case read for sm_80, sm_86 and sm_90."""
    sources = {file_of(case): source for case, (source, _) in MAY_NOT.items()}
    sources |= {"used.py": USED, "unused.py": f"{TOP}{KERNEL}{BODY}"}
    sources["configured.py"] = CONFIGURED
    sources["limited.py"] = f"{TOP}if IS_NEW:\n    {LIMITED}"
    return read(tmp_path_factory.mktemp("many"), sources, 80, 86, 90)


@pytest.mark.parametrize("case", MAY_NOT)
def test_what_may_not_depend_on_the_sm(readings: dict[str, Reading], case: str) -> None:
    file = file_of(case)
    message = MAY_NOT[case][1].replace("{file}", file).replace("{stem}", file[:-3])
    assert [str(error) for error in readings[file].errors] == [message]
    assert readings[file].kernels == ()


def test_a_kernel_may_exist_for_the_targets_that_it_is_limited_to(
    readings: dict[str, Reading],
) -> None:
    (kernel,) = readings["limited.py"].kernels
    assert [*kernel.source_keys] == [90]


def test_configurations_of_all_sms_are_united(readings: dict[str, Reading]) -> None:
    (kernel,) = readings["configured.py"].kernels
    axis = axis_of(kernel, ConfigurationAxis)
    assert [str(value) for value in axis.configurations] == [
        f"N={size}, num_warps=4, num_stages=3" for size in (256, 64, 128)
    ]
    assert kernel.lacking_for == {80: (2,), 86: (2,), 90: (0,)}


def test_the_source_key_differs_where_the_kernel_does(readings: dict[str, Reading]) -> None:
    counts = {
        file: len(set(readings[file].kernels[0].source_keys.values()))
        for file in ("used.py", "unused.py")
    }
    assert counts == {"used.py": 3, "unused.py": 1}


def test_where_nothing_differs_the_source_key_is_that_of_one_sm(
    readings: dict[str, Reading], tmp_path: Path
) -> None:
    (alone,) = read(tmp_path, {"unused.py": f"{TOP}{KERNEL}{BODY}"}, 90).values()
    (kernel,) = readings["unused.py"].kernels
    assert set(kernel.source_keys.values()) == {alone.kernels[0].source_key}


def test_a_file_that_ends_the_child(tmp_path: Path) -> None:
    source = f"{TOP}import os\nif IS_NEW: os.abort()\n{KERNEL}{BODY}"
    (reading,) = read(tmp_path, {"some.py": source}, 80, 90).values()
    assert [str(error) for error in reading.errors] == [
        "kernels/some.py:1: the kernel file ends the process that imports it: SIGABRT (for sm_90)\n"
        "  hint: `python -c 'import kernels.some'` in the project's folder shows where it happens"
    ]


def test_one_target_is_read_once(tmp_path: Path) -> None:
    source = f"{TOP}{KERNEL}, num_warps=8 if IS_NEW else 4{BODY}"
    (reading,) = read(tmp_path, {"some.py": source}, 90).values()
    (kernel,) = reading.kernels
    assert (reading.errors, kernel.options.num_warps, kernel.source_keys) == ((), 8, {})
