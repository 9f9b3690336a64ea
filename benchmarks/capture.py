"""Which launches a burst has made: the driver's own account of a captured stream."""

from __future__ import annotations

import ctypes
from collections.abc import Callable

RELAXED, KERNEL = 2, 0


def captured_kernels(stream: int, run: Callable[[], object]) -> int:
    """How many kernels `run` puts on a stream, which must not be the legacy default one."""
    cuda = ctypes.CDLL("libcuda.so.1")
    handle, graph, count = ctypes.c_void_p(stream), ctypes.c_void_p(), ctypes.c_size_t()
    _check(cuda.cuStreamBeginCapture_v2(handle, RELAXED), "cuStreamBeginCapture")
    try:
        run()
    finally:
        ended = cuda.cuStreamEndCapture(handle, ctypes.byref(graph))
    _check(ended, "cuStreamEndCapture")
    _check(cuda.cuGraphGetNodes(graph, None, ctypes.byref(count)), "cuGraphGetNodes")
    nodes = (ctypes.c_void_p * count.value)()
    _check(cuda.cuGraphGetNodes(graph, nodes, ctypes.byref(count)), "cuGraphGetNodes")
    kinds = [ctypes.c_int() for _ in nodes]
    for node, kind in zip(nodes, kinds, strict=True):
        _check(cuda.cuGraphNodeGetType(ctypes.c_void_p(node), ctypes.byref(kind)), "a node's type")
    _check(cuda.cuGraphDestroy(graph), "cuGraphDestroy")
    return sum(kind.value == KERNEL for kind in kinds)


def _check(result: int, call: str) -> None:
    if result != 0:
        raise RuntimeError(f"{call} failed with CUresult {result}")
