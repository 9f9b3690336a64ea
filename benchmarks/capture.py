"""Which launches a burst has made: the driver's own account of a captured stream."""

from __future__ import annotations

import ctypes
from collections.abc import Callable

RELAXED, KERNEL = 2, 0


Shape = tuple[int, ...]
"""Of a launch: the grid, the block, bytes of dynamic shared memory."""


def captured_kernels(stream: int, run: Callable[[], object]) -> int:
    """How many kernels `run` puts on a stream, which must not be the legacy default one."""
    return len(_captured(stream, run))


def captured_shapes(run: Callable[[], object]) -> list[Shape]:
    """The launches that `run` puts on torch's current stream, which is one that can be captured."""
    import torch

    with torch.cuda.stream(torch.cuda.Stream()):
        return _captured(torch.cuda.current_stream().cuda_stream, run)


def _captured(stream: int, run: Callable[[], object]) -> list[Shape]:
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
    shapes = [_shape(cuda, ctypes.c_void_p(node)) for node in nodes if _is_kernel(cuda, node)]
    _check(cuda.cuGraphDestroy(graph), "cuGraphDestroy")
    return shapes


def _is_kernel(cuda: ctypes.CDLL, node: int) -> bool:
    kind = ctypes.c_int()
    _check(cuda.cuGraphNodeGetType(ctypes.c_void_p(node), ctypes.byref(kind)), "a node's type")
    return kind.value == KERNEL


def _shape(cuda: ctypes.CDLL, node: ctypes.c_void_p) -> Shape:
    parameters = (ctypes.c_uint32 * 32)()  # room for any version of CUDA_KERNEL_NODE_PARAMS
    _check(cuda.cuGraphKernelNodeGetParams_v2(node, parameters), "a node's parameters")
    return tuple(parameters[2:9])  # behind the function


def _check(result: int, call: str) -> None:
    if result != 0:
        raise RuntimeError(f"{call} failed with CUresult {result}")
