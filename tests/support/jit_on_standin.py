"""Triton's own JIT behind the stand-in driver: `kernel[grid](...)` compiles and launches.

Triton's driver.c and its launcher are built against the stand-in, which records the launches. A
tensor is what both the JIT and generated functions take, and there is no torch. Triton 3.4 to 3.9.

In this process: the fixture `jit`, or `installed()`. In a child: `run_child()`, or `run_program()`
for a program that knows nothing of tests (with Triton 3.9, whose driver does without torch).
"""

from __future__ import annotations

import contextlib
import ctypes
import math
import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from unittest import mock

from . import standin
from .calls import tensor
from .fake_tensor import DTYPES
from .library_tensor import ViewedTensor, current_streams
from .places import REPOSITORY

ADDRESS = 0x7F00_0000_0000
"""Of tensors that are given none."""

_TORCH_NAMES = {
    "i1": "bool",
    **{f"i{bits}": f"int{bits}" for bits in (8, 16, 32, 64)},
    **{f"u{bits}": f"uint{bits}" for bits in (8, 16, 32, 64)},
    "fp16": "float16",
    "bf16": "bfloat16",
    "fp32": "float32",
    "fp64": "float64",
    "fp8e4nv": "float8_e4m3fn",
    "fp8e5": "float8_e5m2",
}


class Dtype(tuple[int, int, int]):
    """DLPack's (code, bits, lanes), which prints as torch's dtype does: Triton reads the text."""

    def __str__(self) -> str:
        return _PRINTED[self]

    __repr__ = __str__

    @property
    def itemsize(self) -> int:
        return self[1] * self[2] // 8

    @property
    def is_floating_point(self) -> bool:
        return "float" in str(self)


_DTYPES = {name: Dtype(DTYPES[name]) for name in _TORCH_NAMES}
_PRINTED = {_DTYPES[name]: f"torch.{printed}" for name, printed in _TORCH_NAMES.items()}


class Tensor(ViewedTensor):
    """A tensor on a device: torch's methods that Triton, its wrappers and programs call."""

    def data_ptr(self) -> int:
        return self.address

    def numel(self) -> int:
        return math.prod(self.shape)

    def stride(self, axis: int) -> int:
        return self.strides[axis]


def on_device(
    *shape: int, dtype: str = "fp32", address: int = ADDRESS, device: int = 0, **more: Any
) -> Tensor:
    """A tensor without memory behind it; `more` as of `calls.tensor`."""
    plain = tensor(*shape, dtype=dtype, address=address, device=device, **more)
    made = Tensor(plain.array, dtype, device, address=address)
    made.dtype = _DTYPES[dtype]
    return made


@contextlib.contextmanager
def installed(cache: Path) -> Iterator[None]:
    """Within, Triton's driver is the stand-in, which has seen nothing. `cache` holds what the JIT
    compiles, so that tests with one folder compile once.

    Kernels that were launched before within such a context remember their images: `forget` them.
    """
    import triton

    standin.install()
    standin.reset()
    with mock.patch.dict(os.environ, _variables(cache)):
        driver = _driver()
        before = dict(vars(triton.runtime.driver))
        current_streams.update(dict.fromkeys(range(16), 0))
        triton.runtime.driver.set_active(driver)
        try:
            yield
        finally:
            vars(triton.runtime.driver).update(before)
            current_streams.clear()
            standin.reset()


def forget(*kernels: Any) -> None:
    """Let kernels be as if they were never launched: what they compiled, and what they tuned."""
    for kernel in kernels:
        inner = kernel
        while inner is not None:
            for cache in ("device_caches", "cache"):
                getattr(inner, cache, {}).clear()
            for kept in ("run", "do_bench"):
                inner.__dict__.pop(kept, None)
            inner = getattr(inner, "fn", None)


def innermost(kernel: Any) -> Any:
    """The JITFunction that autotuners and heuristics stand around."""
    while not hasattr(kernel, "device_caches"):
        kernel = kernel.fn
    return kernel


def environment(cache: Path, log: Path | None = None, **configuration: Any) -> dict[str, str]:
    """The environment in which a program's Triton launches through the stand-in.

    Its launches are appended to `log`, for `standin.read_log`; more is that of
    `standin.environment`.
    """
    return {**standin.environment(log=log, **configuration), **_variables(cache)}


def run_program(command: Sequence[str], cache: Path, **configuration: Any) -> str:
    """Run a program under `environment`; give its output.

    A program that fails is an AssertionError with its traceback.
    """
    variables = environment(cache, **configuration)
    variables["PYTHONPATH"] = str(REPOSITORY)
    child = subprocess.run(command, env=variables, capture_output=True, text=True, timeout=120)
    assert child.returncode == 0, f"the program ended with {child.returncode}\n{child.stderr}"
    return child.stdout


def run_child(
    source: str, cache: Path, *arguments: str, python: str = sys.executable, **configuration: Any
) -> str:
    """Run Python code in a process where this module is `installed`; give its output."""
    prelude = (
        "from pathlib import Path\nfrom tests.support import jit_on_standin\n"
        f"jit_on_standin.installed(Path({str(cache)!r})).__enter__()\n"
    )
    code = prelude + textwrap.dedent(source)
    return run_program([python, "-c", code, *arguments], cache, **configuration)


def _variables(cache: Path) -> dict[str, str]:
    return {
        "TRITON_CACHE_DIR": str(cache),
        "TRITON_LIBCUDA_PATH": str(standin.build().parent),
        "TRITON_DEFAULT_FP_FUSION": "1",  # Triton 3.9 warns where nothing is said
    }


_drivers: list[Any] = []


def _driver() -> Any:
    """Triton's driver for CUDA, but for what it asks torch: devices and streams."""
    if _drivers:
        return _drivers[0]
    from triton.backends.nvidia import driver as nvidia

    cuda = ctypes.CDLL(standin.SONAME)
    assert cuda.cuInit(0) == 0

    class StandinDriver(nvidia.CudaDriver):
        def __init__(self) -> None:
            # driver.c takes seconds to compile: kept beside the stand-in, whatever a test's cache.
            with mock.patch.dict(os.environ, TRITON_CACHE_DIR=str(standin.build().parent)):
                self.utils = nvidia.CudaUtils()
            self.launcher_cls = nvidia.CudaLauncher

        def get_current_device(self) -> int:
            device = ctypes.c_int()
            return device.value if cuda.cuCtxGetDevice(ctypes.byref(device)) == 0 else 0

        def set_current_device(self, device: int) -> None:
            standin.clear_contexts()
            standin.push_context(standin.primary_context(device))

        def get_device_capability(self, device: int) -> tuple[int, int]:
            parts = []
            for attribute in (75, 76):
                part = ctypes.c_int()
                assert cuda.cuDeviceGetAttribute(ctypes.byref(part), attribute, device) == 0
                parts.append(part.value)
            return parts[0], parts[1]

        def get_current_stream(self, device: int) -> int:
            return current_streams[device]

    _drivers.append(StandinDriver())
    return _drivers[0]
