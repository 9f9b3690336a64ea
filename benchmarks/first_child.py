"""A fresh process that adds two vectors: `python first_child.py HOW START`, for `first_result`.

Prints the nanoseconds at which each stage ended, on the clock of START. Whatever a way does not
need is not imported: neither this package nor, in ways without torch, what could find torch.
"""

from __future__ import annotations

import sys
import time
from typing import Any

ELEMENTS = 4096
EXPECTED = [3.0 * number for number in range(ELEMENTS)]
marks = {"python": time.monotonic_ns()}


def mark(stage: str) -> None:
    marks[stage] = time.monotonic_ns()


class Driver:
    """A context and three vectors, by the driver's own calls."""

    def __init__(self) -> None:
        import ctypes

        self.types, self.cuda = ctypes, ctypes.CDLL("libcuda.so.1")
        context = ctypes.c_void_p()
        self.call("cuInit", 0)
        self.call("cuDevicePrimaryCtxRetain", ctypes.byref(context), 0)
        self.call("cuCtxSetCurrent", context)
        mark("driver")

    def call(self, name: str, *arguments: Any) -> None:
        result = getattr(self.cuda, name)(*arguments)
        if result != 0:
            raise RuntimeError(f"{name} failed with CUresult {result}")

    def vector(self, factor: float) -> int:
        address = self.types.c_uint64()
        numbers = (self.types.c_float * ELEMENTS)(*(factor * i for i in range(ELEMENTS)))
        self.call("cuMemAlloc_v2", self.types.byref(address), self.types.c_size_t(4 * ELEMENTS))
        self.call("cuMemcpyHtoD_v2", address, numbers, self.types.c_size_t(4 * ELEMENTS))
        return int(address.value)

    def read(self, address: int) -> list[float]:
        numbers = (self.types.c_float * ELEMENTS)()
        size = self.types.c_size_t(4 * ELEMENTS)
        self.call("cuMemcpyDtoH_v2", numbers, self.types.c_uint64(address), size)
        return list(numbers)

    def launch(self, file: str, symbol: str, addresses: list[int], grid: int, block: int) -> None:
        """As the wrapper does it, without a check: load a cubin, find its kernel, launch it."""
        types, by = self.types, self.types.byref
        with open(file, "rb") as opened:
            image = opened.read()
        library, kernel, function = types.c_void_p(), types.c_void_p(), types.c_void_p()
        self.call("cuLibraryLoadData", by(library), image, None, None, 0, None, None, 0)
        self.call("cuLibraryGetKernel", by(kernel), library, symbol.encode())
        self.call("cuKernelGetFunction", by(function), kernel)
        mark("launcher")
        values = [*map(types.c_uint64, addresses), types.c_int32(ELEMENTS)]
        values += [types.c_uint64(0), types.c_uint64(0)]
        packed = (types.c_void_p * len(values))(*map(types.addressof, values))
        sizes = [types.c_uint(n) for n in (grid, 1, 1, block, 1, 1, 0)]
        self.call("cuLaunchKernel", kernel, *sizes, None, packed, None)
        mark("call")


def without_torch(how: str, image: list[str]) -> None:
    import tvm_ffi  # noqa: F401

    mark("tvm_ffi")
    if how == "tvm_ffi":
        return
    driver = Driver()
    x, y, out = driver.vector(1.0), driver.vector(2.0), driver.vector(0.0)
    mark("inputs")
    if how == "driver":
        file, symbol, block = image
        driver.launch(file, symbol, [x, y, out], ELEMENTS // 1024, int(block))
    else:
        from generated.basics.vector_add import vector_add

        mark("launcher")
        vector_add(x, y, out, ELEMENTS, stream=0)
        mark("call")
    driver.call("cuCtxSynchronize")
    assert driver.read(out) == EXPECTED
    mark("result")


def with_torch(how: str) -> None:
    import torch

    mark("torch")
    if how == "torch_generated":
        import tvm_ffi  # noqa: F401

        mark("tvm_ffi")
    torch.cuda.init()
    mark("driver")
    x = torch.arange(ELEMENTS, device="cuda", dtype=torch.float32)
    y, out = 2 * x, torch.zeros_like(x)
    torch.cuda.synchronize()
    mark("inputs")
    if how == "torch_generated":
        from generated.basics.vector_add import vector_add

        mark("launcher")
        vector_add(x, y, out)
    elif how == "torch_add":
        mark("launcher")
        torch.add(x, y, out=out)
    else:
        kernel = jit_kernel()
        mark("launcher")
        kernel[(ELEMENTS // 1024,)](x, y, out, ELEMENTS)
    mark("call")
    torch.cuda.synchronize()
    assert out.tolist() == EXPECTED
    mark("result")


def jit_kernel() -> Any:
    """The kernel that the wrapper is made of, without its declaration, which the JIT needs not."""
    from types import ModuleType

    module: Any = ModuleType("codegen.export")
    module.export = lambda *_, **__: lambda kernel: kernel
    sys.modules |= {"codegen": ModuleType("codegen"), "codegen.export": module}
    from kernels.basics.vector_add import vector_add

    return vector_add


if __name__ == "__main__":
    if len(sys.argv) < 3:  # not by argparse, whose import would be measured
        print(f"usage: python first_child.py HOW START\n\n{__doc__}")
        sys.exit(0 if sys.argv[1:] in (["-h"], ["--help"]) else 2)
    start = int(sys.argv[2])
    if sys.argv[1] in ("tvm_ffi", "driver", "generated"):
        without_torch(sys.argv[1], sys.argv[3:])
    else:
        with_torch(sys.argv[1])
    print(" ".join(f"{stage}={at - start}" for stage, at in marks.items()))
