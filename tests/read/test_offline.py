"""Kernel files that ask for the GPU hear of each target's, and are read and built for each SM."""

from __future__ import annotations

import contextlib
import json
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from triton.runtime import driver

from codegen.model.devices import DEVICES
from codegen.model.sm_count import SmCount
from codegen.model.targets import TARGETS
from codegen.read.loading import load
from codegen.read.offline.answers import NoGpu, answered
from codegen.read.offline.triton_driver import offline
from tests.support.places import REPOSITORY
from tests.support.project import HEADER, Project, new_project

pytestmark = pytest.mark.triton

SETTINGS = '[tool.codegen]\ntargets = ["sm_80", "sm_90", "compute_80"]\n'


def test_every_target_has_a_device() -> None:
    assert {target.capability for target in TARGETS.values()} == DEVICES.keys()


def test_the_driver_answers_as_the_target() -> None:
    for capability in DEVICES:
        with offline(capability) as device:
            active = driver.active
            assert not device.asked
            assert active.is_active() and active.get_current_device() == 0
            assert not device.asked
            target = active.get_current_target()
            assert (target.backend, target.arch, target.warp_size) == ("cuda", capability, 32)
            assert active.get_device_capability(0) == divmod(capability, 10)
            assert device.asked


# Shared memory of a block: the CUDA programming guide, by compute capability.
KIB_OF_BLOCK = {
    **{75: 64, 80: 163, 86: 99, 87: 163, 89: 99, 90: 227},
    **{100: 227, 103: 227, 110: 227, 120: 99, 121: 99},
}


@pytest.mark.parametrize("capability", DEVICES)
def test_the_properties_are_those_that_the_real_driver_has(capability: int) -> None:
    with offline(capability):
        found = driver.active.utils.get_device_properties(0)
    assert list(found) == [
        *("max_shared_mem", "max_num_regs", "multiprocessor_count", "warpSize"),
        *("sm_clock_rate", "mem_clock_rate", "mem_bus_width"),
    ]
    assert found["max_shared_mem"] == KIB_OF_BLOCK[capability] * 1024
    assert type(found["multiprocessor_count"]) is SmCount
    assert all(value > 0 for value in found.values())


NEED_A_GPU = (
    "launcher_cls",
    "get_current_stream",
    "get_empty_cache_for_benchmark",
    "utils.load_binary",
    "utils.launch",
)


@pytest.mark.parametrize("name", NEED_A_GPU)
def test_what_needs_a_gpu_is_refused(name: str) -> None:
    with offline(90):
        found: Any = driver.active
        for part in name.split("."):
            found = getattr(found, part)
        with pytest.raises(NoGpu) as caught:
            found(0)
    assert str(caught.value) == (
        f"`triton.runtime.driver.active.{name}` needs a GPU, and there is none while generating"
    )


def test_everything_is_put_back() -> None:
    before = {**vars(driver)}, dict(sys.modules), list(sys.meta_path)
    with offline(90):
        with contextlib.suppress(ValueError), offline(80):
            assert driver.active.get_current_target().arch == 80
            raise ValueError
        assert driver.active.get_current_target().arch == 90
    assert ({**vars(driver)}, dict(sys.modules), list(sys.meta_path)) == before


TORCH = """
import sys
from codegen.read.offline.triton_driver import offline
if {before}:
    import torch
    from triton.runtime import driver
with offline({capability}) as device:
    assert ("torch" in sys.modules) == {before}
    import torch
    from torch import cuda
    assert cuda.is_available() and (cuda.device_count(), cuda.current_device()) == (1, 0)
    assert torch.version.cuda >= "12.8"
    assert not device.asked
    known = cuda.get_device_properties("cuda")
    print(cuda.get_device_capability(), cuda.get_device_name(0), known.multi_processor_count)
    print(known.shared_memory_per_block_optin, cuda.is_bf16_supported(including_emulation=False))
    print(type(torch.__spec__.loader).__name__, device.asked)
    print(cuda.get_device_properties.__module__, cuda.get_device_properties.__name__)
    assert torch.device(cuda.current_device()) == torch.device("cuda", 0)
    table = torch.arange(3, device="cuda:0") + torch.ones(3, device=0).to(torch.device("cuda"))
    print(table.cuda().tolist(), table.to("cuda").device, torch.ones(1, device="meta").device)
    raw = torch._C._cuda_getCurrentRawStream
    assert raw(0) == 0
    for needs in (cuda.current_stream, cuda.synchronize):
        try:
            needs()
        except RuntimeError as error:
            print(error)
print(cuda.is_available(), cuda.device_count(), cuda._lazy_init.__module__)
assert torch.version.cuda == ("+cpu" not in torch.__version__ and torch.version.cuda or None)
try:
    torch.ones(1, device="cuda")
except Exception as error:
    print(isinstance(error, (AssertionError, RuntimeError)))
"""


