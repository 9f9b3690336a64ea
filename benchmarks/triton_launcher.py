"""Triton's own launcher, given a cubin that Triton did not compile in this process."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import torch

MAX_DYNAMIC_SHARED = 8


def launch_of(
    image: Mapping[str, Any],
    content: bytes,
    types: Sequence[str],
    arguments: Sequence[Any],
    grid: tuple[int, int, int],
    *,
    is_loaded_plainly: bool = False,
) -> Callable[[], None]:
    """What JITFunction.run ends in: the launcher that Triton makes for these types of parameters.

    `image` is what the manifest says of the cubin. For kernels without scratch memory. Triton loads
    a cubin of more than 48 KiB of shared memory with a preference for shared memory over the first
    cache; loaded plainly, the driver decides, as it does for a wrapper.
    """
    from triton.backends.nvidia.driver import CudaLauncher
    from triton.runtime import driver

    source = SimpleNamespace(constants={}, signature=dict(enumerate(types)))
    metadata = SimpleNamespace(
        num_ctas=image["num_ctas"],
        tensordesc_meta=None,
        global_scratch_size=image["scratch"],
        global_scratch_align=1,
        profile_scratch_size=0,
        profile_scratch_align=1,
        launch_cooperative_grid=image["cooperative"],
        launch_pdl=image["launch_pdl"],
    )
    launcher = CudaLauncher(source, metadata)
    device = torch.cuda.current_device()
    load = _load if is_loaded_plainly else driver.active.utils.load_binary
    _, function, *_ = load(image["symbol"], content, image["shared"], device)
    packed = (image["num_warps"], image["num_ctas"], image["shared"])
    nothing = (None, None, None)  # metadata and hooks of a launch

    def launch() -> None:
        stream = torch.cuda.current_stream(device).cuda_stream
        launcher(*grid, stream, function, packed, *nothing, *arguments)

    return launch


def _load(symbol: str, content: bytes, shared: int, device: int) -> tuple[int, int]:
    """Module and function, in the context of torch's current device."""
    cuda = ctypes.CDLL("libcuda.so.1")
    module, function = ctypes.c_void_p(), ctypes.c_void_p()
    calls = [
        ("cuModuleLoadData", ctypes.byref(module), content),
        ("cuModuleGetFunction", ctypes.byref(function), module, symbol.encode()),
        ("cuFuncSetAttribute", function, MAX_DYNAMIC_SHARED, shared),
    ]
    for name, *given in calls:
        result = getattr(cuda, name)(*given)
        assert result == 0, f"{name} failed with CUresult {result}"
    return module.value or 0, function.value or 0
