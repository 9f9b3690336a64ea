"""Triton's own JIT, behind the stand-in driver: what it launches is what it was given."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from tests.kernels.launched import add
from tests.support import jit_on_standin as rig
from tests.support import standin
from tests.support.library_tensor import current_streams

X, Y, OUT = 0x7F00_0000_1000, 0x7F00_0000_2000, 0x7F00_0000_3000


def grid(arguments: dict[str, Any]) -> tuple[int]:
    return (-(-arguments["n"] // arguments["BLOCK"]),)


def tensors(**more: Any) -> list[rig.Tensor]:
    return [rig.on_device(1000, address=address, **more) for address in (X, Y, OUT)]


def test_a_launch_is_seen_as_the_jit_makes_it(jit: Path) -> None:
    compiled = add[grid](*tensors(), 1000, BLOCK=128, num_warps=8)
    launch = standin.launch()
    assert (launch.kernel, launch.grid, launch.block) == ("add", (8, 1, 1), (256, 1, 1))
    assert launch.values("*fp32", "*fp32", "*fp32", "i32") == (X, Y, OUT, 1000)
    assert launch.image.matches(compiled.asm["cubin"])
    assert (launch.image.target, launch.device, launch.stream) == ("sm_90a", 0, 0)
    assert 0 < compiled.n_regs < 256
    assert compiled.n_spills == 0


def test_the_current_device_and_stream_are_those_of_the_launch(jit: Path) -> None:
    current_streams[1] = 0x5EED
    with standin.context(standin.primary_context(1)):
        add[(1,)](*tensors(device=1), 7, BLOCK=128)
    launch = standin.launch()
    assert (launch.device, launch.stream) == (1, 0x5EED)


@pytest.mark.parametrize(("dtype", "printed"), [("bf16", "bfloat16"), ("i1", "bool")])
def test_a_dtype_prints_as_that_of_torch(dtype: str, printed: str) -> None:
    assert str(rig.on_device(8, dtype=dtype).dtype) == f"torch.{printed}"


def test_a_forgotten_kernel_is_compiled_again(jit: Path) -> None:
    add[(1,)](*tensors(), 1, BLOCK=128)
    loads = standin.calls("cuModuleLoadData")
    add[(1,)](*tensors(), 1, BLOCK=128)
    assert standin.calls("cuModuleLoadData") == loads
    rig.forget(add)
    add[(1,)](*tensors(), 1, BLOCK=128)
    assert standin.calls("cuModuleLoadData") == loads + 1


def test_without_a_driver_of_torch_a_program_needs_an_environment_alone(
    jit: Path, tmp_path: Path
) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        "from tests.kernels.launched import add\n"
        "class Tensor:\n"
        "    dtype = 'fp16'\n"
        "    def data_ptr(self): return 4096\n"
        "add[(2,)](Tensor(), Tensor(), Tensor(), 3, BLOCK=128)\n"
    )
    log = tmp_path / "launches"
    rig.run_program([sys.executable, str(program)], jit, log=log)
    (launch,) = standin.read_log(log)
    assert launch.values("*fp16", "*fp16", "*fp16", "i32") == (4096, 4096, 4096, 3)
    assert launch.grid == (2, 1, 1)


def test_a_child_has_its_own_devices(jit: Path) -> None:
    source = """
        from tests.kernels.launched import add
        from tests.support import standin
        x = jit_on_standin.on_device(8)
        add[(1,)](x, x, x, 8, BLOCK=128)
        print(standin.launch().image.target)
    """
    assert rig.run_child(source, jit, devices=[80]) == "sm_80\n"