@pytest.mark.torch
@pytest.mark.parametrize("before", [True, False])
def test_torch_answers_as_the_target_and_forgets_it(before: bool) -> None:
    source = TORCH.format(before=before, capability=75)
    done = subprocess.run(
        [sys.executable, "-c", source],
        cwd=REPOSITORY,
        env={"CUDA_VISIBLE_DEVICES": "", "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        check=False,
    )
    refused = "`torch.cuda` needs a GPU, and there is none while generating"
    assert (done.stderr, done.stdout.splitlines()) == (
        "",
        [
            "(7, 5) Tesla T4 40",
            "65536 False",
            "SourceFileLoader True",
            "torch.cuda get_device_properties",
            "[1.0, 2.0, 3.0] cpu meta",
            refused,
            refused,
            "False 0 torch.cuda",
            "True",
        ],
    )


ASKS = f"""{HEADER}
from triton.runtime import driver

CAPABILITY = driver.active.get_current_target().arch
FACTOR = tl.constexpr(float(CAPABILITY))


@export("demo.asks", types={{"out": "*fp32"}}, grid="explicit")
@triton.jit
def asks(out):
    tl.store(out, tl.load(out) * FACTOR)
"""
IN_KERNEL = f"""{HEADER}

@export("demo.in_kernel", types={{"out": "*fp32"}}, grid="explicit")
@triton.jit
def in_kernel(out):
    if tl.target_info.cuda_capability_geq(9, 0):
        tl.store(out, tl.load(out) * 9.0)
    else:
        tl.store(out, tl.load(out) * 8.0)
"""
IMPORTS_IT = f"""{HEADER}
from .asks import FACTOR


@export("demo.imports", types={{"out": "*fp32"}}, grid="explicit")
@triton.jit
def imports(out):
    tl.store(out, tl.load(out) * FACTOR)
"""
QUIET = f"""{HEADER}
@export("demo.quiet", types={{"out": "*fp32"}}, grid="explicit")
@triton.jit
def quiet(out):
    tl.store(out, 2 * tl.load(out))
"""


def images(project: Project, name: str) -> dict[str, bytes]:
    manifest = json.loads((project.output / "MANIFEST.json").read_bytes())
    found = manifest["functions"][f"demo.{name}"]["variants"]["generic"]["images"]
    return {
        target: (project.output / image["file"]).read_bytes() for target, image in found.items()
    }


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    files = {
        "pyproject.toml": SETTINGS,
        "kernels/asks.py": ASKS,
        "kernels/before.py": IMPORTS_IT.replace("demo.imports", "demo.before"),
        "kernels/imports.py": IMPORTS_IT,
        "kernels/in_kernel.py": IN_KERNEL,
        "kernels/quiet.py": QUIET,
    }
    made = new_project(tmp_path_factory.mktemp("asking"), files)
    result = made.child("regenerate", "-j", "2")
    assert result.code == 0, result.err
    return made


def numbers(image: bytes) -> set[float]:
    """Which of these floats are in an image: little-endian in a cubin, by their bits in PTX."""
    spelt = {value: struct.pack(">f", value) for value in (8.0, 9.0, 80.0, 90.0)}
    return {
        value
        for value, encoded in spelt.items()
        if encoded[::-1] in image or f"0f{encoded.hex().upper()}".encode() in image
    }


@pytest.mark.parametrize("name", ["asks", "before", "imports"])
def test_each_image_has_what_its_sm_said_at_import(project: Project, name: str) -> None:
    found = {target: numbers(image) for target, image in images(project, name).items()}
    assert found == {"sm_80": {80.0}, "sm_90": {90.0}, "compute_80": {80.0}}


def test_a_kernel_that_asks_while_it_is_compiled_hears_of_its_target(project: Project) -> None:
    found = {target: numbers(image) for target, image in images(project, "in_kernel").items()}
    assert found == {"sm_80": {8.0}, "sm_90": {9.0}, "compute_80": {8.0}}


def test_one_worker_makes_the_same_bytes(project: Project) -> None:
    before = project.tree()
    result = project.child("regenerate", "--rebuild", "-j", "1")
    assert result.code == 0, result.err
    assert project.tree() == before


def test_what_a_module_heard_is_known_while_it_is_loaded(tmp_path: Path) -> None:
    made = new_project(tmp_path, {"kernels/asks.py": ASKS})
    with made.inside():
        with offline(90) as device:
            load(made.folder / "kernels", "asks.py")
        assert device.asked and answered() == {90}
    assert answered() == set()


NEEDS = {
    "a stream": (
        "\ndriver.active.get_current_stream(0)\n",
        "kernels/some.py:10: the kernel file cannot be imported: "
        "`triton.runtime.driver.active.get_current_stream` needs a GPU, and there is none while "
        "generating",
    ),
    "a launch": (
        "\n@triton.jit\ndef empty(): pass\n\nempty[(1,)]()\n",
        "kernels/some.py:13: the kernel file cannot be imported: "
        "`triton.runtime.driver.active.get_current_stream` needs a GPU, and there is none while "
        "generating",
    ),
    "in what it imports": (
        "\nfrom . import other\n",
        "kernels/some.py:10: the kernel file cannot be imported: `do_bench` needs a GPU, and there "
        "is none while generating (kernels/other.py, line 2)",
    ),
}


@pytest.mark.parametrize("case", NEEDS)
def test_a_kernel_file_that_needs_a_gpu(tmp_path: Path, case: str) -> None:
    source, message = NEEDS[case]
    files = {
        "kernels/some.py": f"{HEADER}\nfrom triton.runtime import driver\n{source}",
        "kernels/other.py": "from triton.runtime import driver\n"
        "driver.active.get_benchmarker()(lambda: None, quantiles=[0.5])\n",
    }
    made = new_project(tmp_path, {"pyproject.toml": SETTINGS, **files})
    result = made.run("regenerate", "kernels/some.py")
    assert result.errors == [
        f"error: {message}",
        "  hint: call it where kernels are launched, which is after the import",
        "1 error; nothing was written",
    ]
