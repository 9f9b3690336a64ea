"""Bursts of others that launch the same kernels: Triton, CuPy, cuda.core, torch, tvm-ffi's C++."""

from __future__ import annotations

import ctypes
import importlib
from collections.abc import Callable, Sequence
from typing import Any

from benchmarks import cubin_wrapper
from benchmarks.cases import ALPHA, Burst, Case
from benchmarks.from_python import burst_of, call_burst

JIT = "Triton JIT, kernel[grid]"

Maker = Callable[[Case, Sequence[Any], int], Burst]


def bursts(case: Case, tensors: Sequence[Any], stream: int) -> tuple[dict[str, Burst], list[str]]:
    """Those of one kernel with torch tensors, on torch's current stream; and why others lack."""
    found, missing = {}, []
    for name, make in MAKERS.items():
        if name == TORCH and case.symbol != "arguments_5":
            continue
        try:
            found[name] = make(case, tensors, stream)
            found[name](1)
        except Exception as error:  # a peer that is not installed, or another version of it
            found.pop(name, None)
            missing.append(f"{name}, {case.count} arguments: {type(error).__name__}: {error}")
    return found, missing


def _kernel(case: Case) -> Any:
    return getattr(importlib.import_module("benchmarks.kernels.launches"), case.symbol)


def _jit(case: Case, tensors: Sequence[Any], stream: int) -> Burst:
    return call_burst(_kernel(case)[(case.programs,)], [*tensors, *case.scalars])


def _compiled(case: Case, tensors: Sequence[Any], stream: int) -> Burst:
    given = [*tensors, *case.scalars]
    compiled = _kernel(case)[(case.programs,)](*given)
    block = [1024] * (case.symbol == "arguments_5")  # a constexpr that has a default
    return call_burst(compiled[(case.programs, 1, 1)], [*given, *block])


def _cupy(case: Case, tensors: Sequence[Any], stream: int) -> Burst:
    import cupy
    import numpy

    module = cupy.RawModule(path=str(cubin_wrapper.image_file(case)))
    function = module.get_function(case.image["symbol"])
    arrays = [cupy.from_dlpack(tensor) for tensor in tensors]
    scalars = [numpy.int32(n) for n in case.scalars[: case.ints]]
    scalars += [numpy.float32(n) for n in case.scalars[case.ints : case.ints + case.floats]]
    given = (*arrays, *scalars, numpy.uint64(0), numpy.uint64(0))
    grid, block = (case.programs,), (32 * case.image["num_warps"],)
    call = burst_of(lambda: function(grid, block, given))

    def burst(count: int) -> float:
        with cupy.cuda.ExternalStream(stream):
            return call(count)

    return burst


def _cuda_core(case: Case, tensors: Sequence[Any], stream: int) -> Burst:
    from cuda.core import Device, LaunchConfig, ObjectCode, Stream, launch

    Device(tensors[0].device.index if tensors else 0).set_current()
    kernel = ObjectCode.from_cubin(case.content).get_kernel(case.image["symbol"])
    config = LaunchConfig(grid=case.programs, block=32 * case.image["num_warps"], shmem_size=0)
    scalars = [ctypes.c_int32(n) for n in case.scalars[: case.ints]]
    scalars += [ctypes.c_float(n) for n in case.scalars[case.ints : case.ints + case.floats]]
    given = [tensor.data_ptr() for tensor in tensors] + scalars + [0, 0]
    return call_burst(launch, [Stream.from_handle(stream), config, kernel, *given])


def _torch(case: Case, tensors: Sequence[Any], stream: int) -> Burst:
    import torch

    x, y, out = tensors
    return burst_of(lambda: torch.add(x, y, alpha=ALPHA, out=out))


def _cubin_launcher(case: Case, tensors: Sequence[Any], stream: int) -> Burst:
    if not tensors:
        raise ValueError("it takes its stream from a tensor, and there is none")
    return call_burst(cubin_wrapper.function(case), [*tensors, *case.scalars])


TORCH = "torch.add(out=)"
MAKERS: dict[str, Maker] = {
    JIT: _jit,
    "Triton, CompiledKernel[grid]": _compiled,
    "CuPy, RawModule": _cupy,
    "cuda.core, launch": _cuda_core,
    "tvm-ffi, cubin_launcher in C++": _cubin_launcher,
    TORCH: _torch,
}
